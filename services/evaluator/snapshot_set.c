/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot_set.h"

#include "shorten.h"

#include "base/bug.h"
#include "base/log.h"
#include "model/evidence_body.h"
#include "model/snapshot.h"

#include <string.h>

/* A row of an index holds 2,700 bytes: subject, source, key and this. */
#define TARGET_MOST 600

static const char *target_of(
	struct arena *arena, struct crypto *crypto, const char *target)
{
	return shorten(arena, crypto, target ? target : "", TARGET_MOST);
}

void snapshot_set_single(struct arena *arena, struct crypto *crypto,
	const struct evidence *evidence, struct snapshot_whole *ret)
{
	const struct snapshot *snapshot = &evidence->snapshot;

	*ret = (struct snapshot_whole){.subject = evidence->subject,
		.source = evidence->source,
		.tool = evidence->tool,
		.target = target_of(arena, crypto, snapshot->target),
		.snapshot = snapshot->id,
		.complete = snapshot->complete,
		.effective = evidence->effective_time,
		.recorded = evidence->recorded_time,
		.part_count = 1};
	ret->evidence = arena_array(arena, 1, sizeof(*ret->evidence));
	ret->bodies = arena_array(arena, 1, sizeof(*ret->bodies));
	ret->evidence[0] = evidence->id;
	ret->bodies[0] = evidence->body;
}

static size_t bound_of(const struct evidence *const *parts, size_t count)
{
	size_t bound = 4096;

	for (size_t i = 0; i < count; i++)
		bound += 2 * (strlen(parts[i]->subject) +
				     strlen(parts[i]->source) +
				     strlen(parts[i]->snapshot.id)) +
			 2 * TARGET_MOST + 256;
	return bound;
}

#define PART_COLUMNS 9

static enum status insert_parts(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct evidence *const *parts,
	size_t count, struct reason *reterr)
{
	size_t bound = bound_of(parts, count);
	struct pg_array *columns[PART_COLUMNS];
	struct pg_args args;

	for (int i = 0; i < PART_COLUMNS; i++)
		columns[i] = pg_array_new(arena, bound);
	for (size_t i = 0; i < count; i++) {
		uint8_t id[SHA256_SIZE];

		if (!hex_decode(parts[i]->id, SHA256_SIZE * 2, id, sizeof(id)))
			BUG("an id that was checked is no hex");
		pg_array_text(columns[0], parts[i]->subject);
		pg_array_text(columns[1], parts[i]->source);
		pg_array_text(columns[2], parts[i]->snapshot.id);
		pg_array_integer(columns[3], parts[i]->snapshot.part);
		pg_array_integer(columns[4], parts[i]->snapshot.parts);
		pg_array_instant(columns[5], parts[i]->recorded_time);
		pg_array_bytea(columns[6], id, sizeof(id));
		pg_array_instant(columns[7], parts[i]->effective_time);
		pg_array_text(columns[8],
			target_of(arena, crypto, parts[i]->snapshot.target));
	}
	pg_args_init(&args, arena);
	for (int i = 0; i < PART_COLUMNS; i++)
		pg_array_arg(&args, columns[i]);
	return pg_do(pg,
		"INSERT INTO snapshot_part (subject, source, snapshot, part,"
		" parts, recorded_at, evidence, effective_at, target)"
		" SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::integer[], $5::integer[], $6::timestamptz[],"
		" $7::bytea[], $8::timestamptz[], $9::text[])"
		" ON CONFLICT (subject, source, snapshot, part) DO NOTHING",
		&args, NULL, reterr);
}

/* $1 to $3: the sets. */
static void set_args(struct pg_args *args, struct arena *arena,
	const struct evidence *const *parts, size_t count)
{
	size_t bound = bound_of(parts, count);
	struct pg_array *columns[3];

	for (int i = 0; i < 3; i++)
		columns[i] = pg_array_new(arena, bound);
	for (size_t i = 0; i < count; i++) {
		pg_array_text(columns[0], parts[i]->subject);
		pg_array_text(columns[1], parts[i]->source);
		pg_array_text(columns[2], parts[i]->snapshot.id);
	}
	pg_args_init(args, arena);
	for (int i = 0; i < 3; i++)
		pg_array_arg(args, columns[i]);
}

