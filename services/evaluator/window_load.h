/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a window, read from the store for one criterion and one subject
 * from T on. Bounded: where there are more rows than one window takes, it is
 * complete only before `*ret_until`, and the judge goes on from there.
 */
#pragma once

#include "criterion.h"
#include "window.h"

#include "wire/pg.h"

struct window_limits {
	size_t evidence; /* rows */
	size_t bytes;    /* of their content */
	size_t relations;
	size_t findings;
};
extern const struct window_limits window_limits_usual;

/*
 * Inside the transaction that holds the pair's row. REJECT where more rows
 * than the limits meet at one instant. All is in `arena`.
 */
enum status window_load(struct pg *pg, struct arena *arena,
	const struct criterion *criterion, const char *subject, instant from,
	const struct window_limits *limits, struct window *ret,
	instant *ret_until, struct reason *reterr) MUST_CHECK;

/* A JSON object of texts as labels; other members are left out. */
const struct label *window_labels(
	struct arena *arena, const char *json, size_t *ret_count);
