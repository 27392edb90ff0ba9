/* SPDX-License-Identifier: Apache-2.0 */
/* How far the judge's now may go, and that it never goes back. */
#include "watermark.h"

#include "database.h"
#include "meters.h"

#include <string.h>

#define SCHEMA "test_watermark"
#define TOPIC "postern.evidence"
/* 2026-11-24T08:00:00Z */
#define EIGHT ((instant)1795507200 * INSTANT_SECOND)

static struct pg *fresh(void)
{
	struct pg *pg;

	db_fresh(SCHEMA, "evaluator");
	pg = db_open(SCHEMA, "watermark_test");
	db_script(pg, "SET ROLE postern_evaluator");
	return pg;
}

static void done(struct pg *pg)
{
	pg_close(&pg);
	db_drop(SCHEMA);
}

static struct watermark advance(struct pg *pg)
{
	struct arena *arena = arena_new(1 << 16);
	struct watermark moved, read;
	struct reason reason = {0};

	db_ok(watermark_advance(pg, arena, TOPIC, &moved, &reason), &reason);
	db_ok(watermark_read(pg, arena, &read, &reason), &reason);
	assert_true(moved.now == read.now);
	assert_true(moved.spool_oldest == read.spool_oldest);
	arena_free(&arena);
	return moved;
}

static void test_watermark__is_the_smallest_of_all_partitions(void **state)
{
	struct pg *pg = fresh();
	struct watermark now;

	(void)state;
	assert_true(advance(pg).now == INT64_MIN);
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (0, 0, '2026-11-24 09:00+00', DEFAULT),"
		      " (0, 1, '2026-11-24 08:00+00', DEFAULT),"
		      " (1, 0, '2026-11-24 10:00+00', DEFAULT),"
		      " (1, 1, '2026-11-24 11:00+00', '2026-11-24 07:00+00')");
	now = advance(pg);
	assert_true(now.now == EIGHT);
	assert_true(now.spool_oldest == EIGHT - INSTANT_HOUR);
	assert_true(watermark_for_silence(&now) == EIGHT - INSTANT_HOUR);
	db_script(pg, "UPDATE punctuation SET spool_oldest = 'infinity'");
	now = advance(pg);
	assert_true(now.spool_oldest == INSTANT_NEVER);
	assert_true(watermark_for_silence(&now) == EIGHT);
	done(pg);
}

static void test_watermark__never_goes_back(void **state)
{
	struct pg *pg = fresh();

	(void)state;
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (0, 0, '2026-11-24 08:00+00')");
	assert_true(advance(pg).now == EIGHT);
	db_script(pg, "UPDATE punctuation SET received_to ="
		      " '2026-11-24 07:00+00'");
	assert_true(advance(pg).now == EIGHT);
	/* A partition of deliveries that was made later. */
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (0, 1, '2026-11-24 06:00+00')");
	assert_true(advance(pg).now == EIGHT);
	done(pg);
}

static void test_watermark__waits_until_each_has_heard_of_each(void **state)
{
	struct pg *pg = fresh();

	(void)state;
	db_script(pg, "INSERT INTO consumer_offset (topic, part, topic_id)"
		      " VALUES ('" TOPIC "', 0, 'x'), ('" TOPIC "', 1, 'x'),"
		      " ('other', 2, 'x')");
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (0, 0, '2026-11-24 08:00+00'),"
		      " (0, 1, '2026-11-24 08:00+00'),"
		      " (1, 0, '2026-11-24 08:00+00')");
	assert_true(advance(pg).now == INT64_MIN);
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (1, 1, '2026-11-24 08:00+00')");
	assert_true(advance(pg).now == EIGHT);
	done(pg);
}

/* Lets the loop turn a few times, then ends the service. */
static enum status end_soon(
	void *context, struct service *service, struct reason *reterr)
{
	(void)context;
	clock_sleep(1500 * 1000);
	reason_set(reterr, NULL, "the test is over");
	service_fail(service, RETRY, reterr);
	return OK;
}

static void test_watermark__standing_still_shows(void **state)
{
	struct health *health = health_new(&clock_wall);
	struct metrics *metrics = meters_new();
	struct service *service = service_new("watermark_test");
	struct watermark_settings settings = {
		.pg = {.conninfo = db_conninfo(), .schema = SCHEMA},
		.topic = TOPIC,
		.patience = INSTANT_SECOND,
		.health = health,
		.metrics = metrics,
		.age_row = METER_NOW_AGE,
		.still_row = METER_NOW_STILL,
		.overdue_row = METER_OVERDUE,
		.parts_row = METER_PARTS_WAITING};
	struct pg *pg = fresh();
	struct watermark_keeper *keeper = watermark_open(&settings);
	struct strbuf out;

	(void)state;
	db_script(pg, "INSERT INTO punctuation VALUES"
		      " (0, 0, '2026-11-24 08:00+00')");
	db_script(pg,
		"INSERT INTO snapshot_part (subject, source, snapshot, part,"
		" parts, recorded_at, evidence, wrong, effective_at)"
		" SELECT 'a', 's', n, 1, 2, at, '', n = '3', at FROM (VALUES"
		" ('1', '2026-11-24 08:00+00'), ('2', clock_timestamp()),"
		" ('3', clock_timestamp())) AS v (n, at)");
	db_script(pg,
		"INSERT INTO agenda (criterion, subject, due_at,"
		" by_clock, not_before) VALUES"
		" ('PO.1', 's', '2026-11-24 07:30+00', true, default),"
		" ('PO.1', 't', '2026-11-24 09:30+00', true, default),"
		" ('PO.1', 'u', '2026-11-24 06:30+00', true, 'infinity')");
	service_start(service, "now", watermark_loop, keeper);
	service_start(service, "end", end_soon, NULL);
	assert_int_equal(service_wait(service), EXIT_FAILED);
	strbuf_init(&out, 10000);
	assert_false(health_report(health, &out));
	assert_non_null(strstr(out.text, "stands at 2026-11-24T08:00:00Z"));
	assert_true(metric_value(metrics, METER_NOW_STILL, NULL) >= 1);
	assert_true(metric_value(metrics, METER_NOW_AGE, NULL) != 0);
	assert_int_equal(metric_value(metrics, METER_PARTS_WAITING, NULL), 2);
	assert_int_equal(metric_value(metrics, METER_OVERDUE, NULL), 1800);
	strbuf_release(&out);
	watermark_close(&keeper);
	watermark_close(&keeper);
	service_free(&service);
	metrics_free(&metrics);
	health_free(&health);
	done(pg);
}
