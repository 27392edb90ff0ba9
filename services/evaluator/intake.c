/* SPDX-License-Identifier: Apache-2.0 */
/* The walk of a batch: read, sort out, and one statement for each thing. */
#include "intake_private.h"

#include "base/bug.h"
#include "base/memory.h"
#include "meters.h"
#include "projection.h"

#include <stdio.h>
#include <string.h>

#define MONTHS 64

struct months {
	int list[MONTHS]; /* year * 12 + month */
	int count;
};

struct intake {
	struct intake_settings settings;
	struct reader_user user;
	struct intake_reading reading;
	struct months there; /* whose partitions are there for sure */
	/* Of the batch that is applied; counts once it is committed. */
	struct months made;
	uint64_t taken[CLASSES];
	uint64_t not_taken[NOT_TAKEN];
	uint64_t punctuation;
};

struct intake *intake_new(const struct intake_settings *settings)
{
	struct intake *intake = memory_new(sizeof(*intake));

	MUST(settings->clock && settings->retention > 0);
	intake->settings = *settings;
	intake->reading = (struct intake_reading){
		settings->clock, settings->retention, crypto_new()};
	intake->user = (struct reader_user){.apply = intake_apply,
		.read_ahead = intake_read_ahead,
		.committed = intake_committed,
		.context = intake};
	return intake;
}

void intake_free(struct intake **intake)
{
	if (!*intake)
		return;
	crypto_free(&(*intake)->reading.crypto);
	memory_free(*intake);
	*intake = NULL;
}

const struct reader_user *intake_user(struct intake *intake)
{
	return &intake->user;
}

struct pg_array *intake_array(struct intake_batch *batch)
{
	return pg_array_new(batch->arena, batch->bound);
}

int intake_version_order(
	const struct evidence *left, const struct evidence *right)
{
	if (left->effective_time != right->effective_time)
		return left->effective_time < right->effective_time ? -1 : 1;
	if (left->recorded_time != right->recorded_time)
		return left->recorded_time < right->recorded_time ? -1 : 1;
	return strcmp(left->id, right->id);
}

static int month_of(instant at)
{
	char text[INSTANT_TEXT];

	instant_format(at, text);
	return (int)(strtol(text, NULL, 10) * 12 + strtol(text + 5, NULL, 10));
}

static bool months_have(const struct months *months, int month)
{
	for (int i = 0; i < months->count; i++)
		if (months->list[i] == month)
			return true;
	return false;
}

/* Full: forgets the oldest; the database is asked again, no more. */
static void months_add(struct months *months, int month)
{
	if (months_have(months, month))
		return;
	if (months->count == MONTHS)
		memmove(months->list, months->list + 1,
			--months->count * sizeof(months->list[0]));
	months->list[months->count++] = month;
}

static enum status make_partitions(struct intake *intake,
	const struct intake_batch *batch, struct reason *reterr)
{
	instant last = INT64_MIN;
	int month = 0;

	for (size_t i = 0; i < batch->count; i++) {
		instant at = batch->records[i].evidence.recorded_time;
		struct pg_args args;
		enum status status;

		if (at / INSTANT_DAY == last / INSTANT_DAY)
			continue;
		last = at;
		month = month_of(at);
		if (months_have(&intake->there, month) ||
			months_have(&intake->made, month))
			continue;
		pg_args_init(&args, batch->arena);
		pg_instant(&args, at);
		status = pg_do(batch->pg,
			"SELECT evidence_partition($1::timestamptz::date)",
			&args, NULL, reterr);
		if (status != OK)
			return status;
		months_add(&intake->made, month);
	}
	return OK;
}

static enum status store_punctuation(struct intake_batch *batch,
	int32_t partition, const struct intake_heard *heard,
	struct reason *reterr)
{
	struct pg_array *deliveries, *received, *spooled;
	struct pg_args args;

	if (!heard->count)
		return OK;
	deliveries = intake_array(batch);
	received = intake_array(batch);
	spooled = intake_array(batch);
	for (size_t i = 0; i < heard->count; i++) {
		pg_array_integer(deliveries, heard->list[i].partition);
		pg_array_instant(received, heard->list[i].received_to);
		pg_array_instant(spooled, heard->list[i].spool_oldest);
	}
	pg_args_init(&args, batch->arena);
	pg_integer(&args, partition);
	pg_array_arg(&args, deliveries);
	pg_array_arg(&args, received);
	pg_array_arg(&args, spooled);
	return pg_do(batch->pg,
		"INSERT INTO punctuation AS p"
		" (part, deliveries, received_to, spool_oldest)"
		" SELECT $1, * FROM unnest($2::integer[], $3::timestamptz[],"
		" $4::timestamptz[]) ON CONFLICT (part, deliveries) DO UPDATE"
		" SET received_to = excluded.received_to,"
		" spool_oldest = excluded.spool_oldest"
		" WHERE excluded.received_to > p.received_to"
		" OR excluded.received_to = p.received_to"
		" AND excluded.spool_oldest < p.spool_oldest",
		&args, NULL, reterr);
}

