/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of intake on a database share: a service's connection, an
 * owner's that looks, and batches put through both as the reader would.
 */
#pragma once

#include "intake.h"

#include "base/log.h"

#include "database.h"
#include "evidence_sample.h"
#include "meters.h"

#define SERVICE_SHOP "default/service/prod/shop"
#define IMAGE_A SAMPLE_IMAGE("a")
#define IMAGE_B SAMPLE_IMAGE("b")

struct bench {
	const char *schema;
	struct pg *owner; /* looks and clears */
	struct pg *pg;    /* the service */
	struct arena *arena;
	struct intake *intake;
	struct metrics *metrics;
};

static inline struct bench bench_begin(const char *schema)
{
	static struct clock held;
	struct bench bench = {.schema = schema,
		.arena = arena_new(64 << 20),
		.metrics = meters_new()};
	struct intake_settings settings = {.clock = &held,
		.retention = 400 * INSTANT_DAY,
		.metrics = bench.metrics};

	log_setup(LOG_ERROR, false);
	held = clock_held(SAMPLE_DAY + INSTANT_DAY);
	db_fresh(schema, "evaluator");
	bench.owner = db_open(schema, "intake_test");
	bench.pg = db_open(schema, "intake_test");
	db_script(bench.pg, "SET ROLE postern_evaluator");
	bench.intake = intake_new(&settings);
	return bench;
}

static inline void bench_end(struct bench *bench)
{
	intake_free(&bench->intake);
	metrics_free(&bench->metrics);
	arena_free(&bench->arena);
	pg_close(&bench->owner);
	pg_close(&bench->pg);
	db_drop(bench->schema);
}

/* One batch in one transaction; `culprit` is the record that was refused. */
MUST_CHECK static inline enum status bench_apply(struct bench *bench,
	struct kafka_record *records, size_t count, size_t *culprit,
	struct reason *reason)
{
	struct kafka_batch batch = {.topic = "postern.evidence",
		.partition = 0,
		.records = records,
		.count = count};
	enum status status;

	arena_reset(bench->arena);
	db_ok(pg_begin(bench->pg, reason), reason);
	status = intake_apply(bench->intake, bench->pg, bench->arena, &batch,
		culprit, reason);
	if (status == OK)
		status = pg_commit(bench->pg, reason);
	else
		pg_rollback(bench->pg);
	if (status == OK)
		intake_committed(bench->intake, &batch);
	return status;
}

static inline void bench_take(
	struct bench *bench, struct kafka_record *records, size_t count)
{
	struct reason reason = {0};
	size_t culprit = 0;

	db_ok(bench_apply(bench, records, count, &culprit, &reason), &reason);
}
