/* SPDX-License-Identifier: Apache-2.0 */
#include "loops.h"

#include "base/memory.h"
#include "daemon/prune.h"
#include "daemon/reader.h"
#include "daemon/relay.h"
#include "intake.h"
#include "judge.h"
#include "meters.h"
#include "model/topics.h"
#include "watermark.h"

struct loops {
	const struct evaluator *evaluator;
	struct book *packs;
	struct health *health;
	struct metrics *metrics;
	struct arena *arena;
	const char *evidence; /* topic */
	struct intake *intake;
	struct reader *reader;
	struct watermark_keeper *now;
	struct judge *judges[EVALUATOR_JUDGES_MOST];
	size_t judge_count;
	struct relay *relay;
	struct prune *prune;
};

static enum status open_intake(struct loops *loops, struct reason *reterr)
{
	const struct evaluator_settings *values = &loops->evaluator->values;
	const struct intake_settings intake = {.clock = &clock_wall,
		.retention = values->retention,
		.metrics = loops->metrics};
	struct reader_settings reader = {.service = "evaluator",
		.topic = loops->evidence,
		.parked_topic = topic_name(loops->arena,
			values->common.topic_prefix, TOPIC_PARKED),
		.kafka = loops->evaluator->kafka,
		.pg = evaluator_database(loops->evaluator, "evaluator intake"),
		.lease_time = values->lease_time,
		.batch_records = (size_t)values->batch_records,
		.batch_bytes = (size_t)values->batch_bytes,
		.health = loops->health,
		.meters = {loops->metrics, METER_PARTITIONS, METER_HELD,
			METER_LAG, METER_FENCED, METER_PARKED}};

	loops->intake = intake_new(&intake);
	reader.user = intake_user(loops->intake);
	return reader_open(&reader, &loops->reader, reterr);
}

static void open_now(struct loops *loops)
{
	const struct watermark_settings now = {
		.pg = evaluator_database(loops->evaluator, "evaluator now"),
		.topic = loops->evidence,
		.patience = loops->evaluator->values.now_patience,
		.health = loops->health,
		.metrics = loops->metrics,
		.age_row = METER_NOW_AGE,
		.still_row = METER_NOW_STILL,
		.overdue_row = METER_OVERDUE,
		.parts_row = METER_PARTS_WAITING};

	loops->now = watermark_open(&now);
}

static enum status open_relay(struct loops *loops, struct reason *reterr)
{
	const struct evaluator_settings *values = &loops->evaluator->values;
	const struct relay_settings relay = {.service = "evaluator",
		.kafka = loops->evaluator->kafka,
		.pg = evaluator_database(loops->evaluator, "evaluator relay"),
		.lease_time = values->lease_time,
		.transactional_id = arena_printf(loops->arena,
			"%s-evaluator-relay", values->common.topic_prefix),
		.health = loops->health,
		.metrics = loops->metrics,
		.held_row = METER_RELAY,
		.relayed_row = METER_RELAYED};

	return relay_open(&relay, &loops->relay, reterr);
}

/* They live as long as the evidence does, which whoever operates the database
 * drops by the month. */
static const struct prune_rule prune_rules[] = {
	{"evidence_seen",
		"SELECT evidence_seen_prune($2::integer) WHERE $1::timestamptz"
		" IS NOT NULL",
		0},
	{"snapshot_part",
		"WITH gone AS (DELETE FROM snapshot_part WHERE ctid = ANY"
		" (ARRAY(SELECT ctid FROM snapshot_part WHERE recorded_at <"
		" least($1, evidence_begin()) LIMIT $2 FOR UPDATE SKIP LOCKED))"
		" RETURNING 1) SELECT count(*) FROM gone",
		0},
};

static void open_prune(struct loops *loops)
{
	const struct prune_settings prune = {
		.pg = evaluator_database(loops->evaluator, "evaluator prune"),
		.service = "evaluator",
		.rules = prune_rules,
		.count = sizeof(prune_rules) / sizeof(prune_rules[0]),
		.clock = &clock_wall,
		.health = loops->health,
		.metrics = loops->metrics,
		.pruned_row = METER_PRUNED};

	loops->prune = prune_open(&prune);
}

/* Each its own connection; they share the agenda. */
static enum status open_judges(struct loops *loops, struct reason *reterr)
{
	const struct evaluator_settings *values = &loops->evaluator->values;
	struct judge_settings judge = {.packs = loops->packs,
		.topic_prefix = values->common.topic_prefix,
		.health = loops->health,
		.metrics = loops->metrics,
		.judged_row = METER_JUDGED,
		.published_row = METER_PUBLISHED,
		.failed_row = METER_JUDGING_FAILED,
		.seconds_row = METER_JUDGING_SECONDS};
	enum status status = OK;

	/* From zero on, so that the first one shows in a rate. */
	metric_add(loops->metrics, METER_JUDGING_FAILED, "failed", 0);
	metric_add(loops->metrics, METER_JUDGING_FAILED, "parked", 0);
	for (int64_t i = 0; i < values->judges && status == OK; i++) {
		judge.name = arena_printf(
			loops->arena, "judge %lld", (long long)i + 1);
		judge.pg = evaluator_database(loops->evaluator,
			arena_printf(loops->arena, "evaluator %s", judge.name));
		status = judge_open(&judge, &loops->judges[i], reterr);
		loops->judge_count += status == OK;
	}
	return status;
}

enum status loops_open(const struct evaluator *evaluator,
	const struct files *files, struct loops **ret, struct reason *reterr)
{
	struct loops *loops = memory_new(sizeof(*loops));
	enum status status;

	loops->evaluator = evaluator;
	loops->packs = files->packs;
	loops->health = files->health;
	loops->metrics = files->metrics;
	loops->arena = arena_new(1 << 20);
	loops->evidence = topic_name(loops->arena,
		evaluator->values.common.topic_prefix, TOPIC_EVIDENCE);
	status = open_intake(loops, reterr);
	if (status == OK)
		status = open_judges(loops, reterr);
	if (status == OK)
		status = open_relay(loops, reterr);
	if (status != OK) {
		loops_close(&loops);
		return status;
	}
	open_now(loops);
	open_prune(loops);
	*ret = loops;
	return OK;
}

void loops_start(struct loops *loops, struct service *service)
{
	service_start(service, "intake", reader_loop, loops->reader);
	service_start(service, "now", watermark_loop, loops->now);
	for (size_t i = 0; i < loops->judge_count; i++)
		service_start(service, "judge", judge_loop, loops->judges[i]);
	service_start(service, "relay", relay_loop, loops->relay);
	service_start(service, "prune", prune_loop, loops->prune);
}

void loops_close(struct loops **loops)
{
	struct loops *gone = *loops;

	if (!gone)
		return;
	reader_close(&gone->reader);
	intake_free(&gone->intake);
	watermark_close(&gone->now);
	prune_close(&gone->prune);
	for (size_t i = 0; i < gone->judge_count; i++)
		judge_close(&gone->judges[i]);
	if (gone->relay)
		relay_close(&gone->relay);
	arena_free(&gone->arena);
	memory_free(gone);
	*loops = NULL;
}
