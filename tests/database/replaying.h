/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the replays share: intake and judge together, with the pack we ship, on
 * one connection; evidence goes in as the reader would put it, and the judge's
 * now is where a test puts it.
 */
#pragma once

#include "judging.h"

#include "base/log.h"
#include "evidence_sample.h"
#include "intake.h"

#define SHOP "default/service/prod/shop"

/* Of no parts that were made together. */
#define NO_DIGEST                                                              \
	"sha256:"                                                              \
	"0000000000000000000000000000000000000000000000000000000000000000"

struct replay {
	struct bench bench;
	struct intake *intake;
	struct arena *arena;
	instant last; /* the judge's now gets no further; 0: no matter */
};

static inline struct replay replay_begin(const char *schema)
{
	static const struct intake_settings settings = {
		.clock = &clock_wall, .retention = 4000 * INSTANT_DAY};
	struct replay r = {.bench.schema = schema,
		.intake = intake_new(&settings),
		.arena = arena_new(64 << 20)};
	struct reason reason = {0};

	log_setup(LOG_ERROR, false);
	db_fresh(schema, "evaluator");
	r.bench.pg = db_open(schema, "replay");
	db_ok(pack_load(POSTERN_SOURCE_DIR "/packs/ssdf-po", &r.bench.pack,
		      &reason),
		&reason);
	r.bench.judge = bench_judge(&r.bench, r.bench.pack);
	return r;
}

static inline void replay_end(struct replay *r)
{
	intake_free(&r->intake);
	arena_free(&r->arena);
	bench_end(&r->bench);
}

static inline void replay_take(
	struct replay *r, struct kafka_record *records, size_t count)
{
	struct kafka_batch batch = {.topic = "postern.evidence",
		.records = records,
		.count = count};
	struct pg *pg = r->bench.pg;
	struct reason reason = {0};
	size_t culprit = 0;

	arena_reset(r->arena);
	db_ok(pg_begin(pg, &reason), &reason);
	db_ok(intake_apply(r->intake, pg, r->arena, &batch, &culprit, &reason),
		&reason);
	db_ok(pg_commit(pg, &reason), &reason);
	intake_committed(r->intake, &batch);
}

static inline void replay_clear(struct replay *r)
{
	db_script(r->bench.pg,
		"TRUNCATE evidence, evidence_seen, evidence_line,"
		" evidence_conflict, subject, relation, relation_statement,"
		" scan, finding, snapshot_part, declaration, "
		"declaration_statement, punctuation, agenda, verdict,"
		" verdict_history, episode, judging, outbox;"
		"UPDATE judge_now SET at = '-infinity'");
}

static inline void replay_move_now(struct replay *r, instant now)
{
	char at[INSTANT_TEXT];

	if (r->last && now > r->last)
		now = r->last;
	instant_format(now, at);
	bench_do(&r->bench, "UPDATE judge_now SET at = '%s'", at);
}

static inline void replay_deploy_at(struct sample *sample, const char *word,
	const char *image, instant at, int second)
{
	struct evidence evidence =
		sample_evidence(sample, word, CLASS_DEPLOYMENT, SHOP, at);
	const struct related related = {image, "runs"};

	evidence.recorded_time += second * INSTANT_SECOND;
	evidence.related = &related;
	evidence.related_count = 1;
	evidence.body_node = sample_body(sample, "{\"phase\":\"succeeded\"}");
	sample_add(sample, &evidence);
}
