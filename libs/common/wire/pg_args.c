/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters in PostgreSQL's text form: scalars, and arrays under the escaping
 * rules of its array input (every element quoted, so that no text can be taken
 * for NULL, a brace or a comma).
 */
#include "wire/pg.h"

#include "base/bug.h"

#include <inttypes.h>

#define ARGS_MAX (sizeof(((struct pg_args *)NULL)->values) / sizeof(char *))

struct pg_array {
	struct arena *arena;
	char *text;
	size_t length, room, max;
	size_t count;
};

void pg_args_init(struct pg_args *args, struct arena *arena)
{
	MUST(args && arena);
	memset(args, 0, sizeof(*args));
	args->arena = arena;
}

void pg_text(struct pg_args *args, const char *text)
{
	MUST((size_t)args->count < ARGS_MAX);
	args->values[args->count++] = text;
}

void pg_integer(struct pg_args *args, int64_t number)
{
	pg_text(args, arena_printf(args->arena, "%" PRId64, number));
}

void pg_bool(struct pg_args *args, bool value)
{
	pg_text(args, value ? "t" : "f");
}

static void instant_text(instant at, char text[INSTANT_TEXT])
{
	if (at == INSTANT_NEVER)
		snprintf(text, INSTANT_TEXT, "infinity");
	else if (at == INT64_MIN)
		snprintf(text, INSTANT_TEXT, "-infinity");
	else
		instant_format(at, text);
}

void pg_instant(struct pg_args *args, instant at)
{
	char text[INSTANT_TEXT];

	instant_text(at, text);
	pg_text(args, arena_string(args->arena, text));
}

static char *hex_of(char *out, const void *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		*out++ = digits[byte[i] >> 4];
		*out++ = digits[byte[i] & 15];
	}
	return out;
}

void pg_bytea(struct pg_args *args, const void *bytes, size_t size)
{
	char *text;

	if (!bytes) {
		pg_text(args, NULL);
		return;
	}
	text = arena_alloc(args->arena, size * 2 + 3);
	text[0] = '\\';
	text[1] = 'x';
	*hex_of(text + 2, bytes, size) = '\0';
	pg_text(args, text);
}

struct pg_array *pg_array_new(struct arena *arena, size_t max_bytes)
{
	struct pg_array *array = arena_alloc(arena, sizeof(*array));

	MUST(max_bytes > 0);
	array->arena = arena;
	array->max = max_bytes;
	return array;
}

/* Room for `more` bytes, the closing brace and the NUL. */
static char *array_room(struct pg_array *array, size_t more)
{
	size_t want = array->length + more + 2;

	if (want > array->max + 3)
		BUG("array parameter over its %zu bytes", array->max);
	if (want > array->room) {
		size_t room = array->room ? array->room * 2 : 256;
		char *text =
			arena_alloc(array->arena, room < want ? want : room);

		if (array->length)
			memcpy(text, array->text, array->length);
		array->text = text;
		array->room = room < want ? want : room;
	}
	return array->text + array->length;
}

/* Opens an element of at most `size` bytes and returns where it goes. */
static char *array_element(struct pg_array *array, size_t size)
{
	char *out = array_room(array, size + 1);

	*out++ = array->count++ ? ',' : '{';
	return out;
}

static void array_end(struct pg_array *array, const char *out)
{
	array->length = (size_t)(out - array->text);
}

void pg_array_text(struct pg_array *array, const char *text)
{
	char *out;

	if (!text) {
		out = array_element(array, 4);
		memcpy(out, "NULL", 4);
		array_end(array, out + 4);
		return;
	}
	out = array_element(array, strlen(text) * 2 + 2);
	*out++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*out++ = '\\';
		*out++ = *text;
	}
	*out++ = '"';
	array_end(array, out);
}

void pg_array_integer(struct pg_array *array, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	pg_array_text(array, text);
}

void pg_array_instant(struct pg_array *array, instant at)
{
	char text[INSTANT_TEXT];

	instant_text(at, text);
	pg_array_text(array, text);
}

void pg_array_bool(struct pg_array *array, bool value)
{
	pg_array_text(array, value ? "t" : "f");
}

void pg_array_bytea(struct pg_array *array, const void *bytes, size_t size)
{
	char *out;

	if (!bytes) {
		pg_array_text(array, NULL);
		return;
	}
	out = array_element(array, size * 2 + 5);
	memcpy(out, "\"\\\\x", 4);
	out = hex_of(out + 4, bytes, size);
	*out++ = '"';
	array_end(array, out);
}

size_t pg_array_count(const struct pg_array *array)
{
	return array->count;
}

void pg_array_arg(struct pg_args *args, struct pg_array *array)
{
	char *out = array_room(array, 1);

	if (!array->count)
		*out++ = '{';
	*out++ = '}';
	*out = '\0';
	pg_text(args, array->text);
}