/* Each projection with the fresh evidence of its class. */
static enum status project(struct intake_batch *batch, struct reason *reterr)
{
	const struct evidence **list = arena_array(
		batch->arena, batch->fresh_count, sizeof(struct evidence *));

	for (size_t p = 0; p < projection_table_size; p++) {
		const struct projection *projection = projection_table[p];
		size_t count = 0;
		enum status status;

		for (size_t i = 0; i < batch->fresh_count; i++)
			if (batch->fresh[i]->evidence.class ==
				projection->class)
				list[count++] = &batch->fresh[i]->evidence;
		if (!count)
			continue;
		status = projection->apply(
			batch->pg, batch->arena, list, count, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

static enum status store(struct intake *intake, struct intake_batch *batch,
	struct reason *reterr)
{
	enum status status = make_partitions(intake, batch, reterr);

	if (status == OK)
		status = intake_evidence(batch, reterr);
	if (status == OK && batch->fresh_count)
		status = intake_lines(batch, reterr);
	if (status == OK && batch->fresh_count)
		status = intake_subjects(batch, reterr);
	if (status == OK && batch->fresh_count)
		status = intake_relations(batch, reterr);
	if (status == OK && batch->fresh_count)
		status = project(batch, reterr);
	if (status == OK && batch->fresh_count)
		status = intake_agenda(batch, reterr);
	return status;
}

/* What committed() will tell. */
static void note(struct intake *intake, const struct intake_batch *batch,
	const struct intake_heard *heard)
{
	for (size_t i = 0; i < batch->fresh_count; i++)
		intake->taken[batch->fresh[i]->evidence.class]++;
	for (int i = 0; i < NOT_TAKEN; i++)
		intake->not_taken[i] += batch->not_taken[i];
	intake->punctuation = heard->said;
}

static void forget_batch(struct intake *intake)
{
	intake->made.count = 0;
	intake->punctuation = 0;
	memset(intake->taken, 0, sizeof(intake->taken));
	memset(intake->not_taken, 0, sizeof(intake->not_taken));
}

/* Which record an unknown version stopped us at. */
static void say_where(
	const struct kafka_batch *batch, size_t culprit, struct reason *reterr)
{
	char place[150];

	snprintf(place, sizeof(place), "%s partition %d offset %lld",
		batch->topic, (int)batch->partition,
		(long long)batch->records[culprit].offset);
	reason_within(reterr, place);
}

enum status intake_apply(void *context, struct pg *pg, struct arena *arena,
	const struct kafka_batch *in, size_t *ret_culprit,
	struct reason *reterr)
{
	struct intake *intake = context;
	struct intake_batch batch = {.pg = pg, .arena = arena, .bound = 4096};
	struct intake_heard heard = {0};
	size_t culprit = in->count;
	enum status status;

	MUST(pg && arena && in->topic);
	forget_batch(intake);
	status = intake_read(
		&intake->reading, in, &batch, &heard, &culprit, reterr);
	if (status == RETRY)
		say_where(in, culprit, reterr);
	if (status == REJECT)
		*ret_culprit = culprit;
	if (status == OK && batch.count)
		status = store(intake, &batch, reterr);
	if (status == OK)
		status = store_punctuation(
			&batch, in->partition, &heard, reterr);
	if (status == OK)
		note(intake, &batch, &heard);
	return status;
}

bool intake_read_ahead(
	void *context, struct arena *arena, struct kafka_batch *batch)
{
	struct intake *intake = context;

	return intake_read_some(&intake->reading, arena, batch);
}

void intake_committed(void *context, const struct kafka_batch *batch)
{
	static const char *const words[NOT_TAKEN] = {
		"repeat", "differs", "conflict", "retired"};
	struct intake *intake = context;
	struct metrics *metrics = intake->settings.metrics;

	(void)batch;
	for (int i = 0; i < intake->made.count; i++)
		months_add(&intake->there, intake->made.list[i]);
	if (metrics) {
		for (int i = 0; i < CLASSES; i++)
			if (intake->taken[i])
				metric_add(metrics, METER_TAKEN,
					evidence_class_name(
						(enum evidence_class)i),
					(int64_t)intake->taken[i]);
		for (int i = 0; i < NOT_TAKEN; i++)
			if (intake->not_taken[i])
				metric_add(metrics, METER_NOT_TAKEN, words[i],
					(int64_t)intake->not_taken[i]);
		metric_add(metrics, METER_PUNCTUATION, NULL,
			(int64_t)intake->punctuation);
		metric_add(metrics, METER_BATCHES, NULL, 1);
	}
	forget_batch(intake);
}
