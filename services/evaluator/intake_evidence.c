/* SPDX-License-Identifier: Apache-2.0 */
/* Each piece of evidence once: seen or new, and its append-only row. */
#include "intake_private.h"

#include "base/bug.h"
#include "base/log.h"

#include <string.h>

static void add(struct crypto *crypto, const char *text)
{
	uint64_t length = text ? strlen(text) : 0;

	sha256_add(crypto, &length, sizeof(length));
	if (text)
		sha256_add(crypto, text, length);
}

static void add_number(struct crypto *crypto, int64_t number)
{
	sha256_add(crypto, &number, sizeof(number));
}

/* What the sender said; a retry says it at another time under another
 * delivery id. */
static void digest_said(struct arena *arena, struct crypto *crypto,
	struct intake_record *record)
{
	const struct evidence *evidence = &record->evidence;
	const struct snapshot *snapshot = &evidence->snapshot;
	size_t length;
	const char *body = json_rewrite(arena, evidence->body, &length);

	sha256_begin(crypto);
	add(crypto, evidence->kind);
	add_number(crypto, evidence->class);
	add_number(crypto, evidence->tool_time);
	add(crypto, snapshot->id);
	add_number(crypto, snapshot->part);
	add_number(crypto, snapshot->parts);
	add_number(crypto, snapshot->complete);
	add(crypto, snapshot->digest);
	add(crypto, snapshot->target);
	sha256_add(crypto, body, length);
	sha256_end(crypto, record->digest);
}

/* What sources.yaml and subjects.yaml made of it. */
static void digest_mapping(struct crypto *crypto, struct intake_record *record)
{
	const struct evidence *evidence = &record->evidence;
	uint8_t digest[SHA256_SIZE];

	sha256_begin(crypto);
	add(crypto, evidence->subject);
	add(crypto, evidence->unmapped);
	for (size_t i = 0; i < evidence->label_count; i++) {
		add(crypto, evidence->labels[i].name);
		add(crypto, evidence->labels[i].value);
	}
	add_number(crypto, (int64_t)evidence->label_count);
	for (size_t i = 0; i < evidence->related_count; i++) {
		add(crypto, evidence->related[i].subject);
		add(crypto, evidence->related[i].relation);
	}
	sha256_end(crypto, digest);
	memcpy(record->mapping, digest, MAPPING_SIZE);
}

void intake_digest(struct arena *arena, struct crypto *crypto,
	struct intake_record *record)
{
	digest_said(arena, crypto, record);
	digest_mapping(crypto, record);
	evidence_leaf(crypto, &record->evidence, record->content, record->size,
		record->leaf);
}

/* What is known of an id: another record of the batch, or a row. */
struct known {
	const uint8_t *digest;
	const uint8_t *mapping;
	const char *adapter;
};

struct conflicts {
	const struct intake_record **list;
	size_t count;
};

static void compare(struct intake_batch *batch,
	const struct intake_record *record, const struct known *first,
	struct conflicts *conflicts)
{
	if (memcmp(record->digest, first->digest, SHA256_SIZE) == 0) {
		batch->not_taken[REPEAT]++;
		return;
	}
	if (strcmp(record->evidence.adapter, first->adapter) != 0 ||
		memcmp(record->mapping, first->mapping, MAPPING_SIZE) != 0) {
		batch->not_taken[DIFFERS]++;
		return;
	}
	batch->not_taken[CONFLICT]++;
	conflicts->list[conflicts->count++] = record;
	log_line(LOG_WARN, "INTAKE-CONFLICT",
		LOG_TEXT("id", record->evidence.id),
		LOG_TEXT("source", record->evidence.source),
		LOG_TEXT("adapter", record->evidence.adapter));
}

static int by_id(const void *left, const void *right)
{
	const struct intake_record *a = *(struct intake_record *const *)left;
	const struct intake_record *b = *(struct intake_record *const *)right;
	int order = memcmp(a->id, b->id, SHA256_SIZE);

	/* Records lie in the order of the partition. */
	return order ? order : (a > b) - (a < b);
}

