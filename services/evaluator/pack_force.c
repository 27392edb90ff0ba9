/* SPDX-License-Identifier: Apache-2.0 */
#include "pack_force.h"

#include "journal.h"

#include <string.h>

#define PART 500 /* subjects */
#define ARRAY_BYTES (64u << 20)

static enum status enter(struct pg *pg, struct arena *arena,
	const struct pack *pack, bool *ret_other, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, pack_digest(pack));
	pg_text(&args, pack_name(pack));
	pg_text(&args, pack_version(pack));
	/* The first pack of all finds nothing that was judged by another. */
	status = pg_run(pg,
		"INSERT INTO pack_in_force AS p (digest, name, version, since)"
		" VALUES ($1, $2, $3, clock_timestamp())"
		" ON CONFLICT (single) DO UPDATE SET digest = $1, name = $2,"
		" version = $3, since = clock_timestamp(), swept_to = ''"
		" WHERE p.digest <> $1 RETURNING swept_to IS NOT NULL",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_other = pg_count(rows) && pg_get_bool(rows, 0, 0);
	pg_rows_free(&rows);
	return *ret_other ? journal_forgive(pg, arena, reterr) : OK;
}

enum status pack_force_enter(struct pg *pg, struct arena *arena,
	const struct pack *pack, bool *ret_other, struct reason *reterr)
{
	enum status status = pg_begin(pg, reterr);

	if (status == OK)
		status = enter(pg, arena, pack, ret_other, reterr);
	if (status == OK)
		status = pg_commit(pg, reterr);
	if (status != OK)
		pg_rollback(pg);
	return status;
}

struct sweep {
	struct arena *arena;
	const struct pack *pack;
	instant now;
	const char *from, *to; /* names; `to` NULL: the last part */
	struct pg_array *criteria, *subjects;
};

static enum status add_subjects(
	struct pg *pg, struct sweep *sweep, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	size_t count;
	enum status status;

	pg_args_init(&args, sweep->arena);
	pg_text(&args, sweep->from);
	pg_integer(&args, PART);
	status = pg_run(pg,
		"SELECT name FROM subject WHERE name > $1"
		" ORDER BY name LIMIT $2",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	count = pg_count(rows);
	for (size_t i = 0; i < count; i++) {
		const char *name =
			arena_string(sweep->arena, pg_get(rows, i, 0));
		enum subject_kind kind = subject_kind_of(name);

		for (size_t j = 0; j < pack_count(sweep->pack); j++) {
			if (pack_at(sweep->pack, j)->subject != kind)
				continue;
			pg_array_text(
				sweep->criteria, pack_at(sweep->pack, j)->id);
			pg_array_text(sweep->subjects, name);
		}
		if (count == PART)
			sweep->to = name;
	}
	pg_rows_free(&rows);
	return OK;
}

static enum status put_due(
	struct pg *pg, struct sweep *sweep, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, sweep->arena);
	pg_array_arg(&args, sweep->criteria);
	pg_array_arg(&args, sweep->subjects);
	pg_instant(&args, sweep->now);
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" SELECT criterion, subject, $3, false FROM"
		" unnest($1::text[], $2::text[]) AS p (criterion, subject)",
		&args, NULL, reterr);
}

/* Pairs of criteria that this pack does not have. */
static enum status put_retired(
	struct pg *pg, struct sweep *sweep, struct reason *reterr)
{
	struct pg_array *ids = pg_array_new(sweep->arena, ARRAY_BYTES);
	struct pg_args args;

	for (size_t i = 0; i < pack_count(sweep->pack); i++)
		pg_array_text(ids, pack_at(sweep->pack, i)->id);
	pg_args_init(&args, sweep->arena);
	pg_array_arg(&args, ids);
	pg_text(&args, sweep->from);
	pg_text(&args, sweep->to);
	pg_instant(&args, sweep->now);
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" SELECT criterion, subject, $4, false FROM verdict"
		" WHERE criterion <> ALL ($1::text[]) AND subject > $2"
		" AND ($3::text IS NULL OR subject <= $3)"
		" AND verdict <> 'not-applicable'",
		&args, NULL, reterr);
}

static enum status sweep_part(
	struct pg *pg, struct sweep *sweep, struct reason *reterr)
{
	struct pg_args args;
	enum status status = add_subjects(pg, sweep, reterr);

	if (status == OK)
		status = put_due(pg, sweep, reterr);
	if (status == OK)
		status = put_retired(pg, sweep, reterr);
	if (status != OK)
		return status;
	pg_args_init(&args, sweep->arena);
	pg_text(&args, sweep->to);
	return pg_do(pg, "UPDATE pack_in_force SET swept_to = $1", &args, NULL,
		reterr);
}

/* OK with `from` set: a part is to be done, and the row is ours. */
static enum status look(struct pg *pg, struct arena *arena,
	const struct pack *pack, bool lock, const char **ret_from,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	enum status status = pg_run(pg,
		lock ? "SELECT digest, swept_to FROM pack_in_force"
		       " FOR UPDATE SKIP LOCKED"
		     : "SELECT digest, swept_to FROM pack_in_force",
		NULL, &rows, reterr);

	if (status != OK)
		return status;
	*ret_from = NULL;
	if (pg_count(rows)) {
		if (strcmp(pg_get(rows, 0, 0), pack_digest(pack)) != 0)
			status = IGNORED;
		if (!pg_null(rows, 0, 1))
			*ret_from = arena_string(arena, pg_get(rows, 0, 1));
	}
	pg_rows_free(&rows);
	return status;
}

enum status pack_force_holds(struct pg *pg, struct arena *arena,
	const struct pack *pack, struct reason *reterr)
{
	const char *from;

	return look(pg, arena, pack, false, &from, reterr);
}

enum status pack_force_step(struct pg *pg, struct arena *arena,
	const struct pack *pack, instant now, bool *ret_more,
	struct reason *reterr)
{
	struct sweep sweep = {.arena = arena,
		.pack = pack,
		.now = now,
		.criteria = pg_array_new(arena, ARRAY_BYTES),
		.subjects = pg_array_new(arena, ARRAY_BYTES)};
	enum status status = look(pg, arena, pack, false, &sweep.from, reterr);

	*ret_more = false;
	if (status != OK || !sweep.from)
		return status;
	status = pg_begin(pg, reterr);
	if (status == OK)
		status = look(pg, arena, pack, true, &sweep.from, reterr);
	if (status == OK && sweep.from)
		status = sweep_part(pg, &sweep, reterr);
	if (status == OK)
		status = pg_commit(pg, reterr);
	if (status != OK)
		pg_rollback(pg);
	*ret_more = status == OK && sweep.from && sweep.to;
	return status;
}
