/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that people write: YAML 1.1 over libyaml (JSON is a subset), each node
 * knowing its line and column so that an error can say where. Aliases are
 * refused, so are duplicate keys; scalars stay text until somebody asks.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stdint.h>

enum doc_kind { DOC_SCALAR, DOC_LIST, DOC_MAP };

struct doc {
	enum doc_kind kind;
	const char *file;
	unsigned line, column; /* from 1 */
	const char *text;      /* scalar; "" for an empty one */
	bool quoted;           /* scalar was written in quotes */
	const char *key;       /* of a map member, else NULL */
	unsigned key_line, key_column;
	const struct doc *first; /* child */
	const struct doc *next;  /* sibling */
	size_t count;
};

#define DOC_FILE_MAX (4u << 20)

/* CONFIG with file:line:column as place; at most DOC_FILE_MAX bytes. */
enum status doc_read_file(struct arena *arena, const char *path,
	const struct doc **ret, struct reason *reterr) MUST_CHECK;
enum status doc_read(struct arena *arena, const char *name, const char *text,
	size_t length, const struct doc **ret,
	struct reason *reterr) MUST_CHECK;

/* NULL where it is absent (or `map` is NULL or no map). */
const struct doc *doc_get(const struct doc *map, const char *key);
#define DOC_EACH(container, child)                                             \
	for (const struct doc *child = (container) ? (container)->first        \
						   : NULL;                     \
		child; child = child->next)

/*
 * Typed members. An absent one gives `otherwise`; one of another type is
 * CONFIG with its place. `required` variants have no otherwise.
 */
enum status doc_text(const struct doc *map, const char *key,
	const char *otherwise, const char **ret,
	struct reason *reterr) MUST_CHECK;
enum status doc_text_required(const struct doc *map, const char *key,
	const char **ret, struct reason *reterr) MUST_CHECK;
enum status doc_integer(const struct doc *map, const char *key, int64_t least,
	int64_t most, int64_t otherwise, int64_t *ret,
	struct reason *reterr) MUST_CHECK;
enum status doc_bool(const struct doc *map, const char *key, bool otherwise,
	bool *ret, struct reason *reterr) MUST_CHECK;
enum status doc_duration(const struct doc *map, const char *key,
	instant otherwise, instant *ret, struct reason *reterr) MUST_CHECK;
/* CONFIG naming the first member of `map` that is not in `known` (NULL ends).
 */
enum status doc_only(const struct doc *map, const char *const *known,
	struct reason *reterr) MUST_CHECK;
/* Fills `reason` with a sentence and the node's file:line:column. CONFIG. */
enum status doc_error(const struct doc *node, struct reason *reterr,
	const char *fmt, ...) PRINTF(3, 4) MUST_CHECK;
