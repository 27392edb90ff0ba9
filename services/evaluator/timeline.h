/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What held from when until when, made of statements that may arrive in any
 * order: the rows depend on the set of statements only. A statement holds from
 * its evidence time until the next one; a complete one replaces what held, one
 * that is not adds to it. Pure; scans and relations bring the rows and take
 * them back.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

/* A finding, a neighbour. */
struct timeline_item {
	const char *key;
	const char *detail; /* where it changes a new row begins */
	const void *what;   /* the caller's, never looked at */
};

/* Ordered by (at, recorded, evidence). */
struct timeline_statement {
	instant at;
	instant recorded;
	const char *evidence; /* hex */
	bool complete;
	/* Needed of new statements and of those that are not complete; sorted
	 * by timeline_sort. */
	const struct timeline_item *items;
	size_t count;
};

/* The longest interval in which an item did not change. */
struct timeline_row {
	struct timeline_item item;
	instant from, until;
	const char *opened; /* evidence of the last statement at `from` */
	const char *closed; /* at `until`; NULL where it is INSTANT_NEVER */
	const char *place;  /* the caller's mark of a row it brought */
};

struct timeline;
struct timeline *timeline_new(void);
void timeline_free(struct timeline **timeline);

/* Sorts by key and drops repeated keys; the same for any order of items.
 * Returns how many are left. */
size_t timeline_sort(struct timeline_item *items, size_t count);

/*
 * What is there: every statement at or after the first new one, every row that
 * ends at it or later. Strings must outlive the timeline.
 */
void timeline_know(
	struct timeline *timeline, const struct timeline_statement *statement);
void timeline_bring(struct timeline *timeline, const struct timeline_row *row);

/* A new statement; one that is known already changes nothing. */
void timeline_put(
	struct timeline *timeline, const struct timeline_statement *statement);

/*
 * What the new statements changed. Zero the walk to begin; false ends. A row
 * that was brought and is not as it was is gone (`ret->place`), one that is
 * new has no place.
 */
struct timeline_walk {
	size_t before, after;
};
bool timeline_changed(const struct timeline *timeline,
	struct timeline_walk *walk, struct timeline_row *ret);
/* All rows as they are now, by (key, from). */
const struct timeline_row *timeline_rows(
	const struct timeline *timeline, size_t *ret_count);