/* Intake touches the subject at the time of each part; of a set of several
 * times all is due from the first. */
static enum status touch_mixed(struct pg *pg, struct arena *arena,
	const struct evidence *const *parts, size_t count,
	struct reason *reterr)
{
	struct pg_args args;

	set_args(&args, arena, parts, count);
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, class, due_at,"
		" by_clock) SELECT '', p.subject, 'scan', min(p.effective_at),"
		" false FROM (SELECT DISTINCT * FROM unnest($1::text[],"
		" $2::text[], $3::text[])) AS k (subject, source, snapshot)"
		" JOIN snapshot_part p ON p.subject = k.subject"
		" AND p.source = k.source AND p.snapshot = k.snapshot"
		" GROUP BY p.subject, p.source, p.snapshot"
		" HAVING min(p.effective_at) < max(p.effective_at)",
		&args, NULL, reterr);
}

/* All parts of the sets that have all of theirs, in order. */
static enum status read_full_sets(struct pg *pg, struct arena *arena,
	const struct evidence *const *parts, size_t count, struct pg_rows **ret,
	struct reason *reterr)
{
	struct pg_args args;

	set_args(&args, arena, parts, count);
	return pg_run(pg,
		"SELECT p.subject, p.source, p.snapshot, p.most,"
		" encode(p.evidence, 'hex'), c.data"
		" FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[],"
		" $3::text[])) AS k (subject, source, snapshot),"
		" LATERAL (SELECT q.*, count(*) OVER () AS here,"
		" max(q.parts) OVER () AS most FROM snapshot_part q"
		" WHERE q.subject = k.subject AND q.source = k.source"
		" AND q.snapshot = k.snapshot OFFSET 0) p"
		" LEFT JOIN evidence c ON c.id = p.evidence"
		" AND c.recorded_at = p.recorded_at WHERE p.here = p.most"
		" ORDER BY p.subject, p.source, p.snapshot, p.part",
		&args, ret, reterr);
}

enum status snapshot_set_body(struct arena *arena, enum evidence_class class,
	const char *content, const struct json **ret, struct reason *reterr)
{
	const struct json *root;
	enum status status =
		json_read(arena, content, strlen(content), &root, reterr);

	if (status == OK)
		*ret = json_get(root, evidence_class_name(class));
	return status;
}

/* What all parts of one set must say alike. */
static const char *const alike[] = {"effective_time", "recorded_time", "tool",
	"class", "snapshot.target", "snapshot.digest"};

struct set {
	struct snapshot_whole whole;
	const struct json **roots;
	bool gone; /* some content was erased while it waited */
};

static bool are_alike(const struct set *set)
{
	for (size_t i = 1; i < set->whole.part_count; i++) {
		for (size_t j = 0; j < sizeof(alike) / sizeof(*alike); j++)
			if (strcmp(json_text_at(set->roots[i], alike[j], ""),
				    json_text_at(
					    set->roots[0], alike[j], "")) != 0)
				return false;
		if (json_true(json_path(set->roots[i], "snapshot.complete")) !=
			set->whole.complete)
			return false;
	}
	return true;
}

static bool digest_is_right(
	struct arena *arena, struct crypto *crypto, const struct set *set)
{
	const char *class = json_text_at(set->roots[0], "class", "");
	const char *spread = evidence_class_split(evidence_class_parse(class));
	char digest[SNAPSHOT_DIGEST];

	if (!spread)
		return false;
	snapshot_digest_begin(crypto);
	for (size_t i = 0; i < set->whole.part_count; i++)
		snapshot_digest_add(
			crypto, arena, json_get(set->whole.bodies[i], spread));
	snapshot_digest_end(crypto, digest);
	return strcmp(digest,
		       json_text_at(set->roots[0], "snapshot.digest", "")) == 0;
}

static instant time_at(const struct json *root, const char *path)
{
	const char *text = json_text_at(root, path, "");
	struct reason reason;
	instant at;

	if (instant_parse(text, strlen(text), &at, &reason) != OK)
		BUG("stored evidence has no %s", path);
	return at;
}

