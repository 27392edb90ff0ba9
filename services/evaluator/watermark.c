/* SPDX-License-Identifier: Apache-2.0 */
#include "watermark.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "overdue.h"

#include <stdio.h>

#define TURN (INSTANT_SECOND / 2)
#define BACK_OFF (2 * INSTANT_SECOND)
#define PARTS_EVERY INSTANT_MINUTE
#define OVERDUE_EVERY (5 * INSTANT_SECOND)
#define ARENA_MAX (1u << 20)

struct watermark_keeper {
	struct watermark_settings settings;
	struct arena *arena;
	struct pg *pg;
	int check;
	struct watermark last;
	instant moved;   /* monotonic: when it did last */
	instant counted; /* monotonic: when parts were */
	instant looked;  /* monotonic: when overdue was */
	struct overdue overdue;
};

instant watermark_for_silence(const struct watermark *watermark)
{
	return watermark->spool_oldest < watermark->now
		       ? watermark->spool_oldest
		       : watermark->now;
}

static void read_row(const struct pg_rows *rows, struct watermark *ret)
{
	ret->now = pg_get_instant(rows, 0, 0);
	ret->spool_oldest = pg_get_instant(rows, 0, 1);
}

enum status watermark_read(struct pg *pg, struct arena *arena,
	struct watermark *ret, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	status = pg_run(pg, "SELECT at, spool_oldest FROM judge_now", &args,
		&rows, reterr);
	if (status != OK)
		return status;
	MUST(pg_count(rows) == 1);
	read_row(rows, ret);
	pg_rows_free(&rows);
	return OK;
}

/*
 * A partition of evidence that has not heard of some partition of deliveries
 * yet may hold anything of it, so nothing is said. The spool's age may go back:
 * it is a bound, not a clock.
 */
static const char advance[] =
	"WITH heard AS (SELECT min(received_to) AS at,"
	" min(spool_oldest) AS spool_oldest, count(*) AS rows,"
	" count(DISTINCT deliveries) AS deliveries FROM punctuation),"
	" told AS (SELECT h.* FROM heard h WHERE h.rows > 0"
	" AND h.rows >= h.deliveries * (SELECT count(*) FROM consumer_offset"
	" WHERE topic = $1)),"
	" moved AS (UPDATE judge_now n SET at = greatest(n.at, t.at),"
	" spool_oldest = t.spool_oldest FROM told t"
	" WHERE n.at < t.at OR n.spool_oldest <> t.spool_oldest"
	" RETURNING n.at, n.spool_oldest, pg_notify('postern_now', ''))"
	" SELECT at, spool_oldest FROM moved UNION ALL"
	" SELECT at, spool_oldest FROM judge_now"
	" WHERE NOT EXISTS (SELECT FROM moved)";

enum status watermark_advance(struct pg *pg, struct arena *arena,
	const char *topic, struct watermark *ret, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, topic);
	status = pg_run(pg, advance, &args, &rows, reterr);
	if (status != OK)
		return status;
	MUST(pg_count(rows) == 1);
	read_row(rows, ret);
	pg_rows_free(&rows);
	return OK;
}

struct watermark_keeper *watermark_open(
	const struct watermark_settings *settings)
{
	struct watermark_keeper *keeper = memory_new(sizeof(*keeper));

	MUST(settings->topic && settings->patience > 0);
	keeper->settings = *settings;
	keeper->arena = arena_new(ARENA_MAX);
	keeper->last.now = INT64_MIN;
	keeper->moved = clock_monotonic();
	if (settings->health)
		keeper->check = health_check(
			settings->health, "now", settings->patience);
	return keeper;
}

void watermark_close(struct watermark_keeper **keeper)
{
	if (!*keeper)
		return;
	pg_close(&(*keeper)->pg);
	arena_free(&(*keeper)->arena);
	memory_free(*keeper);
	*keeper = NULL;
}

/* Seconds, for a gauge. */
static int64_t seconds(instant duration)
{
	return duration / INSTANT_SECOND;
}

