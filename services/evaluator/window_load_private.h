/* SPDX-License-Identifier: Apache-2.0 */
/* For window_load*.c only: a window that is being read. */
#pragma once

#include "window_load.h"

struct window_reading {
	struct pg *pg;
	struct arena *arena;
	const struct criterion *criterion;
	const struct window_limits *limits;
	struct window *window;
	instant until;
};

/* A text of the result in the arena; NULL for null. */
char *window_text(struct window_reading *load, const struct pg_rows *rows,
	size_t row, int column);
/* Whether the rule reads neighbours by this relation. */
bool window_needed(const struct criterion *criterion, const char *relation);
/* More rows than `max` begin to count from `last` on: the window ends there.
 * REJECT where that leaves nothing. */
enum status window_shorten(struct window_reading *load, instant last,
	const char *what, size_t max, struct reason *reterr) MUST_CHECK;

enum status window_load_evidence(
	struct window_reading *load, struct reason *reterr) MUST_CHECK;
enum status window_load_findings(
	struct window_reading *load, struct reason *reterr) MUST_CHECK;
enum status window_load_scans(
	struct window_reading *load, struct reason *reterr) MUST_CHECK;
/* Of the subject and of neighbours whose scans the criterion reads. */
enum status window_load_flaws(
	struct window_reading *load, struct reason *reterr) MUST_CHECK;
/* Of a source, where the criterion reads what is said of sources. */
enum status window_load_declarations(
	struct window_reading *load, struct reason *reterr) MUST_CHECK;
