/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings from scans: each snapshot is a statement of what is open for its
 * (subject, source, target). A complete one resolves what it does not show, a
 * partial one resolves nothing, one that arrives late changes only its own
 * span.
 */
#include "projection.h"

#include "base/bug.h"
#include "lanes.h"
#include "shorten.h"
#include "snapshot_set.h"

#include <stdlib.h>
#include <string.h>

/* A row of an index holds 2,700 bytes: subject, source, target and this. */
#define KEY_MOST 800

struct finding {
	const char *vulnerability;
	const char *package;
	const char *severity;
	const char *fixed_version; /* NULL: none */
	const char *detail;        /* JSON */
};

/* What scan.c carries through a batch. */
struct scanning {
	struct arena *arena;
	struct crypto *crypto;
	struct json_maker *maker;
};

static int by_text(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Scanners give them in any order, and order must not make a change. */
static void set_aliases(const struct scanning *scanning, struct json_node *node,
	const struct json *aliases)
{
	size_t count = 0;
	const char **sorted;
	struct json_node *array;

	if (!json_count(aliases))
		return;
	sorted = arena_array(
		scanning->arena, json_count(aliases), sizeof(*sorted));
	JSON_EACH (aliases, walk)
		if (json_text(walk.value))
			sorted[count++] = json_text(walk.value);
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_text);
	array = json_array(scanning->maker);
	for (size_t i = 0; i < count; i++)
		json_add_text(scanning->maker, array, sorted[i]);
	json_set_node(scanning->maker, node, "aliases", array);
}

static const char *detail_of(
	const struct scanning *scanning, const struct json *finding)
{
	static const char *const members[] = {"version", "status", "path",
		"known_exploited", "kev_date", "exposed", "automatable",
		"technical_impact"};
	struct json_node *node = json_object(scanning->maker);
	size_t length;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		json_set_copy(scanning->maker, node, members[i],
			json_get(finding, members[i]));
	set_aliases(scanning, node, json_get(finding, "aliases"));
	return json_write(scanning->maker, node, &length);
}

/* All that makes a finding what it is, to be compared. */
static struct timeline_item item_of(
	struct arena *arena, const char *key, const struct finding *finding)
{
	struct timeline_item item = {.key = key, .what = finding};

	item.detail = arena_printf(arena, "%s\x1f%s\x1f%s\x1f%s%s\x1f%s",
		finding->vulnerability, finding->package, finding->severity,
		finding->fixed_version ? "=" : "",
		finding->fixed_version ? finding->fixed_version : "",
		finding->detail);
	return item;
}

static struct timeline_item read_finding(
	const struct scanning *scanning, const struct json *json)
{
	struct finding *finding =
		arena_alloc(scanning->arena, sizeof(*finding));
	const char *key = shorten(scanning->arena, scanning->crypto,
		json_text_at(json, "key", ""), KEY_MOST);

	finding->vulnerability = json_text_at(json, "vulnerability", "");
	finding->package = json_text_at(json, "package", "");
	finding->severity = json_text_at(json, "severity", "unknown");
	finding->fixed_version = json_text(json_get(json, "fixed_version"));
	finding->detail = detail_of(scanning, json);
	return item_of(scanning->arena, key, finding);
}

/* Findings of all parts as items of a statement. */
static void read_items(const struct scanning *scanning,
	const struct json *const *bodies, size_t count,
	struct timeline_statement *ret)
{
	size_t room = 0, n = 0;
	struct timeline_item *items;

	for (size_t i = 0; i < count; i++)
		room += json_count(json_get(bodies[i], "findings"));
	items = arena_array(scanning->arena, room, sizeof(*items));
	for (size_t i = 0; i < count; i++)
		JSON_EACH (json_get(bodies[i], "findings"), walk)
			items[n++] = read_finding(scanning, walk.value);
	ret->items = items;
	ret->count = timeline_sort(items, n);
}

static void say(const struct scanning *scanning,
	const struct snapshot_whole *whole, struct lane_said *ret)
{
	*ret = (struct lane_said){
		.names = {whole->subject, whole->source, whole->target},
		.statement = {.at = whole->effective,
			.recorded = whole->recorded,
			.evidence = whole->evidence[0],
			.complete = whole->complete},
		.origin = whole};
	read_items(scanning, whole->bodies, whole->part_count, &ret->statement);
}

/* Lanes with what reading needs; lanes comes first, callbacks get that. */
struct scan_lanes {
	struct lanes lanes;
	struct scanning scanning;
};

/* Content of a partial snapshot that is known: what it adds must be added
 * again after a late one before it. Erased content adds nothing. */