static void count(struct watermark_keeper *keeper, instant still)
{
	const struct watermark_settings *settings = &keeper->settings;
	instant age = keeper->last.now == INT64_MIN
			      ? -INSTANT_SECOND
			      : clock_now(&clock_wall) - keeper->last.now;

	if (!settings->metrics)
		return;
	metric_set(settings->metrics, settings->age_row, NULL, seconds(age));
	metric_set(
		settings->metrics, settings->still_row, NULL, seconds(still));
}

static void report(struct watermark_keeper *keeper, instant still)
{
	char sentence[200] = "moving";
	char at[INSTANT_TEXT] = "the beginning";

	if (!keeper->settings.health)
		return;
	if (keeper->last.now == INT64_MIN)
		snprintf(sentence, sizeof(sentence), "not known yet");
	if (still >= keeper->settings.patience) {
		if (keeper->last.now != INT64_MIN)
			instant_format(keeper->last.now, at);
		snprintf(sentence, sizeof(sentence),
			"the judge's now stands at %s since %lld s: is ingest "
			"translating every partition of deliveries?",
			at, (long long)seconds(still));
	}
	health_set(keeper->settings.health, keeper->check,
		still < keeper->settings.patience, sentence);
}

/* Snapshots that wait for a part in vain resolve nothing; somebody should
 * know. Seldom, since it reads all that wait. */
static enum status count_parts(
	struct watermark_keeper *keeper, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	enum status status;

	if (!keeper->settings.metrics ||
		(keeper->counted &&
			clock_monotonic() - keeper->counted < PARTS_EVERY))
		return OK;
	status = pg_run(keeper->pg,
		"SELECT count(*) FROM snapshot_part WHERE wrong"
		" OR recorded_at < clock_timestamp() - interval '1 hour'",
		NULL, &rows, reterr);
	if (status != OK)
		return status;
	metric_set(keeper->settings.metrics, keeper->settings.parts_row, NULL,
		pg_get_integer(rows, 0, 0));
	pg_rows_free(&rows);
	keeper->counted = clock_monotonic();
	return OK;
}

static enum status look_overdue(struct watermark_keeper *keeper,
	const struct watermark *now, struct reason *reterr)
{
	instant overdue = 0;
	enum status status;

	if (!keeper->settings.metrics ||
		(keeper->looked &&
			clock_monotonic() - keeper->looked < OVERDUE_EVERY))
		return OK;
	status = overdue_read(&keeper->overdue, keeper->pg, keeper->arena, now,
		&overdue, reterr);
	if (status != OK)
		return status;
	metric_set(keeper->settings.metrics, keeper->settings.overdue_row, NULL,
		seconds(overdue));
	keeper->looked = clock_monotonic();
	return OK;
}

static enum status turn(struct watermark_keeper *keeper, struct reason *reterr)
{
	struct watermark now;
	enum status status = OK;

	arena_reset(keeper->arena);
	if (keeper->pg && !pg_alive(keeper->pg))
		pg_close(&keeper->pg);
	if (!keeper->pg)
		status = pg_open(&keeper->settings.pg, &keeper->pg, reterr);
	if (status == OK)
		status = watermark_advance(keeper->pg, keeper->arena,
			keeper->settings.topic, &now, reterr);
	if (status == OK)
		status = count_parts(keeper, reterr);
	if (status == OK)
		status = look_overdue(keeper, &now, reterr);
	if (status != OK)
		return status;
	if (now.now != keeper->last.now)
		keeper->moved = clock_monotonic();
	keeper->last = now;
	return OK;
}

enum status watermark_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct watermark_keeper *keeper = context;

	while (!service_stopping(service)) {
		enum status status = turn(keeper, reterr);
		instant still = clock_monotonic() - keeper->moved;

		count(keeper, still);
		report(keeper, still);
		if (status == OK) {
			service_sleep(service, TURN);
			continue;
		}
		if (status != RETRY)
			return status;
		log_reason(LOG_WARN, "EVALUATOR-NOW-RETRY", reterr);
		service_sleep(service, BACK_OFF);
	}
	return OK;
}
