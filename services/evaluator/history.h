/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was true when, of one pair, as thought now: rows that do not overlap,
 * in the order of time. Merging lays a walk over them and says which rows are
 * superseded and which are new; what the walk confirms is not written again.
 * Pure.
 */
#pragma once

#include "walk.h"

struct history_row {
	instant from, until; /* INSTANT_NEVER: still */
	enum verdict verdict;
	/* The rule waits until a time that it knows, and nothing was said
	 * before: unknown, but no doubt yet. */
	bool settling;
	const char *summary;
	const char *deciding; /* JSON */
	/* Made by this walk; NULL: read from the store. */
	const struct judgement *judgement;
	/* Read ones only. */
	instant judged_at;
	const char *pack;
};

struct history_change {
	/* From the row before the walk's start, if there is one, on. */
	const struct history_row *rows;
	size_t count;
	const struct history_row *const *superseded; /* of those given */
	size_t superseded_count;
	const struct history_row *const *added; /* of `rows` */
	size_t added_count;
};

/* `stored`: every row that ends at `from` or later, in order. */
void history_merge(struct arena *arena, const struct history_row *stored,
	size_t count, const struct walk *walk, instant from,
	struct history_change *ret);
/* The row that still is; NULL: none. */
const struct history_row *history_current(const struct history_change *change);
