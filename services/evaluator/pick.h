/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which evidence a rule looks at, as its parameters say it: a class, by which
 * relation (own without one), and a condition that a row must meet to count.
 *
 *   {evidence: change, relation: built-from, where: {...}}
 */
#pragma once

#include "predicate.h"
#include "window.h"

struct pick {
	enum evidence_class class;
	const char *relation;          /* NULL: the subject's own */
	const struct predicate *where; /* NULL: each row counts */
};

/* Values that earlier rows gave to the conditions of later ones. */
struct bindings {
	const struct label *rows;
	size_t count;
};

/* Reads `evidence`, `where` and, where it may have one, `relation` of `map`;
 * the caller says which other members there are. CONFIG with its place. */
enum status pick_compile(struct arena *arena, const struct doc *map,
	bool with_relation, struct pick *ret, struct reason *reterr) MUST_CHECK;
/* The next row at or before `at` that counts, newest first; NULL ends. */
const struct window_evidence *pick_next(const struct pick *pick,
	const struct window *window, const struct bindings *bindings,
	instant at, struct window_walk *walk);
/* What a predicate sees of a row; labels are those of the judged subject. */
struct predicate_view pick_view(const struct window *window,
	const struct window_evidence *row, const struct bindings *bindings);
