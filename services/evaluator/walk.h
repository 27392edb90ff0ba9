/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a window to what was true when: judges one criterion at T and at every
 * later point at which a row begins or ends or the judgement said that time
 * would change it. Pure: the same rows and the same now give the same segments.
 *
 * Points are taken in the order of time. A point that is due by time alone and
 * lies beyond the judge's now ends the walk: what comes after it is judged
 * once now has got there, so that no time-out is seen before all evidence of
 * that time was read. Points of evidence are judged at once, beyond now too.
 */
#pragma once

#include "criterion.h"
#include "window.h"

struct segment {
	instant from; /* to the next one's, or to the end of the walk */
	/* The rule could not say yet: what was before goes on. Only the first
	 * segment of a walk, which does not know what was before; where
	 * nothing was, its judgement counts. */
	bool kept;
	const struct judgement *judgement; /* at `from` */
};

struct walk {
	const struct segment *segments; /* neighbours differ in verdict */
	size_t count;
	const struct judgement *last; /* of the newest point; NULL: kept */
	instant next_change;          /* as said at the newest point */
	instant judged_to;            /* the newest point */
	instant due; /* by time alone, not reached yet; INSTANT_NEVER: none */
	/* True before this; INSTANT_NEVER: for good. Else go on from here. */
	instant until;
	bool outside; /* `applies` does not hold: not-applicable throughout */
};

struct walk_settings {
	instant from;  /* T; not before the window's */
	instant now;   /* the judge's */
	instant until; /* the window is complete before this */
	size_t points; /* at most; more is for a walk that goes on */
	/* Of one point; emptied between them. What is returned is in `arena`.
	 */
	struct arena *scratch;
	struct arena *arena;
};

void walk_run(const struct criterion *criterion, const struct window *window,
	const struct walk_settings *settings, struct walk *ret);
