/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Since when a source is declared, from toolstate: each declaration states its
 * interval, a removal that there is none; the same interval said again changes
 * nothing.
 */
#include "projection.h"

#include "lanes.h"

#include <stdlib.h>
#include <string.h>

/* False where it is about something else. */
static bool say(struct arena *arena, const struct evidence *evidence,
	struct lane_said *ret)
{
	const char *state = json_text_at(evidence->body, "state", "");
	bool removed = strcmp(state, "removed") == 0;
	struct timeline_item *item = arena_alloc(arena, sizeof(*item));
	int64_t seconds = 0;

	if (!removed && strcmp(state, "declared") != 0 &&
		strcmp(state, "changed") != 0)
		return false;
	if (!json_integer(
		    json_get(evidence->body, "interval_seconds"), &seconds))
		seconds = 0;
	*item = (struct timeline_item){
		arena_printf(arena, "%lld", (long long)seconds), "", NULL};
	*ret = (struct lane_said){.names = {evidence->subject, "", ""},
		.statement = {.at = evidence->effective_time,
			.recorded = evidence->recorded_time,
			.evidence = evidence->id,
			.complete = true,
			.items = item,
			.count = removed ? 0 : 1}};
	return true;
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
		" AS k (subject, no, thing, since, n),"
		" LATERAL (SELECT * FROM declaration_statement s"
		" WHERE s.subject = k.subject"
		" AND s.effective_at >= k.since OFFSET 0) s",
		NULL, reterr);

	if (status != OK)
		return status;
	return lanes_bring(lanes,
		"SELECT k.n, r.ctid, r.valid_from, r.valid_until,"
		" encode(r.evidence, 'hex'), encode(r.closed_by, 'hex'),"
		" r.interval_seconds FROM unnest($1::text[], $2::text[],"
		" $3::text[], $4::timestamptz[]) WITH ORDINALITY"
		" AS k (subject, no, thing, since, n),"
		" LATERAL (SELECT r.ctid, r.* FROM declaration r"
		" WHERE r.subject = k.subject"
		" AND r.valid_until >= k.since OFFSET 0) r",
		read_item, reterr);
}

static enum status insert_statements(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[4];
	struct pg_args args;

	for (int i = 0; i < 4; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	for (size_t i = 0; i < lanes->said_count; i++) {
		const struct lane_said *said = &lanes->said[i];

		pg_array_text(columns[0], said->names[0]);
		pg_array_instant(columns[1], said->statement.at);
		pg_array_instant(columns[2], said->statement.recorded);
		lanes_array_id(columns[3], said->statement.evidence);
	}
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < 4; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO declaration_statement"
		" (subject, effective_at, recorded_at, evidence)"
		" SELECT * FROM unnest($1::text[], $2::timestamptz[],"
		" $3::timestamptz[], $4::bytea[])",
		&args, NULL, reterr);
}

static enum status insert_rows(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[6];
	struct lanes_walk walk = {0};
	const struct lane *lane;
	struct timeline_row row;
	struct pg_args args;

	for (int i = 0; i < 6; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	while (lanes_new(lanes, &walk, &lane, &row)) {
		pg_array_text(columns[0], lane->names[0]);
		pg_array_text(columns[1], row.item.key);
		pg_array_instant(columns[2], row.from);
		pg_array_instant(columns[3], row.until);
		lanes_array_id(columns[4], row.opened);
		lanes_array_id(columns[5], row.closed);
	}
	if (!pg_array_count(columns[0]))
		return OK;
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < 6; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO declaration (subject, interval_seconds,"
		" valid_from, valid_until, evidence, closed_by)"
		" SELECT a, b::bigint, c, d, e, f FROM unnest($1::text[],"
		" $2::text[], $3::timestamptz[], $4::timestamptz[],"
		" $5::bytea[], $6::bytea[]) AS t (a, b, c, d, e, f)",
		&args, NULL, reterr);
}

static const struct lanes_tables tables = {
	.load = load,
	.add_statements = insert_statements,
	.clear = "DELETE FROM declaration WHERE ctid = ANY($1::tid[])",
	.add_rows = insert_rows,
};

static enum status declaration_apply(struct pg *pg, struct arena *arena,
	const struct evidence *const *evidence, size_t count,
	struct reason *reterr)
{
	struct lanes lanes = {.pg = pg, .arena = arena};
	struct lane_said *said = arena_array(arena, count, sizeof(*said));
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += say(arena, evidence[i], &said[n]);
	if (!n)
		return OK;
	return lanes_write(&lanes, &tables, said, n, reterr);
}

const struct projection projection_declaration = {
	.name = "declaration",
	.class = CLASS_TOOLSTATE,
	.apply = declaration_apply,
};
