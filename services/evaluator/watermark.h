/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge's now: how far in receipt time everything was taken in. Smallest
 * over what translate said on each partition of evidence about each partition
 * of deliveries (table punctuation), kept in table judge_now, never going back.
 * One loop moves it; whoever judges reads it.
 */
#pragma once

#include "base/arena.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/pg.h"

struct watermark {
	instant now; /* INT64_MIN: not known yet, judge nothing by time */
	instant spool_oldest; /* INSTANT_NEVER: nothing is spooled anywhere */
};

/* What silence is judged at: never later than the oldest spooled delivery. */
instant watermark_for_silence(const struct watermark *watermark);

/* As it stands. One row by its key: call it each turn. */
enum status watermark_read(struct pg *pg, struct arena *arena,
	struct watermark *ret, struct reason *reterr) MUST_CHECK;
/*
 * Moves it on and returns where it stands. It waits until every partition of
 * `topic` (evidence) that is read has heard of every partition of deliveries
 * that any of them has heard of. Notifies postern_now where it moved.
 */
enum status watermark_advance(struct pg *pg, struct arena *arena,
	const char *topic, struct watermark *ret,
	struct reason *reterr) MUST_CHECK;

struct watermark_settings {
	struct pg_settings pg;
	const char *topic; /* evidence */
	instant patience;  /* standing still for longer is not well */
	struct health *health;
	struct metrics *metrics;
	int age_row;     /* gauge: seconds it is behind the wall clock */
	int still_row;   /* gauge: seconds it has stood still */
	int overdue_row; /* gauge: seconds what is due has waited */
	int parts_row;   /* gauge: parts of snapshots that are stuck */
};

struct watermark_keeper;
struct watermark_keeper *watermark_open(
	const struct watermark_settings *settings);
void watermark_close(struct watermark_keeper **keeper);
/* A service_loop; the context is the keeper. */
enum status watermark_loop(
	void *keeper, struct service *service, struct reason *reterr);