/* The first of each id, sorted: two batches lock ids in one order. */
static void find_first(struct intake_batch *batch, struct conflicts *conflicts)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++)
		batch->fresh[i] = &batch->records[i];
	qsort(batch->fresh, batch->count, sizeof(*batch->fresh), by_id);
	for (size_t i = 0; i < batch->count; i++) {
		struct intake_record *last =
			kept ? batch->fresh[kept - 1] : NULL;
		struct intake_record *record = batch->fresh[i];
		struct known known;

		if (!last || memcmp(last->id, record->id, SHA256_SIZE) != 0) {
			batch->fresh[kept++] = record;
			continue;
		}
		known = (struct known){
			last->digest, last->mapping, last->evidence.adapter};
		compare(batch, record, &known, conflicts);
	}
	batch->fresh_count = kept;
}

/* Of all fresh records, each taking about that many bytes. */
static struct pg_column *column(
	const struct intake_batch *batch, enum pg_type type, size_t each)
{
	return pg_column_new(
		batch->arena, type, batch->fresh_count * (each + 4));
}

static enum status insert_seen(
	struct intake_batch *batch, int64_t *ret_new, struct reason *reterr)
{
	struct pg_column *ids = column(batch, PG_BYTEA, SHA256_SIZE);
	struct pg_column *digests = column(batch, PG_BYTEA, SHA256_SIZE);
	struct pg_column *mappings = column(batch, PG_BYTEA, MAPPING_SIZE);
	struct pg_column *adapters = column(batch, PG_TEXT, 16);
	struct pg_column *recorded = column(batch, PG_INSTANT, 8);
	struct pg_args args;

	for (size_t i = 0; i < batch->fresh_count; i++) {
		const struct intake_record *record = batch->fresh[i];

		pg_column_bytes(ids, record->id, SHA256_SIZE);
		pg_column_bytes(digests, record->digest, SHA256_SIZE);
		pg_column_bytes(mappings, record->mapping, MAPPING_SIZE);
		pg_column_text(adapters, record->evidence.adapter);
		pg_column_instant(recorded, record->evidence.recorded_time);
	}
	pg_args_init(&args, batch->arena);
	pg_column_arg(&args, ids);
	pg_column_arg(&args, digests);
	pg_column_arg(&args, mappings);
	pg_column_arg(&args, adapters);
	pg_column_arg(&args, recorded);
	return pg_do(batch->pg,
		"INSERT INTO evidence_seen"
		" (id, digest, mapping, adapter, recorded_at)"
		" SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[],"
		" $4::text[], $5::timestamptz[])"
		" ON CONFLICT (id) DO NOTHING",
		&args, ret_new, reterr);
}

/* Rows of our ids that were there before this transaction, by id. */
static enum status read_seen(
	struct intake_batch *batch, struct pg_rows **ret, struct reason *reterr)
{
	struct pg_column *ids = column(batch, PG_BYTEA, SHA256_SIZE);
	struct pg_args args;

	for (size_t i = 0; i < batch->fresh_count; i++)
		pg_column_bytes(ids, batch->fresh[i]->id, SHA256_SIZE);
	pg_args_init(&args, batch->arena);
	pg_column_arg(&args, ids);
	return pg_run(batch->pg,
		"SELECT id, digest, mapping, adapter FROM evidence_seen"
		" WHERE id = ANY($1::bytea[])"
		" AND xmin <> pg_current_xact_id()::xid ORDER BY id",
		&args, ret, reterr);
}

/* Drops from `fresh` what was seen before. Both are sorted by id. */
static enum status drop_seen(struct intake_batch *batch,
	struct conflicts *conflicts, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	size_t kept = 0, row = 0;
	enum status status = read_seen(batch, &rows, reterr);

	if (status != OK)
		return status;
	for (size_t i = 0; i < batch->fresh_count; i++) {
		struct intake_record *record = batch->fresh[i];
		uint8_t id[SHA256_SIZE], digest[SHA256_SIZE];
		uint8_t mapping[MAPPING_SIZE];
		struct known known = {digest, mapping, NULL};

		if (row == pg_count(rows) ||
			!pg_get_bytea(rows, row, 0, id, sizeof(id)) ||
			memcmp(id, record->id, sizeof(id)) != 0) {
			batch->fresh[kept++] = record;
			continue;
		}
		if (!pg_get_bytea(rows, row, 1, digest, sizeof(digest)) ||
			!pg_get_bytea(rows, row, 2, mapping, sizeof(mapping)))
			BUG("evidence_seen holds a digest of another size");
		known.adapter = pg_get(rows, row++, 3);
		compare(batch, record, &known, conflicts);
	}
	pg_rows_free(&rows);
	batch->fresh_count = kept;
	return OK;
}

