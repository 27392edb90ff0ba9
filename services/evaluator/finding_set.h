/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is open on a subject at an instant, one entry for each vulnerability in
 * a package however many scanners and targets show it, and when each is due.
 */
#pragma once

#include "clock_profile.h"
#include "pick.h"
#include "window.h"

struct finding_clock {
	const struct clock_profile *profile;
	const char *used_by; /* relation of those that use the subject */
	/* Over the labels of each that uses it: exposed where one is; not
	 * exposed where all are said not to be; else not known. NULL: never. */
	const struct predicate *exposed, *unexposed;
	/* Where the newest evidence of those that use it lists what was
	 * deployed when; class CLASSES: nowhere. */
	struct pick upgrades;
	const char *entries;    /* path of the list */
	const char *entry_time; /* member of an entry */
};

struct open_finding {
	const struct window_finding *row; /* the most severe one */
	instant begins;                   /* the clock */
	instant fixed_since;              /* INSTANT_NEVER: has no fix */
	instant due;                      /* INSTANT_NEVER: not by time */
	struct clock_input known;
	struct clock_window window;
};

struct open_findings {
	struct open_finding *rows; /* by due, then name */
	size_t count;
};

void open_findings_read(const struct finding_clock *clock,
	const struct window *window, instant at, struct arena *arena,
	struct open_findings *ret);
/* The profiles that the first `count` of them go by; where there are none, the
 * one they would. In `arena`. */
const char *open_findings_cite(const struct finding_clock *clock,
	const struct open_findings *set, size_t count, struct arena *arena);
