/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Neighbours of subjects (service runs image, service built-from repo), from
 * `related` of evidence of any class: each relation that evidence names is a
 * complete statement of the subject's neighbours by it.
 */
#include "intake_private.h"
#include "lanes.h"

#include <stdlib.h>
#include <string.h>

static int by_relation(const void *left, const void *right)
{
	const struct related *a = left, *b = right;

	return strcmp(a->relation, b->relation);
}

/* One statement per relation of this evidence; returns how many. */
static size_t say(struct arena *arena, const struct evidence *evidence,
	struct lane_said *out)
{
	size_t count = evidence->related_count, said = 0;
	struct related *sorted = arena_array(arena, count, sizeof(*sorted));
	struct timeline_item *items = arena_array(arena, count, sizeof(*items));

	for (size_t i = 0; i < count; i++)
		sorted[i] = evidence->related[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_relation);
	for (size_t i = 0; i < count;) {
		size_t first = i;

		for (; i < count &&
			strcmp(sorted[i].relation, sorted[first].relation) == 0;
			i++)
			items[i] = (struct timeline_item){
				sorted[i].subject, "", NULL};
		out[said++] =
			(struct lane_said){.names = {evidence->subject,
						   sorted[first].relation, ""},
				.statement = {.at = evidence->effective_time,
					.recorded = evidence->recorded_time,
					.evidence = evidence->id,
					.complete = true,
					.items = items + first,
					.count = timeline_sort(
						items + first, i - first)}};
	}
	return said;
}

static void read_item(struct lanes *lanes, const struct pg_rows *rows,
	size_t row, struct timeline_item *ret)
{
	*ret = (struct timeline_item){
		arena_string(lanes->arena, pg_get(rows, row, 6)), "", NULL};
}

static enum status load(struct lanes *lanes, struct reason *reterr)
{
	enum status status = lanes_know(lanes,
		"SELECT k.n, s.effective_at, s.recorded_at,"
		" encode(s.evidence, 'hex'), true"
		" FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[]) WITH ORDINALITY"
		" AS k (subject, relation, nothing, since, n),"
		" LATERAL (SELECT * FROM relation_statement s"
		" WHERE s.subject = k.subject AND s.relation = k.relation"
		" AND s.effective_at >= k.since OFFSET 0) s",
		NULL, reterr);

	if (status != OK)
		return status;
	return lanes_bring(lanes,
		"SELECT k.n, r.ctid, r.valid_from, r.valid_until,"
		" encode(r.evidence, 'hex'), encode(r.closed_by, 'hex'),"
		" r.other FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[]) WITH ORDINALITY"
		" AS k (subject, relation, nothing, since, n),"
		" LATERAL (SELECT r.ctid, r.* FROM relation r"
		" WHERE r.subject = k.subject AND r.relation = k.relation"
		" AND r.valid_until >= k.since OFFSET 0) r",
		read_item, reterr);
}

static enum status insert_statements(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[5];
	struct pg_args args;

	for (int i = 0; i < 5; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	for (size_t i = 0; i < lanes->said_count; i++) {
		const struct lane_said *said = &lanes->said[i];

		pg_array_text(columns[0], said->names[0]);
		pg_array_text(columns[1], said->names[1]);
		pg_array_instant(columns[2], said->statement.at);
		pg_array_instant(columns[3], said->statement.recorded);
		lanes_array_id(columns[4], said->statement.evidence);
	}
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < 5; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO relation_statement"
		" (subject, relation, effective_at, recorded_at, evidence)"
		" SELECT * FROM unnest($1::text[], $2::text[],"
		" $3::timestamptz[], $4::timestamptz[], $5::bytea[])",
		&args, NULL, reterr);
}

static enum status insert_rows(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[7];
	struct lanes_walk walk = {0};
	const struct lane *lane;
	struct timeline_row row;
	struct pg_args args;

	for (int i = 0; i < 7; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	while (lanes_new(lanes, &walk, &lane, &row)) {
		pg_array_text(columns[0], lane->names[0]);
		pg_array_text(columns[1], lane->names[1]);
		pg_array_text(columns[2], row.item.key);
		pg_array_instant(columns[3], row.from);
		pg_array_instant(columns[4], row.until);
		lanes_array_id(columns[5], row.opened);
		lanes_array_id(columns[6], row.closed);
	}
	if (!pg_array_count(columns[0]))
		return OK;
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < 7; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO relation (subject, relation, other, valid_from,"
		" valid_until, evidence, closed_by) SELECT * FROM"
		" unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[], $5::timestamptz[], $6::bytea[],"
		" $7::bytea[])",
		&args, NULL, reterr);
}

static const struct lanes_tables tables = {
	.load = load,
	.add_statements = insert_statements,
	.clear = "DELETE FROM relation WHERE ctid = ANY($1::tid[])",
	.add_rows = insert_rows,
};

enum status intake_relations(struct intake_batch *batch, struct reason *reterr)
{
	struct lanes lanes = {.pg = batch->pg, .arena = batch->arena};
	size_t room = 0, count = 0;
	struct lane_said *said;

	for (size_t i = 0; i < batch->fresh_count; i++)
		room += batch->fresh[i]->evidence.related_count;
	if (!room)
		return OK;
	said = arena_array(batch->arena, room, sizeof(*said));
	for (size_t i = 0; i < batch->fresh_count; i++)
		count += say(
			batch->arena, &batch->fresh[i]->evidence, said + count);
	return lanes_write(&lanes, &tables, said, count, reterr);
}
