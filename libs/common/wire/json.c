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

struct checking {
	struct arena *arena;
	/* Without an escape no string holds a NUL: a bare one is no JSON. */
	bool escapes;
	struct reason *reterr;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define FEW_KEYS 24

/* The one of `n` keys that stands twice; NULL: none does. */
static const char *twice_of_few(yyjson_val *const *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (yyjson_get_len(keys[i]) ==
					yyjson_get_len(keys[j]) &&
				memcmp(yyjson_get_str(keys[i]),
					yyjson_get_str(keys[j]),
					yyjson_get_len(keys[i])) == 0)
				return yyjson_get_str(keys[i]);
	return NULL;
}

/* Sorts copies of the keys: linear in memory, n log n in time, so that an
 * object of a hundred thousand keys is no way to stall us. */
static const char *twice_of_many(struct arena *arena, yyjson_val *object)
{
	const char **keys =
		arena_array(arena, yyjson_obj_size(object), sizeof(*keys));
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	yyjson_val *key;
	size_t n = 0;

	while ((key = yyjson_obj_iter_next(&iter)))
		keys[n++] = yyjson_get_str(key);
	qsort(keys, n, sizeof(*keys), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return keys[i];
	return NULL;
}

static enum status refuse_duplicates(
	const struct checking *in, yyjson_val *object, const struct path *path)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	struct path member = {path, NULL, 0};
	yyjson_val *keys[FEW_KEYS];
	size_t n = 0;

	if (yyjson_obj_size(object) > FEW_KEYS)
		member.key = twice_of_many(in->arena, object);
	else {
		while ((keys[n] = yyjson_obj_iter_next(&iter)))
			if (++n == FEW_KEYS)
				break;
		member.key = twice_of_few(keys, n);
	}
	if (!member.key)
		return OK;
	return refuse(&member, in->reterr, "key stands twice");
}

static enum status check_text(
	const struct checking *in, yyjson_val *value, const struct path *path)
{
	if (in->escapes &&
		strlen(yyjson_get_str(value)) != yyjson_get_len(value))
		return refuse(path, in->reterr, "string holds a NUL");
	return OK;
}

static enum status check(const struct checking *in, yyjson_val *value,
	const struct path *path, unsigned depth);

static enum status check_object(const struct checking *in, yyjson_val *object,
	const struct path *path, unsigned depth)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	enum status status;
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		struct path member = {path, yyjson_get_str(key), 0};

		status = check_text(in, key, &member);
		if (status == OK)
			status = check(in, yyjson_obj_iter_get_val(key),
				&member, depth + 1);
		if (status != OK)
			return status;
	}
	return refuse_duplicates(in, object, path);
}

static enum status check_array(const struct checking *in, yyjson_val *array,
	const struct path *path, unsigned depth)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(array);
	enum status status;
	yyjson_val *item;
	size_t i = 0;

	while ((item = yyjson_arr_iter_next(&iter))) {
		struct path at = {path, NULL, i++};

		status = check(in, item, &at, depth + 1);
		if (status != OK)
			return status;
	}
	return OK;
}

static enum status check(const struct checking *in, yyjson_val *value,
	const struct path *path, unsigned depth)
{
	if (depth > JSON_DEPTH_MAX)
		return refuse(path, in->reterr, "nested deeper than 64 levels");
	if (yyjson_is_obj(value))
		return check_object(in, value, path, depth);
	if (yyjson_is_arr(value))
		return check_array(in, value, path, depth);
	if (yyjson_is_str(value))
		return check_text(in, value, path);
	return OK;
}

static bool stands_more_often(
	const char *bytes, size_t size, char c, unsigned limit)
{
	const char *end = bytes + size;
	unsigned found = 0;

	while ((bytes = memchr(bytes, c, (size_t)(end - bytes))) &&
		found++ < limit)
		bytes++;
	return found > limit;
}

/*
 * The reader itself does not recurse, but it keeps every level; a cheap look
 * at the brackets first means that a body of a million of them costs nothing.
 */
static bool too_deep(const char *bytes, size_t size)
{
	unsigned depth = 0;
	bool text = false;

	if (!stands_more_often(bytes, size, '{', JSON_DEPTH_MAX / 2) &&
		!stands_more_often(bytes, size, '[', JSON_DEPTH_MAX / 2))
		return false;
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
	struct checking in = {.arena = arena, .reterr = reterr};
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
	in.escapes = memchr(bytes, '\\', size) != NULL;
	return check(&in, yyjson_doc_get_root(doc), NULL, 1);
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
