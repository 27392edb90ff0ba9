/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading. A struct json is a yyjson_val under our name: the cast is the whole
 * translation. Making lives in json_make.c.
 */
#include "wire/json.h"

#include "base/bug.h"
#include "wire/json_value.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void *arena_malloc(void *context, size_t size)
{
	return arena_alloc(context, size);
}

static void *arena_realloc(
	void *context, void *old, size_t old_size, size_t size)
{
	void *new = arena_alloc(context, size);

	memcpy(new, old, old_size < size ? old_size : size);
	return new;
}

static void arena_no_free(void *context, void *old)
{
	(void)context;
	(void)old;
}

struct yyjson_alc json_arena_allocator(struct arena *arena)
{
	return (struct yyjson_alc){
		arena_malloc, arena_realloc, arena_no_free, arena};
}

/* Where a value is, from the root, for messages only. */
struct path {
	const struct path *outer;
	const char *key; /* NULL: an array item */
	size_t index;
};

static void print_path(const struct path *path, char *text, size_t size)
{
	size_t n;

	if (!path) {
		snprintf(text, size, "$");
		return;
	}
	print_path(path->outer, text, size);
	n = strlen(text);
	if (path->key)
		snprintf(text + n, size - n, ".%s", path->key);
	else
		snprintf(text + n, size - n, "[%zu]", path->index);
}

static enum status refuse(
	const struct path *path, struct reason *reterr, const char *sentence)
{
	char text[180];

	print_path(path, text, sizeof(text));
	reason_set(reterr, text, "%s", sentence);
	return REJECT;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts copies of the keys: linear in memory, n log n in time, so that an
 * object of a hundred thousand keys is no way to stall us. */
static enum status refuse_duplicates(struct arena *arena, yyjson_val *object,
	const struct path *path, struct reason *reterr)
{
	size_t count = yyjson_obj_size(object);
	const char **keys = arena_array(arena, count, sizeof(*keys));
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	yyjson_val *key;
	size_t n = 0;

	while ((key = yyjson_obj_iter_next(&iter)))
		keys[n++] = yyjson_get_str(key);
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0) {
			struct path member = {path, keys[i], 0};

			return refuse(&member, reterr, "key stands twice");
		}
	return OK;
}

static enum status check_text(
	yyjson_val *value, const struct path *path, struct reason *reterr)
{
	if (strlen(yyjson_get_str(value)) != yyjson_get_len(value))
		return refuse(path, reterr, "string holds a NUL");
	return OK;
}

static enum status check(struct arena *arena, yyjson_val *value,
	const struct path *path, unsigned depth, struct reason *reterr);

static enum status check_object(struct arena *arena, yyjson_val *object,
	const struct path *path, unsigned depth, struct reason *reterr)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	enum status status;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		struct path member = {path, yyjson_get_str(key), 0};

		status = check_text(key, &member, reterr);
		if (status == OK)
			status = check(arena, yyjson_obj_iter_get_val(key),
				&member, depth + 1, reterr);
		if (status != OK)
			return status;
	}
	return refuse_duplicates(arena, object, path, reterr);
}