/* Reads the set that begins at `row`. */
static enum status read_set(struct arena *arena, struct crypto *crypto,
	const struct pg_rows *rows, size_t row, struct set *ret,
	struct reason *reterr)
{
	size_t count = (size_t)pg_get_integer(rows, row, 3);
	struct snapshot_whole *whole = &ret->whole;
	const struct json *root;

	*whole = (struct snapshot_whole){.part_count = count,
		.subject = arena_string(arena, pg_get(rows, row, 0)),
		.source = arena_string(arena, pg_get(rows, row, 1)),
		.snapshot = arena_string(arena, pg_get(rows, row, 2))};
	whole->evidence = arena_array(arena, count, sizeof(*whole->evidence));
	whole->bodies = arena_array(arena, count, sizeof(*whole->bodies));
	ret->roots = arena_array(arena, count, sizeof(*ret->roots));
	for (size_t i = 0; i < count; i++) {
		const char *data = pg_get(rows, row + i, 5);
		enum status status;

		ret->gone |= pg_null(rows, row + i, 5);
		if (ret->gone)
			continue;
		status = json_read(
			arena, data, strlen(data), &ret->roots[i], reterr);
		if (status != OK)
			return status;
		whole->evidence[i] =
			arena_string(arena, pg_get(rows, row + i, 4));
		whole->bodies[i] = json_get(ret->roots[i],
			json_text_at(ret->roots[i], "class", ""));
	}
	if (ret->gone)
		return OK;
	root = ret->roots[0];
	whole->tool = json_text_at(root, "tool", "");
	whole->target = target_of(
		arena, crypto, json_text_at(root, "snapshot.target", NULL));
	whole->complete = json_true(json_path(root, "snapshot.complete"));
	whole->effective = time_at(root, "effective_time");
	whole->recorded = time_at(root, "recorded_time");
	return OK;
}

/* Takes a set out of the table, or marks it. */
static enum status settle(struct pg *pg, struct arena *arena,
	const struct snapshot_whole *whole, bool right, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, arena);
	pg_text(&args, whole->subject);
	pg_text(&args, whole->source);
	pg_text(&args, whole->snapshot);
	if (right)
		return pg_do(pg,
			"DELETE FROM snapshot_part WHERE subject = $1"
			" AND source = $2 AND snapshot = $3",
			&args, NULL, reterr);
	log_line(LOG_WARN, "INTAKE-SNAPSHOT-WRONG",
		LOG_TEXT("subject", whole->subject),
		LOG_TEXT("source", whole->source),
		LOG_TEXT("snapshot", whole->snapshot),
		LOG_TEXT("what", "all parts are there and are not those that "
				 "were made together"));
	return pg_do(pg,
		"UPDATE snapshot_part SET wrong = true WHERE subject = $1"
		" AND source = $2 AND snapshot = $3",
		&args, NULL, reterr);
}

static enum status join_sets(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct pg_rows *rows,
	struct snapshot_whole *list, size_t *ret_count, struct reason *reterr)
{
	enum status status = OK;
	size_t count = 0;

	for (size_t row = 0; status == OK && row < pg_count(rows);) {
		struct set set = {.gone = false};
		bool right;

		status = read_set(arena, crypto, rows, row, &set, reterr);
		if (status != OK)
			break;
		right = !set.gone && are_alike(&set) &&
			digest_is_right(arena, crypto, &set);
		status = settle(pg, arena, &set.whole, right, reterr);
		if (right)
			list[count++] = set.whole;
		row += set.whole.part_count;
	}
	*ret_count = count;
	return status;
}

enum status snapshot_set_stage(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct evidence *const *parts,
	size_t count, struct snapshot_whole **ret, size_t *ret_count,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	enum status status =
		insert_parts(pg, arena, crypto, parts, count, reterr);

	if (status == OK)
		status = touch_mixed(pg, arena, parts, count, reterr);

	if (status == OK)
		status = read_full_sets(pg, arena, parts, count, &rows, reterr);
	if (status != OK)
		return status;
	*ret = arena_array(arena, count, sizeof(**ret));
	status = join_sets(pg, arena, crypto, rows, *ret, ret_count, reterr);
	pg_rows_free(&rows);
	return status;
}
