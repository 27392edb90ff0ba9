/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long what is due has been waiting to be judged: a gauge, not a decision.
 * A row of the agenda does not say when it was written, so its number is
 * compared with the highest numbers seen before. Never says too much.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "watermark.h"
#include "wire/pg.h"

#define OVERDUE_MARKS 64

struct overdue {
	struct overdue_mark {
		int64_t most; /* highest number there was */
		instant at;
	} marks[OVERDUE_MARKS]; /* oldest first */
	size_t count;
};

/* At `at` the highest number was `most` and the lowest that is due `least`
 * (0: none is): returns how long `least` has been there at the least. */
instant overdue_note(
	struct overdue *overdue, int64_t least, int64_t most, instant at);

/*
 * Over rows that evidence made due and those whose time has come by `now`;
 * pairs that were put off after a failure are not counted while they are. 0
 * where nothing waits.
 */
enum status overdue_read(struct overdue *overdue, struct pg *pg,
	struct arena *arena, const struct watermark *now, instant *ret,
	struct reason *reterr) MUST_CHECK;