static enum status check_array(struct arena *arena, yyjson_val *array,
	const struct path *path, unsigned depth, struct reason *reterr)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(array);
	enum status status;
	yyjson_val *item;
	size_t i = 0;

	while ((item = yyjson_arr_iter_next(&iter))) {
		struct path at = {path, NULL, i++};

		status = check(arena, item, &at, depth + 1, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

static enum status check(struct arena *arena, yyjson_val *value,
	const struct path *path, unsigned depth, struct reason *reterr)
{
	if (depth > JSON_DEPTH_MAX)
		return refuse(path, reterr, "nested deeper than 64 levels");
	if (yyjson_is_obj(value))
		return check_object(arena, value, path, depth, reterr);
	if (yyjson_is_arr(value))
		return check_array(arena, value, path, depth, reterr);
	if (yyjson_is_str(value))
		return check_text(value, path, reterr);
	return OK;
}

/*
 * The reader itself does not recurse, but it keeps every level; a cheap look
 * at the brackets first means that a body of a million of them costs nothing.
 */
static bool too_deep(const char *bytes, size_t size)
{
	unsigned depth = 0;
	bool text = false;

	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];

		if (text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				text = false;
		} else if (c == '"') {
			text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

enum status json_read(struct arena *arena, const char *bytes, size_t size,
	const struct json **ret, struct reason *reterr)
{
	yyjson_alc allocator = json_arena_allocator(arena);
	yyjson_read_err error;
	yyjson_doc *doc;
	char place[40];

	if (size == 0) {
		reason_set(reterr, "byte 0", "the document is empty");
		return REJECT;
	}
	if (too_deep(bytes, size))
		return refuse(NULL, reterr, "nested deeper than 64 levels");
	/* Not insitu: the flag is what promises that the bytes stay as they
	 * are, and the cast is the library's missing const. */
	doc = yyjson_read_opts((char *)(uintptr_t)bytes, size,
		YYJSON_READ_BIGNUM_AS_RAW, &allocator, &error);
	if (!doc) {
		snprintf(place, sizeof(place), "byte %zu", error.pos);
		reason_set(reterr, place, "no JSON: %s", error.msg);
		return REJECT;
	}
	*ret = (const struct json *)yyjson_doc_get_root(doc);
	return check(arena, yyjson_doc_get_root(doc), NULL, 1, reterr);
}

const struct json *json_get(const struct json *object, const char *key)
{
	return (const struct json *)yyjson_obj_get(json_value(object), key);
}

const struct json *json_path(const struct json *value, const char *path)
{
	while (value && *path) {
		size_t n = strcspn(path, ".");
		yyjson_val *at = json_value(value);

		if (yyjson_is_arr(at)) {
			size_t i = 0;

			if (n == 0 || strspn(path, "0123456789") < n || n > 9)
				return NULL;
			for (size_t k = 0; k < n; k++)
				i = i * 10 + (size_t)(path[k] - '0');
			at = yyjson_arr_get(at, i);
		} else {
			at = yyjson_obj_getn(at, path, n);
		}
		value = (const struct json *)at;
		path += n;
		if (*path == '.')
			path++;
	}
	return value;
}

const char *json_text(const struct json *value)
{
	return yyjson_get_str(json_value(value));
}

size_t json_text_length(const struct json *value)
{
	return json_text(value) ? yyjson_get_len(json_value(value)) : 0;
}

const char *json_text_at(
	const struct json *value, const char *path, const char *otherwise)
{
	const char *text = json_text(json_path(value, path));

	return text ? text : otherwise;
}

bool json_is_object(const struct json *value)
{
	return yyjson_is_obj(json_value(value));
}

bool json_is_array(const struct json *value)
{
	return yyjson_is_arr(json_value(value));
}

bool json_is_null(const struct json *value)
{
	return yyjson_is_null(json_value(value));
}

bool json_is_number(const struct json *value)
{
	return yyjson_is_num(json_value(value)) ||
	       yyjson_is_raw(json_value(value));
}

bool json_is_bool(const struct json *value)
{
	return yyjson_is_bool(json_value(value));
}

bool json_true(const struct json *value)
{
	return yyjson_is_true(json_value(value));
}

bool json_integer(const struct json *value, int64_t *ret)
{
	yyjson_val *number = json_value(value);

	if (yyjson_is_sint(number)) {
		*ret = yyjson_get_sint(number);
		return true;
	}
	if (yyjson_is_uint(number) && yyjson_get_uint(number) <= INT64_MAX) {
		*ret = (int64_t)yyjson_get_uint(number);
		return true;
	}
	/* 3.0 is an integer to most senders; 2^53 is where doubles stop. */
	if (yyjson_is_real(number)) {
		double real = yyjson_get_real(number);

		if (fabs(real) <= 9007199254740992.0 && floor(real) == real) {
			*ret = (int64_t)real;
			return true;
		}
	}
	return false;
}

bool json_double(const struct json *value, double *ret)
{
	if (!yyjson_is_num(json_value(value)))
		return false;
	*ret = yyjson_get_num(json_value(value));
	return true;
}

size_t json_count(const struct json *value)
{
	yyjson_val *container = json_value(value);

	return yyjson_is_arr(container) ? yyjson_arr_size(container)
					: yyjson_obj_size(container);
}

const char *json_type(const struct json *value)
{
	yyjson_val *at = json_value(value);

	if (!at)
		return "absent";
	if (yyjson_is_bool(at))
		return yyjson_is_true(at) ? "true" : "false";
	if (yyjson_is_raw(at) || yyjson_is_num(at))
		return "number";
	return yyjson_get_type_desc(at);
}

bool json_next(const struct json *container, struct json_walk *walk)
{
	yyjson_val *outer = json_value(container);
	yyjson_val *at = walk->cursor;

	if (!yyjson_is_ctn(outer) || walk->next >= json_count(container))
		return false;
	at = at ? unsafe_yyjson_get_next(at) : unsafe_yyjson_get_first(outer);
	if (yyjson_is_obj(outer)) {
		walk->key = yyjson_get_str(at);
		at = at + 1;
	}
	walk->cursor = at;
	walk->value = (const struct json *)at;
	walk->index = walk->next++;
	return true;
}

const char *json_rewrite(
	struct arena *arena, const struct json *value, size_t *ret_length)
{
	yyjson_alc allocator = json_arena_allocator(arena);
	char *text = yyjson_val_write_opts(json_value(value),
		YYJSON_WRITE_NOFLAG, &allocator, ret_length, NULL);

	MUST(text);
	return text;
}
