/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One notice: what is wanted, what was reached, and so what is to be done. A
 * row of table notice with its episode; the deciding is pure.
 */
#pragma once

#include "sink.h"
#include "wire/pg.h"

#define NOTICE_NO_DOUBT INT64_MIN

struct notice {
	int64_t id;
	int64_t revision;
	struct sink_notice out;
	bool open, standing, promoted;
	int64_t generation, n;           /* wanted */
	int64_t sent_generation, sent_n; /* reached */
	instant promote_at;
	instant doubtful_until; /* NOTICE_NO_DOUBT */
	instant resent_until;
	int64_t attempts;
	int tries;
	const char *outcome; /* of the last attempt, "" none */
	/* set by notice_settle */
	enum notice_outcome result;
	instant due_at;
	bool said; /* worth an attempt's row and a record */
};

struct notice_times {
	instant now; /* wall clock */
	instant timeout, refresh_every, resolved_for;
	instant back_off; /* after a failure */
};

/* Notices of one instance that are due, oldest first, at most `limit`. */
enum status notices_due(struct pg *pg, struct arena *arena, const char *sink,
	const char *target, size_t limit, struct notice **ret,
	size_t *ret_count, struct reason *reterr) MUST_CHECK;

/* What is to be done at `now`; NOTICE_ACTIONS: nothing before `ret_due`. */
enum notice_action notice_next(const struct notice *notice,
	const struct sink *kind, instant now, instant *ret_due);

/* Takes the outcome of `notice->out` into the row; sets what is below. Where it
 * was untried nothing changes, and the action becomes NOTICE_ACTIONS. */
void notice_settle(struct notice *notice, const struct sink *kind,
	const struct notice_times *times);
/* As if it had been delivered, but nobody was told. */
void notice_mute(struct notice *notice, const struct sink *kind,
	const struct notice_times *times);