static enum status insert_conflicts(struct intake_batch *batch,
	const struct conflicts *conflicts, struct reason *reterr)
{
	struct pg_array *columns[6];
	struct pg_args args;

	if (!conflicts->count)
		return OK;
	for (int i = 0; i < 6; i++)
		columns[i] = intake_array(batch);
	for (size_t i = 0; i < conflicts->count; i++) {
		const struct intake_record *record = conflicts->list[i];

		pg_array_bytea(columns[0], record->id, SHA256_SIZE);
		pg_array_bytea(columns[1], record->digest, SHA256_SIZE);
		pg_array_text(columns[2], record->evidence.source);
		pg_array_text(columns[3], record->evidence.tool);
		pg_array_text(columns[4], record->evidence.adapter);
		pg_array_instant(columns[5], record->evidence.recorded_time);
	}
	pg_args_init(&args, batch->arena);
	for (int i = 0; i < 6; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(batch->pg,
		"INSERT INTO evidence_conflict"
		" (id, digest, source, tool, adapter, recorded_at)"
		" SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::text[],"
		" $4::text[], $5::text[], $6::timestamptz[])"
		" ON CONFLICT (id, digest) DO NOTHING",
		&args, NULL, reterr);
}

#define EVIDENCE_COLUMNS 14
#define EVIDENCE_ROW 600 /* bytes of one without its content, about */

static enum status copy_evidence(
	struct intake_batch *batch, struct reason *reterr)
{
	struct pg_copy *copy;
	size_t expected = 0;

	for (size_t i = 0; i < batch->fresh_count; i++)
		expected += batch->fresh[i]->size + EVIDENCE_ROW;
	copy = pg_copy_new(batch->arena, EVIDENCE_COLUMNS, expected);
	for (size_t i = 0; i < batch->fresh_count; i++) {
		const struct intake_record *record = batch->fresh[i];
		const struct evidence *evidence = &record->evidence;

		pg_copy_bytes(copy, record->id, SHA256_SIZE);
		pg_copy_instant(copy, evidence->recorded_time);
		pg_copy_instant(copy, evidence->effective_time);
		pg_copy_text(copy, evidence->tenant);
		pg_copy_text(copy, evidence_class_name(evidence->class));
		pg_copy_text(copy, evidence->kind);
		pg_copy_text(copy, evidence->subject);
		pg_copy_text(copy, evidence->source);
		pg_copy_text(copy, evidence->tool);
		pg_copy_text(copy, evidence->adapter);
		pg_copy_text(copy, evidence->delivery_digest);
		pg_copy_bytes(copy, record->leaf, SHA256_SIZE);
		pg_copy_bytes(copy, record->content, record->size);
		pg_copy_text(copy, evidence->traceparent);
	}
	return pg_copy_run(batch->pg,
		"COPY evidence (id, recorded_at, effective_at, tenant, class,"
		" kind, subject, source, tool, adapter, delivery_digest, leaf,"
		" data, traceparent) FROM STDIN (FORMAT binary)",
		copy, reterr);
}

enum status intake_evidence(struct intake_batch *batch, struct reason *reterr)
{
	struct conflicts conflicts = {
		.list = arena_array(batch->arena, batch->count,
			sizeof(struct intake_record *))};
	int64_t new = 0;
	enum status status;

	batch->fresh =
		arena_array(batch->arena, batch->count, sizeof(*batch->fresh));
	find_first(batch, &conflicts);
	status = insert_seen(batch, &new, reterr);
	if (status == OK && (size_t) new < batch->fresh_count)
		status = drop_seen(batch, &conflicts, reterr);
	if (status == OK)
		status = insert_conflicts(batch, &conflicts, reterr);
	if (status == OK && batch->fresh_count)
		status = copy_evidence(batch, reterr);
	return status;
}
