/* SPDX-License-Identifier: Apache-2.0 */
/* Who exists, by which labels, and whom a batch touched. */
#include "intake_private.h"

#include "base/bug.h"
#include "model/subject.h"
#include "wire/json.h"

#include <string.h>

/* What a batch says of one subject: of all its mentions, one row. */
struct mention {
	const char *name;
	const char *tenant;
	instant first, last;
	const struct evidence *labels; /* newest that carries any; or NULL */
};

static int by_name(const void *left, const void *right)
{
	const struct mention *a = left, *b = right;

	return strcmp(a->name, b->name);
}

static bool carries_labels(const struct evidence *evidence)
{
	return evidence->label_count || evidence->unmapped;
}

static void merge(struct mention *into, const struct mention *more)
{
	if (more->first < into->first)
		into->first = more->first;
	if (more->last > into->last)
		into->last = more->last;
	if (more->labels && (!into->labels || intake_version_order(more->labels,
						      into->labels) > 0))
		into->labels = more->labels;
}

/* Sorted by name, so that two batches lock rows in one order. */
static size_t find_mentions(
	const struct intake_batch *batch, struct mention **ret)
{
	size_t room = batch->fresh_count, count = 0, kept = 0;
	struct mention *list;

	for (size_t i = 0; i < batch->fresh_count; i++)
		room += batch->fresh[i]->evidence.related_count;
	list = arena_array(batch->arena, room, sizeof(*list));
	for (size_t i = 0; i < batch->fresh_count; i++) {
		const struct evidence *evidence = &batch->fresh[i]->evidence;
		struct mention mention = {evidence->subject, evidence->tenant,
			evidence->effective_time, evidence->effective_time,
			carries_labels(evidence) ? evidence : NULL};

		list[count++] = mention;
		mention.labels = NULL;
		for (size_t j = 0; j < evidence->related_count; j++) {
			mention.name = evidence->related[j].subject;
			mention.tenant = NULL;
			list[count++] = mention;
		}
	}
	qsort(list, count, sizeof(*list), by_name);
	for (size_t i = 0; i < count; i++)
		if (kept && strcmp(list[kept - 1].name, list[i].name) == 0)
			merge(&list[kept - 1], &list[i]);
		else
			list[kept++] = list[i];
	*ret = list;
	return kept;
}

static const char *labels_text(
	struct arena *arena, const struct evidence *evidence)
{
	struct json_maker *maker;
	struct json_node *node;
	size_t length;

	if (!evidence || !evidence->label_count)
		return "{}";
	maker = json_maker_new(arena);
	node = json_object(maker);
	for (size_t i = 0; i < evidence->label_count; i++)
		json_set_text(maker, node, evidence->labels[i].name,
			evidence->labels[i].value);
	return json_write(maker, node, &length);
}

#define COLUMNS 10

static const enum pg_type types[COLUMNS] = {PG_TEXT, PG_TEXT, PG_TEXT, PG_JSONB,
	PG_TEXT, PG_INSTANT, PG_INSTANT, PG_BYTEA, PG_INSTANT, PG_INSTANT};

static void add_mention(struct intake_batch *batch,
	const struct mention *mention, struct pg_column *columns[COLUMNS])
{
	const struct evidence *labels = mention->labels;
	const char *tenant = mention->tenant;
	uint8_t id[SHA256_SIZE];

	if (!tenant)
		tenant = subject_tenant_of(batch->arena, mention->name);
	pg_column_text(columns[0], mention->name);
	pg_column_text(
		columns[1], subject_kind_name(subject_kind_of(mention->name)));
	pg_column_text(columns[2], tenant);
	pg_column_text(columns[3], labels_text(batch->arena, labels));
	pg_column_text(columns[4], labels ? labels->unmapped : NULL);
	pg_column_instant(
		columns[5], labels ? labels->effective_time : INT64_MIN);
	pg_column_instant(
		columns[6], labels ? labels->recorded_time : INT64_MIN);
	if (labels && hex_decode(labels->id, SHA256_SIZE * 2, id, sizeof(id)))
		pg_column_bytes(columns[7], id, sizeof(id));
	else
		pg_column_bytes(columns[7], "", 0);
	pg_column_instant(columns[8], mention->first);
	pg_column_instant(columns[9], mention->last);
}

