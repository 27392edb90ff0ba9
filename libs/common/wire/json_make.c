/* SPDX-License-Identifier: Apache-2.0 */
/* Making: struct json_node is a yyjson_mut_val under our name. */
#include "wire/json.h"

#include "base/bug.h"
#include "base/clock.h"
#include "wire/json_value.h"

#include <string.h>

struct json_maker {
	yyjson_mut_doc *doc;
	struct arena *arena;
};

struct json_maker *json_maker_new(struct arena *arena)
{
	struct json_maker *maker = arena_alloc(arena, sizeof(*maker));
	yyjson_alc *allocator = arena_alloc(arena, sizeof(*allocator));

	*allocator = json_arena_allocator(arena);
	maker->arena = arena;
	maker->doc = yyjson_mut_doc_new(allocator);
	MUST(maker->doc);
	return maker;
}

static struct json_node *node_of(yyjson_mut_val *value)
{
	MUST(value);
	return (struct json_node *)value;
}

struct json_node *json_object(struct json_maker *maker)
{
	return node_of(yyjson_mut_obj(maker->doc));
}

struct json_node *json_array(struct json_maker *maker)
{
	return node_of(yyjson_mut_arr(maker->doc));
}

/* Length of the valid UTF-8 sequence at `at`, 0 where there is none. */
static size_t sequence(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		size_t length;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80},
		{0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

	for (size_t f = 0; f < 4; f++) {
		uint32_t code = at[0] & (unsigned char)~forms[f].mask;

		if ((at[0] & forms[f].mask) != forms[f].lead)
			continue;
		if (forms[f].length > left)
			return 0;
		for (size_t i = 1; i < forms[f].length; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (at[i] & 0x3f);
		}
		if (code < forms[f].least || code > 0x10ffff ||
			(code >= 0xd800 && code <= 0xdfff))
			return 0;
		return forms[f].length;
	}
	return 0;
}

static yyjson_mut_val *text_value(
	struct json_maker *maker, const char *text, size_t length)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t bad = 0;
	size_t n = 0;
	char *clean;

	for (size_t i = 0; i < length;) {
		size_t step = sequence(in + i, length - i);

		bad += step == 0;
		i += step ? step : 1;
	}
	clean = arena_alloc(maker->arena, length + 2 * bad + 1);
	for (size_t i = 0; i < length;) {
		size_t step = sequence(in + i, length - i);

		memcpy(clean + n, step ? text + i : "\xef\xbf\xbd",
			step ? step : 3);
		n += step ? step : 3;
		i += step ? step : 1;
	}
	return yyjson_mut_strn(maker->doc, clean, n);
}

static void set(struct json_maker *maker, struct json_node *object,
	const char *key, yyjson_mut_val *value)
{
	yyjson_mut_val *name = yyjson_mut_strcpy(maker->doc, key);

	MUST(value && name &&
		yyjson_mut_obj_add(json_mut(object), name, value));
}

void json_set_text(struct json_maker *maker, struct json_node *object,
	const char *key, const char *text)
{
	if (text)
		json_set_bytes(maker, object, key, text, strlen(text));
}

void json_set_bytes(struct json_maker *maker, struct json_node *object,
	const char *key, const char *text, size_t length)
{
	set(maker, object, key, text_value(maker, text, length));
}

void json_set_integer(struct json_maker *maker, struct json_node *object,
	const char *key, int64_t number)
{
	set(maker, object, key, yyjson_mut_sint(maker->doc, number));
}

void json_set_double(struct json_maker *maker, struct json_node *object,
	const char *key, double number)
{
	set(maker, object, key, yyjson_mut_real(maker->doc, number));
}

void json_set_bool(struct json_maker *maker, struct json_node *object,
	const char *key, bool value)
{
	set(maker, object, key, yyjson_mut_bool(maker->doc, value));
}

void json_set_null(
	struct json_maker *maker, struct json_node *object, const char *key)
{
	set(maker, object, key, yyjson_mut_null(maker->doc));
}

void json_set_instant(struct json_maker *maker, struct json_node *object,
	const char *key, int64_t at)
{
	char text[INSTANT_TEXT];

	if (at == INSTANT_NEVER)
		return;
	instant_format(at, text);
	json_set_text(maker, object, key, text);
}

void json_set_node(struct json_maker *maker, struct json_node *object,
	const char *key, struct json_node *value)
{
	set(maker, object, key, json_mut(value));
}

void json_set_copy(struct json_maker *maker, struct json_node *object,
	const char *key, const struct json *value)
{
	if (value)
		set(maker, object, key,
			yyjson_val_mut_copy(maker->doc, json_value(value)));
}

static void add(struct json_node *array, yyjson_mut_val *value)
{
	MUST(value && yyjson_mut_arr_append(json_mut(array), value));
}

void json_add_text(
	struct json_maker *maker, struct json_node *array, const char *text)
{
	add(array, text_value(maker, text, strlen(text)));
}

void json_add_integer(
	struct json_maker *maker, struct json_node *array, int64_t number)
{
	add(array, yyjson_mut_sint(maker->doc, number));
}

void json_add_node(struct json_maker *maker, struct json_node *array,
	struct json_node *value)
{
	(void)maker;
	add(array, json_mut(value));
}

void json_add_copy(struct json_maker *maker, struct json_node *array,
	const struct json *value)
{
	add(array, yyjson_val_mut_copy(maker->doc, json_value(value)));
}

size_t json_node_count(const struct json_node *container)
{
	yyjson_mut_val *at = json_mut(container);

	return yyjson_mut_is_arr(at) ? yyjson_mut_arr_size(at)
				     : yyjson_mut_obj_size(at);
}

static const char *write_as(struct json_maker *maker,
	const struct json_node *root, yyjson_write_flag flag,
	size_t *ret_length)
{
	yyjson_alc allocator = json_arena_allocator(maker->arena);
	char *text = yyjson_mut_val_write_opts(
		json_mut(root), flag, &allocator, ret_length, NULL);

	MUST(text);
	return text;
}

const char *json_write(struct json_maker *maker, const struct json_node *root,
	size_t *ret_length)
{
	return write_as(maker, root, YYJSON_WRITE_NOFLAG, ret_length);
}

const char *json_write_pretty(struct json_maker *maker,
	const struct json_node *root, size_t *ret_length)
{
	return write_as(
		maker, root, YYJSON_WRITE_PRETTY_TWO_SPACES, ret_length);
}
