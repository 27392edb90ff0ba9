/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of rule kind `sequence`: each looks for rows by what the rows
 * before it name. A step without `distinct` takes one row and may name more; a
 * step with it counts rows by the different values of a field, less those that
 * a later row withdrew. Grammar in docs/criteria.md.
 */
#pragma once

#include "pick.h"

#define CHAIN_STEPS_MAX 6
#define CHAIN_NAMES_MAX 8
#define CHAIN_SAME_MAX 4
#define CHAIN_ROWS_MAX 20

struct chain_name {
	const char *name;
	const char *field;
};

struct chain_step {
	const char *name; /* as a sentence says it: "merged pull request" */
	struct pick pick;
	struct chain_name binds[CHAIN_NAMES_MAX];
	size_t bind_count;
	const char *distinct; /* NULL: one row will do */
	unsigned at_least;
	const struct predicate *withdrawn; /* NULL: never */
	const char *same[CHAIN_SAME_MAX];
	size_t same_count;
};

struct chain {
	struct pick then;
	struct chain_name binds[CHAIN_NAMES_MAX];
	size_t bind_count;
	struct chain_step steps[CHAIN_STEPS_MAX];
	size_t step_count;
};

struct chain_result {
	bool complete;
	size_t reached; /* else the step that is missing */
	unsigned found; /* how many of those it wants */
	struct bindings names;
	struct chain_row {
		const char *name; /* of its step */
		const struct window_evidence *row;
	} rows[CHAIN_ROWS_MAX];
	size_t row_count;
};

/* Reads `then` and `steps` of `parameters`. CONFIG with its place. */
enum status chain_compile(struct arena *arena, const struct doc *parameters,
	struct chain *ret, struct reason *reterr) MUST_CHECK;

/* What a row of `then` names; fields that are absent name nothing. */
void chain_names(const struct chain *chain, const struct window *window,
	const struct window_evidence *row, struct arena *arena,
	struct bindings *ret);
/* Whether all that `then` binds is there. */
bool chain_named(const struct chain *chain, const struct bindings *names);
bool chain_same_names(const struct bindings *one, const struct bindings *other);
/* "revision 4f2a, number 7". */
const char *chain_name_text(const struct bindings *names, struct arena *arena);

/* Judged at `at`: looks for the steps in what is not later than `then` and less
 * than `look_back` earlier. Of all ways the first that is complete is taken,
 * else the one that got furthest. */
void chain_follow(const struct chain *chain, const struct window *window,
	const struct window_evidence *then, const struct bindings *names,
	instant look_back, instant at, struct arena *arena,
	struct chain_result *ret);
