/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pairs were begun: written before a rule is run, gone when the pair is
 * done. What is still there after a crash died with it. Three deaths, or five
 * orderly failures, park a pair: its verdict is `error` until it is tried
 * again, after a time that doubles, or with another pack.
 */
#pragma once

#include "agenda.h"

#define JOURNAL_DEATHS 3
#define JOURNAL_FAILURES 5

struct journal {
	bool known; /* false: nothing is held against the pair */
	int deaths, failures, parked;
	instant parked_until; /* wall clock; INT64_MIN: it is not parked */
	instant due;          /* earliest time a parked pair is owed */
	const char *why;      /* of the last failure; NULL */
};

enum journal_verdict {
	JOURNAL_JUDGE,
	JOURNAL_PARK, /* it has died or failed often enough */
	JOURNAL_STAY, /* it is parked, and not to be tried yet */
};
/* Pure. */
enum journal_verdict journal_decide(
	const struct journal *journal, instant wall);
/* How long a pair stays parked that is parked for the n-th time, from 1. */
instant journal_patience(int parked);
/* How long after the n-th failure, from 1. */
instant journal_delay(int failures);

/* One row of `ret` for each pair. */
enum status journal_read(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count, struct journal **ret,
	struct reason *reterr) MUST_CHECK;
/* A death for each from here on; a commit of its own, not waited for. */
enum status journal_begin(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count,
	struct reason *reterr) MUST_CHECK;
/* They were left in an orderly way: no death. */
enum status journal_left(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count,
	struct reason *reterr) MUST_CHECK;
/* It failed in an orderly way: no death, but a failure. */
enum status journal_failed(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct reason *why,
	struct reason *reterr) MUST_CHECK;
/* Inside the pair's transaction. */
enum status journal_done(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, struct reason *reterr) MUST_CHECK;
/* Inside it: parked from `due` on; `again` where it is parked anew. */
enum status journal_park(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant due, bool again,
	instant patience, instant *ret_until, struct reason *reterr) MUST_CHECK;
/* Another pack judges: nothing is held against anybody. */
enum status journal_forgive(
	struct pg *pg, struct arena *arena, struct reason *reterr) MUST_CHECK;
