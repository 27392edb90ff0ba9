/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON over yyjson: bytes from outside are read, bytes to outside are made.
 * Reading is strict where parsers differ (RFC 8259 leaves it open): duplicate
 * keys, invalid UTF-8, lone surrogates, NUL in a string and nesting over the
 * limit are refused, because a signed document must mean one thing.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stdint.h>

struct json;       /* a value that was read; owned by its arena */
struct json_maker; /* makes one document; owned by its arena */
struct json_node;  /* a value that is being made; owned by its maker */

#define JSON_DEPTH_MAX 64

/*
 * Reads one document. REJECT with the byte offset as place ("byte 17"), or the
 * JSON path of a duplicate key. The bytes are copied: they may go away.
 * A number that fits no 64-bit type keeps its digits when it is copied.
 */
enum status json_read(struct arena *arena, const char *bytes, size_t size,
	const struct json **ret, struct reason *reterr) MUST_CHECK;

/* All accept NULL and answer NULL, 0 or false for it or for another type. */
const struct json *json_get(const struct json *object, const char *key);
/* Dotted keys and array indices: "status.sync.revision", "items.0.name". */
const struct json *json_path(const struct json *value, const char *path);
const char *json_text(const struct json *value); /* string, else NULL */
size_t json_text_length(const struct json *value);
/* Never NULL: `otherwise` where there is no string at the path. */
const char *json_text_at(
	const struct json *value, const char *path, const char *otherwise);
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_null(const struct json *value); /* a null that is there */
bool json_is_number(const struct json *value);
bool json_is_bool(const struct json *value);
bool json_true(const struct json *value);
/* False where it is no integer that an int64 holds exactly. */
bool json_integer(const struct json *value, int64_t *ret);
bool json_double(const struct json *value, double *ret);
/* Items of an array or members of an object. */
size_t json_count(const struct json *value);
/* "object", "array", "string", "number", "true", "false", "null", "absent". */
const char *json_type(const struct json *value);

/* Walks an array (key stays NULL) or an object. Zero it to begin. */
struct json_walk {
	const char *key;
	const struct json *value;
	size_t index; /* of the current item */
	void *cursor;
	size_t next;
};
bool json_next(const struct json *container, struct json_walk *walk);
#define JSON_EACH(container, walk)                                             \
	for (struct json_walk walk = {0}; json_next((container), &walk);)

struct json_maker *json_maker_new(struct arena *arena);
struct json_node *json_object(struct json_maker *maker);
struct json_node *json_array(struct json_maker *maker);
/* Text is copied; NULL text sets nothing. Invalid UTF-8 becomes U+FFFD. */
void json_set_text(struct json_maker *maker, struct json_node *object,
	const char *key, const char *text);
void json_set_bytes(struct json_maker *maker, struct json_node *object,
	const char *key, const char *text, size_t length);
void json_set_integer(struct json_maker *maker, struct json_node *object,
	const char *key, int64_t number);
void json_set_double(struct json_maker *maker, struct json_node *object,
	const char *key, double number);
void json_set_bool(struct json_maker *maker, struct json_node *object,
	const char *key, bool value);
void json_set_null(
	struct json_maker *maker, struct json_node *object, const char *key);
/* RFC 3339; INSTANT_NEVER sets nothing. */
void json_set_instant(struct json_maker *maker, struct json_node *object,
	const char *key, int64_t at);
void json_set_node(struct json_maker *maker, struct json_node *object,
	const char *key, struct json_node *value);
/* A deep copy of something that was read; NULL sets nothing. */
void json_set_copy(struct json_maker *maker, struct json_node *object,
	const char *key, const struct json *value);
void json_add_text(
	struct json_maker *maker, struct json_node *array, const char *text);
void json_add_integer(
	struct json_maker *maker, struct json_node *array, int64_t number);
void json_add_node(struct json_maker *maker, struct json_node *array,
	struct json_node *value);
void json_add_copy(struct json_maker *maker, struct json_node *array,
	const struct json *value);
size_t json_node_count(const struct json_node *container);

/* Compact, members in the order they were set; NUL-terminated, in the arena. */
const char *json_write(struct json_maker *maker, const struct json_node *root,
	size_t *ret_length);
/* For people: indented by two. */
const char *json_write_pretty(struct json_maker *maker,
	const struct json_node *root, size_t *ret_length);
/* A value that was read, compact. */
const char *json_rewrite(
	struct arena *arena, const struct json *value, size_t *ret_length);
