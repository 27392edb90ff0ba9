/* SPDX-License-Identifier: Apache-2.0 */
#include "agenda.h"

#include <string.h>

#define LOOK_AHEAD 8 /* rows looked at for each pair that may be claimed */

instant agenda_now(const struct agenda_clock *clock, const char *criterion)
{
	if (clock->silence && strcmp(criterion, clock->silence) == 0)
		return watermark_for_silence(clock->watermark);
	return clock->watermark->now;
}

#define ROWS "SELECT criterion, subject, seq FROM agenda WHERE criterion <> ''"
#define RIPE " AND not_before <= clock_timestamp()"

/* 715519 is ours among the kinds of advisory locks, which know no schema. */
#define CLAIM_SQL                                                              \
	"WITH due AS MATERIALIZED ("                                           \
	"(" ROWS RIPE " AND NOT by_clock ORDER BY seq LIMIT $4)"               \
	" UNION ALL (" ROWS RIPE " AND by_clock AND due_at <= $1"              \
	" AND criterion IS DISTINCT FROM $3 ORDER BY due_at LIMIT $4)"         \
	" UNION ALL (" ROWS RIPE " AND by_clock AND due_at <= $2"              \
	" AND criterion = $3 ORDER BY due_at LIMIT $4)),"                      \
	" pair AS MATERIALIZED (SELECT criterion, subject FROM due"            \
	" GROUP BY criterion, subject ORDER BY min(seq) LIMIT $5)"             \
	" SELECT criterion, subject FROM pair WHERE pg_try_advisory_lock("     \
	"715519, hashtext(concat_ws(' ', current_schema(), criterion, "        \
	"subject)))"

enum status agenda_claim(struct pg *pg, struct arena *arena,
	const struct agenda_clock *clock, size_t most, struct agenda_pair **ret,
	size_t *ret_count, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_instant(&args, clock->watermark->now);
	pg_instant(&args, watermark_for_silence(clock->watermark));
	pg_text(&args, clock->silence);
	pg_integer(&args, (int64_t)most * LOOK_AHEAD);
	pg_integer(&args, (int64_t)most);
	status = pg_run(pg, CLAIM_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_count = pg_count(rows);
	*ret = arena_array(arena, *ret_count + 1, sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++) {
		(*ret)[i].criterion = arena_string(arena, pg_get(rows, i, 0));
		(*ret)[i].subject = arena_string(arena, pg_get(rows, i, 1));
	}
	pg_rows_free(&rows);
	return OK;
}

enum status agenda_release(struct pg *pg, struct reason *reterr)
{
	return pg_do(pg, "SELECT pg_advisory_unlock_all()", NULL, NULL, reterr);
}

static void pair_args(struct pg_args *args, struct arena *arena,
	const struct agenda_pair *pair)
{
	pg_args_init(args, arena);
	pg_text(args, pair->criterion);
	pg_text(args, pair->subject);
}

enum status agenda_take(struct pg *pg, struct arena *arena,
	const struct agenda_clock *clock, const struct agenda_pair *pair,
	struct agenda_taken *ret, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pair_args(&args, arena, pair);
	pg_instant(&args, agenda_now(clock, pair->criterion));
	status = pg_run(pg,
		"DELETE FROM agenda WHERE seq IN (SELECT seq FROM agenda"
		" WHERE criterion = $1 AND subject = $2 AND criterion <> ''"
		" AND (NOT by_clock OR due_at <= $3) FOR UPDATE SKIP LOCKED)"
		" RETURNING due_at, rest,"
		" (SELECT digest FROM pack_in_force)",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret = (struct agenda_taken){.pack = "",
		.rows = pg_count(rows),
		.due = INSTANT_NEVER,
		.rest = INSTANT_NEVER};
	for (size_t i = 0; i < ret->rows; i++) {
		instant due = pg_get_instant(rows, i, 0);
		instant *least =
			pg_get_bool(rows, i, 1) ? &ret->rest : &ret->due;

		if (due < *least)
			*least = due;
	}
	if (ret->rows && !pg_null(rows, 0, 2))
		ret->pack = arena_string(arena, pg_get(rows, 0, 2));
	pg_rows_free(&rows);
	return OK;
}

enum status agenda_put(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant due, enum agenda_kind kind,
	instant not_before, struct reason *reterr)
{
	struct pg_args args;

	pair_args(&args, arena, pair);
	pg_instant(&args, due);
	pg_bool(&args, kind == AGENDA_CLOCK);
	pg_bool(&args, kind == AGENDA_REST);
	pg_instant(&args, not_before);
	return pg_do(pg,
		"INSERT INTO agenda"
		" (criterion, subject, due_at, by_clock, rest, not_before)"
		" VALUES ($1, $2, $3, $4, $5, $6)",
		&args, NULL, reterr);
}

enum status agenda_touch(struct pg *pg, struct arena *arena,
	const char *subject, instant due, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, arena);
	pg_text(&args, subject);
	pg_instant(&args, due);
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" VALUES ('', $1, $2, false)",
		&args, NULL, reterr);
}

enum status agenda_delay(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant delay, struct reason *reterr)
{
	struct pg_args args;

	pair_args(&args, arena, pair);
	pg_integer(&args, delay);
	return pg_do(pg,
		"UPDATE agenda SET not_before ="
		" clock_timestamp() + $3::bigint * interval '1 microsecond'"
		" WHERE criterion = $1 AND subject = $2 AND criterion <> ''",
		&args, NULL, reterr);
}