static enum status read_partial(struct lanes *lanes, const struct pg_rows *rows,
	size_t row, struct timeline_statement *ret, struct reason *reterr)
{
	const struct scan_lanes *scan = (const struct scan_lanes *)lanes;
	struct pg_rows *contents = NULL;
	const struct json **bodies;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, lanes->arena);
	pg_text(&args, pg_get(rows, row, 5));
	pg_instant(&args, ret->recorded);
	status = pg_run(lanes->pg,
		"SELECT data FROM evidence WHERE id = ANY($1::bytea[])"
		" AND recorded_at = $2 AND data IS NOT NULL ORDER BY id",
		&args, &contents, reterr);
	if (status != OK)
		return status;
	bodies = arena_array(
		lanes->arena, pg_count(contents) + 1, sizeof(*bodies));
	for (size_t i = 0; i < pg_count(contents) && status == OK; i++)
		status = snapshot_set_body(lanes->arena, CLASS_SCAN,
			pg_get(contents, i, 0), &bodies[i], reterr);
	if (status == OK)
		read_items(&scan->scanning, bodies, pg_count(contents), ret);
	pg_rows_free(&contents);
	return status;
}

static void read_row(struct lanes *lanes, const struct pg_rows *rows,
	size_t row, struct timeline_item *ret)
{
	struct arena *arena = lanes->arena;
	struct finding *finding = arena_alloc(arena, sizeof(*finding));

	finding->vulnerability = arena_string(arena, pg_get(rows, row, 7));
	finding->package = arena_string(arena, pg_get(rows, row, 8));
	finding->severity = arena_string(arena, pg_get(rows, row, 9));
	if (!pg_null(rows, row, 10))
		finding->fixed_version =
			arena_string(arena, pg_get(rows, row, 10));
	finding->detail = arena_string(arena, pg_get(rows, row, 11));
	*ret = item_of(
		arena, arena_string(arena, pg_get(rows, row, 6)), finding);
}

static enum status load(struct lanes *lanes, struct reason *reterr)
{
	enum status status = lanes_know(lanes,
		"SELECT k.n, s.effective_at, s.recorded_at,"
		" encode(s.evidence, 'hex'), s.complete, s.parts"
		" FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[]) WITH ORDINALITY"
		" AS k (subject, source, target, since, n),"
		" LATERAL (SELECT * FROM scan s WHERE s.subject = k.subject"
		" AND s.source = k.source AND s.target = k.target"
		" AND s.effective_at >= k.since OFFSET 0) s",
		read_partial, reterr);

	if (status != OK)
		return status;
	return lanes_bring(lanes,
		"SELECT k.n, f.ctid, f.valid_from, f.valid_until,"
		" encode(f.evidence, 'hex'), encode(f.closed_by, 'hex'),"
		" f.key, f.vulnerability, f.package, f.severity,"
		" f.fixed_version, f.detail"
		" FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[]) WITH ORDINALITY"
		" AS k (subject, source, target, since, n),"
		" LATERAL (SELECT f.ctid, f.* FROM finding f"
		" WHERE f.subject = k.subject AND f.source = k.source"
		" AND f.target = k.target AND f.valid_until >= k.since"
		" OFFSET 0) f",
		read_row, reterr);
}

/* Ids as the text of an array, to go into an array as one text. */
static const char *parts_text(
	struct arena *arena, const struct snapshot_whole *whole)
{
	struct pg_array *array =
		pg_array_new(arena, whole->part_count * 80 + 16);
	struct pg_args args;

	for (size_t i = 0; i < whole->part_count; i++)
		lanes_array_id(array, whole->evidence[i]);
	pg_args_init(&args, arena);
	pg_array_arg(&args, array);
	return args.values[0];
}

#define SCAN_COLUMNS 10

