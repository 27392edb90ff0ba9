/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include "base/strbuf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum status read_all(struct arena *arena, const char *path,
	struct input *ret, struct reason *reterr)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	struct strbuf text;
	char block[65536];
	size_t count;
	bool failed;

	if (!file) {
		reason_set(reterr, path, "cannot be read: %s", strerror(errno));
		return REJECT;
	}
	strbuf_init(&text, INPUT_MAX);
	while (!text.full && (count = fread(block, 1, sizeof(block), file)) > 0)
		strbuf_add(&text, block, count);
	failed = ferror(file) != 0;
	if (failed)
		reason_set(reterr, path, "cannot be read: %s", strerror(errno));
	else if (text.full)
		reason_set(reterr, path, "is larger than 64 MiB");
	ret->body = arena_copy(arena, text.text, text.length);
	ret->size = text.length;
	failed = failed || text.full;
	strbuf_release(&text);
	if (!standard)
		fclose(file);
	return failed ? REJECT : OK;
}

enum status input_header(struct arena *arena, struct input *input,
	const char *text, struct reason *reterr)
{
	const char *colon = strchr(text, ':');
	const char *value;
	size_t length;

	if (!colon || colon == text) {
		reason_set(reterr, NULL, "\"%s\" is no \"Name: value\"", text);
		return REJECT;
	}
	if (input->header_count == INPUT_HEADERS_MAX) {
		reason_set(reterr, NULL, "more than %d headers",
			INPUT_HEADERS_MAX);
		return REJECT;
	}
	value = colon + 1 + strspn(colon + 1, " \t");
	length = strlen(value);
	while (length && isspace((unsigned char)value[length - 1]))
		length--;
	input->headers[input->header_count++] = (struct kafka_header){
		.name = arena_copy(arena, text, (size_t)(colon - text)),
		.value = arena_copy(arena, value, length),
		.length = length};
	return OK;
}

/* Request line, headers, an empty line, and the rest is the body. */
static enum status split(struct arena *arena, const char *path,
	struct input *input, struct reason *reterr)
{
	const char *at = input->body;
	const char *end = at + input->size;

	for (unsigned line = 1;; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		char *text;
		size_t length;

		if (!stop) {
			reason_set(reterr, path,
				"line %u: a request has an "
				"empty line between head and body",
				line);
			return REJECT;
		}
		length = (size_t)(stop - at);
		if (length && at[length - 1] == '\r')
			length--;
		text = arena_copy(arena, at, length);
		at = stop + 1;
		if (length == 0 && line > 1)
			break;
		if (line > 1 &&
			input_header(arena, input, text, reterr) != OK) {
			reason_within(reterr, path);
			return REJECT;
		}
	}
	input->body = at;
	input->size = (size_t)(end - at);
	return OK;
}

enum status input_read(struct arena *arena, const char *path, struct input *ret,
	struct reason *reterr)
{
	size_t length = strlen(path);
	enum status status;

	memset(ret, 0, sizeof(*ret));
	status = read_all(arena, path, ret, reterr);
	if (status == OK && length > 5 &&
		strcmp(path + length - 5, ".http") == 0)
		status = split(arena, path, ret, reterr);
	return status;
}