/* This batch knows labels that the row does not. */
#define NEWER                                                                  \
	"(excluded.labels_at, excluded.labels_recorded_at,"                    \
	" excluded.labels_evidence) > (s.labels_at, s.labels_recorded_at,"     \
	" s.labels_evidence)"
#define KEEP_NEWER(column)                                                     \
	column " = CASE WHEN " NEWER " THEN excluded." column                  \
	       " ELSE s." column " END, "

/* A row that stays as it is is not written. */
static const char upsert[] =
	"WITH woken AS (SELECT pg_notify('postern_agenda', ''))"
	" INSERT INTO subject AS s (name, kind, tenant, labels, unmapped,"
	" labels_at, labels_recorded_at, labels_evidence, first_seen,"
	" last_seen) SELECT t.* FROM woken, unnest($1::text[], $2::text[],"
	" $3::text[], $4::jsonb[], $5::text[], $6::timestamptz[],"
	" $7::timestamptz[], $8::bytea[], $9::timestamptz[],"
	" $10::timestamptz[]) AS t ON CONFLICT (name) DO UPDATE SET "
	/* clang-format off */
	KEEP_NEWER("labels")
	KEEP_NEWER("unmapped")
	KEEP_NEWER("labels_at")
	KEEP_NEWER("labels_recorded_at")
	KEEP_NEWER("labels_evidence")
	/* clang-format on */
	"first_seen = least(s.first_seen, excluded.first_seen),"
	" last_seen = greatest(s.last_seen, excluded.last_seen)"
	" WHERE excluded.first_seen < s.first_seen"
	" OR excluded.last_seen > s.last_seen OR " NEWER;

enum status intake_subjects(struct intake_batch *batch, struct reason *reterr)
{
	struct pg_column *columns[COLUMNS];
	struct mention *mentions;
	size_t count = find_mentions(batch, &mentions);
	struct pg_args args;

	for (int i = 0; i < COLUMNS; i++)
		columns[i] = pg_column_new(batch->arena, types[i], count * 36);
	for (size_t i = 0; i < count; i++)
		add_mention(batch, &mentions[i], columns);
	pg_args_init(&args, batch->arena);
	for (int i = 0; i < COLUMNS; i++)
		pg_column_arg(&args, columns[i]);
	return pg_do(batch->pg, upsert, &args, NULL, reterr);
}

static int by_touch(const void *left, const void *right)
{
	const struct evidence *a =
		&(*(struct intake_record *const *)left)->evidence;
	const struct evidence *b =
		&(*(struct intake_record *const *)right)->evidence;
	int order = strcmp(a->subject, b->subject);

	if (!order)
		order = (a->class > b->class) - (a->class < b->class);
	return order ? order : intake_version_order(a, b);
}

static bool same_touch(const struct evidence *a, const struct evidence *b)
{
	return a->class == b->class && strcmp(a->subject, b->subject) == 0;
}

/* The earliest time at which each (subject, class) was touched is enough: the
 * judge walks from there to its now. */
enum status intake_agenda(struct intake_batch *batch, struct reason *reterr)
{
	struct pg_copy *copy =
		pg_copy_new(batch->arena, 5, batch->fresh_count * 120);
	const struct evidence *last = NULL;

	qsort(batch->fresh, batch->fresh_count, sizeof(*batch->fresh),
		by_touch);
	for (size_t i = 0; i < batch->fresh_count; i++) {
		const struct evidence *evidence = &batch->fresh[i]->evidence;

		if (last && same_touch(last, evidence))
			continue;
		last = evidence;
		pg_copy_text(copy, "");
		pg_copy_text(copy, evidence->subject);
		pg_copy_text(copy, evidence_class_name(evidence->class));
		pg_copy_instant(copy, evidence->effective_time);
		pg_copy_bool(copy, false);
	}
	return pg_copy_run(batch->pg,
		"COPY agenda (criterion, subject, class, due_at, by_clock)"
		" FROM STDIN (FORMAT binary)",
		copy, reterr);
}
