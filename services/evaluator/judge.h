/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the agenda to verdicts: one loop, one connection; any number of loops
 * in any number of processes share the agenda. Each pair of criterion and
 * subject is judged in one transaction: verdict, history, episode and outbox
 * commit together, or none of them.
 */
#pragma once

#include "pack.h"

#include "daemon/book.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/pg.h"

struct judge_settings {
	struct pg_settings pg;
	const struct pack *pack; /* outlives the judge; or NULL, and: */
	struct book *packs;      /* each turn is judged by the one in force */
	const char *topic_prefix;
	const char *name;        /* of the health check: one for each loop */
	size_t batch;            /* pairs claimed at once; 0: 32 */
	struct health *health;   /* may be NULL */
	struct metrics *metrics; /* may be NULL; then rows are not read */
	int judged_row;          /* counter by verdict: pairs judged */
	int published_row;       /* counter: records put into the outbox */
	int failed_row;          /* counter by why: failed, parked */
	int seconds_row;         /* histogram: one pair's transaction */
};

struct judge;
enum status judge_open(const struct judge_settings *settings,
	struct judge **ret, struct reason *reterr) MUST_CHECK;
void judge_close(struct judge **judge);
/* A service_loop; the context is the judge. */
enum status judge_loop(
	void *judge, struct service *service, struct reason *reterr);
/*
 * One turn without waiting, for tests and tools: expands and judges what is
 * due. `*ret_done` counts rows expanded and pairs taken on; 0: nothing was due.
 */
enum status judge_turn(struct judge *judge, size_t *ret_done,
	struct reason *reterr) MUST_CHECK;