static enum status insert_scans(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[SCAN_COLUMNS];
	struct pg_args args;

	for (int i = 0; i < SCAN_COLUMNS; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	for (size_t i = 0; i < lanes->said_count; i++) {
		const struct lane_said *said = &lanes->said[i];
		const struct snapshot_whole *whole = said->origin;

		for (int j = 0; j < 3; j++)
			pg_array_text(columns[j], said->names[j]);
		pg_array_instant(columns[3], whole->effective);
		pg_array_instant(columns[4], whole->recorded);
		lanes_array_id(columns[5], whole->evidence[0]);
		pg_array_text(columns[6], whole->tool);
		pg_array_text(columns[7], whole->snapshot);
		pg_array_bool(columns[8], whole->complete);
		pg_array_text(columns[9], parts_text(lanes->arena, whole));
	}
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < SCAN_COLUMNS; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO scan (subject, source, target, effective_at,"
		" recorded_at, evidence, tool, snapshot, complete, parts)"
		" SELECT a, b, c, d, e, f, g, h, i, j::bytea[]"
		" FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::timestamptz[], $5::timestamptz[], $6::bytea[],"
		" $7::text[], $8::text[], $9::boolean[], $10::text[])"
		" AS s (a, b, c, d, e, f, g, h, i, j)",
		&args, NULL, reterr);
}

#define FINDING_COLUMNS 13

static void add_row(struct pg_array *columns[FINDING_COLUMNS],
	const struct lane *lane, const struct timeline_row *row)
{
	const struct finding *finding = row->item.what;

	for (int i = 0; i < 3; i++)
		pg_array_text(columns[i], lane->names[i]);
	pg_array_text(columns[3], row->item.key);
	pg_array_instant(columns[4], row->from);
	pg_array_instant(columns[5], row->until);
	pg_array_text(columns[6], finding->vulnerability);
	pg_array_text(columns[7], finding->package);
	pg_array_text(columns[8], finding->severity);
	pg_array_text(columns[9], finding->fixed_version);
	pg_array_text(columns[10], finding->detail);
	lanes_array_id(columns[11], row->opened);
	lanes_array_id(columns[12], row->closed);
}

static enum status insert_findings(struct lanes *lanes, struct reason *reterr)
{
	struct pg_array *columns[FINDING_COLUMNS];
	struct lanes_walk walk = {0};
	const struct lane *lane;
	struct timeline_row row;
	struct pg_args args;

	for (int i = 0; i < FINDING_COLUMNS; i++)
		columns[i] = pg_array_new(lanes->arena, LANES_BOUND);
	while (lanes_new(lanes, &walk, &lane, &row))
		add_row(columns, lane, &row);
	if (!pg_array_count(columns[0]))
		return OK;
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < FINDING_COLUMNS; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(lanes->pg,
		"INSERT INTO finding (subject, source, target, key,"
		" valid_from, valid_until, vulnerability, package, severity,"
		" fixed_version, detail, evidence, closed_by)"
		" SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::text[], $5::timestamptz[], $6::timestamptz[],"
		" $7::text[], $8::text[], $9::text[], $10::text[],"
		" $11::json[], $12::bytea[], $13::bytea[])",
		&args, NULL, reterr);
}

static const struct lanes_tables tables = {
	.load = load,
	.add_statements = insert_scans,
	.clear = "DELETE FROM finding WHERE ctid = ANY($1::tid[])",
	.add_rows = insert_findings,
};

/* Snapshots that are whole by this batch, in one part or in several. */
static enum status find_whole(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct evidence *const *evidence,
	size_t count, struct snapshot_whole **ret, size_t *ret_count,
	struct reason *reterr)
{
	const struct evidence **parts =
		arena_array(arena, count, sizeof(struct evidence *));
	struct snapshot_whole *list =
		arena_array(arena, count, sizeof(*list)); /* a part each */
	struct snapshot_whole *joined;
	size_t part_count = 0, n = 0, joined_count = 0;
	enum status status = OK;

	for (size_t i = 0; i < count; i++)
		if (evidence[i]->snapshot.parts > 1)
			parts[part_count++] = evidence[i];
		else
			snapshot_set_single(
				arena, crypto, evidence[i], &list[n++]);
	if (part_count)
		status = snapshot_set_stage(pg, arena, crypto, parts,
			part_count, &joined, &joined_count, reterr);
	for (size_t i = 0; status == OK && i < joined_count; i++)
		list[n++] = joined[i];
	*ret = list;
	*ret_count = n;
	return status;
}

static enum status apply_whole(struct scan_lanes *scan,
	const struct snapshot_whole *whole, size_t count, struct reason *reterr)
{
	struct lane_said *said =
		arena_array(scan->lanes.arena, count, sizeof(*said));

	scan->scanning.maker = json_maker_new(scan->lanes.arena);
	for (size_t i = 0; i < count; i++)
		say(&scan->scanning, &whole[i], &said[i]);
	return lanes_write(&scan->lanes, &tables, said, count, reterr);
}

static enum status scan_apply(struct pg *pg, struct arena *arena,
	const struct evidence *const *evidence, size_t count,
	struct reason *reterr)
{
	struct scan_lanes scan = {.lanes = {.pg = pg, .arena = arena},
		.scanning = {.arena = arena, .crypto = crypto_new()}};
	struct snapshot_whole *whole;
	size_t n = 0;
	enum status status = find_whole(pg, arena, scan.scanning.crypto,
		evidence, count, &whole, &n, reterr);

	if (status == OK && n)
		status = apply_whole(&scan, whole, n, reterr);
	crypto_free(&scan.scanning.crypto);
	return status;
}

const struct projection projection_scan = {
	.name = "scan",
	.class = CLASS_SCAN,
	.apply = scan_apply,
};
