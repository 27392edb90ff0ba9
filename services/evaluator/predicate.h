/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A structural condition written in YAML and compiled once: field, operator,
 * value; all, any, not. No expression language. Grammar in docs/criteria.md:
 *
 *   {field: deployment.phase, equals: succeeded}
 *   {field: scan.counts.critical, at_most: 0}
 *   {all: [...]}, {any: [...]}, {not: {...}}
 *
 * Operators: equals, in, matches (globs), exists, at_least, at_most, contains,
 * same_as (another field or a variable). Of a field that is absent or null
 * every condition is false but `exists: false`.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "model/evidence.h"
#include "wire/doc.h"
#include "wire/json.h"

struct predicate;

/* What it looks at. A field that begins with "label." is a label, with
 * "subject." a part of the canonical name (tenant, kind, authority, name) or
 * without more the whole of it, with "$" a variable; any other is a path in
 * `data`. */
struct predicate_view {
	const struct json *data;
	const char *subject;
	const struct label *labels;
	size_t label_count;
	const struct label *variables;
	size_t variable_count;
};

/* CONFIG with file:line:column. The plan lives in `arena`. */
enum status predicate_compile(struct arena *arena, const struct doc *node,
	const struct predicate **ret, struct reason *reterr) MUST_CHECK;
bool predicate_holds(
	const struct predicate *predicate, const struct predicate_view *view);
/* The first condition that decided, as "field is value, wanted ..."; in
 * `arena`. */
const char *predicate_explain(const struct predicate *predicate,
	const struct predicate_view *view, struct arena *arena);

/* The field of the condition that decided. */
const char *predicate_decided_by(
	const struct predicate *predicate, const struct predicate_view *view);

/* CONFIG where this is no way to write a field; nobody knows which exist. */
enum status predicate_check_field(
	const struct doc *node, struct reason *reterr) MUST_CHECK;
/* The value of a field as text, in `arena`; NULL where it is absent or no
 * single value. */
const char *predicate_field(const char *field,
	const struct predicate_view *view, struct arena *arena);
