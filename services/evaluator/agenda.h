/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is due. Intake appends rows that say "this subject was touched"; expand
 * (expand.h) turns them into pairs of criterion and subject; a judge claims
 * pairs, takes their rows and puts back when time alone will change them.
 *
 * A claim is an advisory lock of the connection, so a judge that dies gives it
 * back by dying, and no row is locked between transactions. Rows are taken,
 * that is deleted, in the pair's own transaction, and only those it saw.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "watermark.h"
#include "wire/pg.h"

struct agenda_pair {
	const char *criterion;
	const char *subject;
};

/* What rows that wait for the clock wait for. */
struct agenda_clock {
	const struct watermark *watermark;
	const char *silence; /* criterion that waits for the spool too; NULL */
};
instant agenda_now(const struct agenda_clock *clock, const char *criterion);

/* Claims up to `most` due pairs that no other judge has claimed. */
enum status agenda_claim(struct pg *pg, struct arena *arena,
	const struct agenda_clock *clock, size_t most, struct agenda_pair **ret,
	size_t *ret_count, struct reason *reterr) MUST_CHECK;
/* Gives back all claims of this connection. */
enum status agenda_release(struct pg *pg, struct reason *reterr) MUST_CHECK;

struct agenda_taken {
	size_t rows;
	instant due;  /* the earliest that is no rest; INSTANT_NEVER: none */
	instant rest; /* where the earliest rest begins; INSTANT_NEVER: none */
	/* Digest of the pack in force when these rows were there: what it put
	 * must not be judged by another. */
	const char *pack;
};
enum status agenda_take(struct pg *pg, struct arena *arena,
	const struct agenda_clock *clock, const struct agenda_pair *pair,
	struct agenda_taken *ret, struct reason *reterr) MUST_CHECK;

enum agenda_kind {
	AGENDA_EVENT, /* due at once, whatever the judge's now */
	AGENDA_CLOCK, /* due when the judge's now has come to it */
	AGENDA_REST,  /* due at once: a walk goes on there */
};
/* `not_before` is wall clock, INT64_MIN: at once. */
enum status agenda_put(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant due, enum agenda_kind kind,
	instant not_before, struct reason *reterr) MUST_CHECK;
/* The subject is not what it was: whatever looks at it is due from `due` on. */
enum status agenda_touch(struct pg *pg, struct arena *arena,
	const char *subject, instant due, struct reason *reterr) MUST_CHECK;
/* After a failure: no row of the pair is due before `delay` has passed. */
enum status agenda_delay(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant delay,
	struct reason *reterr) MUST_CHECK;
