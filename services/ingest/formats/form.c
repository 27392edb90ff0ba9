/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/form.h"

#include "wire/crypto.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum status refuse(
	struct reason *reterr, size_t at, const char *sentence)
{
	char place[40];

	snprintf(place, sizeof(place), "byte %zu", at);
	reason_set(reterr, place, "%s", sentence);
	return REJECT;
}

/* `first` is where the value begins in the body, for messages. */
static enum status decode(struct arena *arena, const char *text, size_t size,
	size_t first, const char **ret, size_t *ret_size, struct reason *reterr)
{
	char *out = arena_alloc(arena, size + 1);
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		uint8_t byte;

		if (text[i] == '+') {
			out[n++] = ' ';
		} else if (text[i] != '%') {
			out[n++] = text[i];
		} else {
			if (size - i < 3 ||
				!hex_decode(text + i + 1, 2, &byte, 1))
				return refuse(reterr, first + i,
					"an escape that is not two hex digits");
			out[n++] = (char)byte;
			i += 2;
		}
	}
	*ret = out;
	*ret_size = n;
	return OK;
}

enum status form_field(struct arena *arena, const char *body, size_t size,
	const char *name, const char **ret, size_t *ret_size,
	struct reason *reterr)
{
	size_t length = strlen(name);
	const char *value = NULL;
	size_t value_size = 0;

	for (size_t i = 0; i < size;) {
		const char *end = memchr(body + i, '&', size - i);
		size_t n = end ? (size_t)(end - body) - i : size - i;

		if (n > length && body[i + length] == '=' &&
			memcmp(body + i, name, length) == 0) {
			if (value)
				return refuse(reterr, i,
					"a field that was there already");
			value = body + i + length + 1;
			value_size = n - length - 1;
		}
		i += n + 1;
	}
	if (!value) {
		reason_set(
			reterr, "byte 0", "the form has no field \"%s\"", name);
		return REJECT;
	}
	return decode(arena, value, value_size, (size_t)(value - body), ret,
		ret_size, reterr);
}

enum status form_or_json(struct arena *arena, const char *content_type,
	const char *body, size_t size, const char *name,
	const struct json **ret, struct reason *reterr)
{
	static const char form[] = "application/x-www-form-urlencoded";
	enum status status;

	if (!content_type ||
		strncasecmp(content_type, form, sizeof(form) - 1) != 0)
		return json_read(arena, body, size, ret, reterr);
	status = form_field(arena, body, size, name, &body, &size, reterr);
	if (status != OK)
		return status;
	status = json_read(arena, body, size, ret, reterr);
	if (status != OK)
		reason_within(reterr, arena_printf(arena, "field %s", name));
	return status;
}
