/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rule kind `state` asks beside its condition: that what a row shows was
 * told as an event. A tool that says every ten minutes what runs must once have
 * said that it was deployed. Rows that show and rows that tell differ in kind;
 * grammar in docs/criteria.md.
 */
#pragma once

#include "pick.h"

#define MATCH_SAME_MAX 4

struct match {
	const char *name;              /* as a sentence says it */
	const char *shown, *told;      /* kinds of evidence */
	const struct predicate *where; /* of the row that tells; NULL: any */
	const char *same[MATCH_SAME_MAX];
	size_t same_count;
	const char *entries, *entry_time; /* since when it is so */
	const char *time;                 /* of an event; NULL: the row's */
	instant settle;
	const char *remedy;
};

/* Of the list `matched_by` of a rule's parameters. CONFIG with its place. */
enum status match_compile(struct arena *arena, const struct doc *map,
	struct match *ret, struct reason *reterr) MUST_CHECK;

struct match_result {
	/* What is shown and was not told; NULL: there is nothing to say. */
	const struct window_evidence *row;
	const char *what; /* "deployment.revision 4f2a" */
	instant began;
	instant waits_until; /* it may still be told until then */
	instant next_change; /* by time alone */
};

/*
 * Looks at the newest row of `pick` that shows something and is younger than
 * `stale_after`. `back` is how far the window holds every row; of what is
 * older it holds the newest of each line. What may be hidden behind one of
 * those, and what began before anybody listened, is not asked for.
 */
void match_find(const struct match *match, const struct pick *pick,
	instant stale_after, instant back, const struct window *window,
	instant at, struct arena *arena, struct match_result *ret);
