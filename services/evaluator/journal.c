/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#define PAIRS_BYTES (16u << 20)
#define PARKED_LEAST INSTANT_HOUR
#define PARKED_MOST INSTANT_DAY
#define DELAY_LEAST INSTANT_SECOND
#define DELAY_MOST INSTANT_MINUTE

enum journal_verdict journal_decide(const struct journal *journal, instant wall)
{
	if (!journal->known)
		return JOURNAL_JUDGE;
	if (journal->parked_until != INT64_MIN)
		return journal->parked_until > wall ? JOURNAL_STAY
						    : JOURNAL_JUDGE;
	if (journal->deaths >= JOURNAL_DEATHS ||
		journal->failures >= JOURNAL_FAILURES)
		return JOURNAL_PARK;
	return JOURNAL_JUDGE;
}

static instant doubled(instant least, instant most, int times)
{
	while (times-- > 1 && least < most)
		least *= 2;
	return least < most ? least : most;
}

instant journal_patience(int parked)
{
	return doubled(PARKED_LEAST, PARKED_MOST, parked);
}

instant journal_delay(int failures)
{
	return doubled(DELAY_LEAST, DELAY_MOST, failures);
}

static void pair_arrays(struct pg_args *args, struct arena *arena,
	const struct agenda_pair *pairs, size_t count)
{
	struct pg_array *criteria = pg_array_new(arena, PAIRS_BYTES);
	struct pg_array *subjects = pg_array_new(arena, PAIRS_BYTES);

	for (size_t i = 0; i < count; i++) {
		pg_array_text(criteria, pairs[i].criterion);
		pg_array_text(subjects, pairs[i].subject);
	}
	pg_args_init(args, arena);
	pg_array_arg(args, criteria);
	pg_array_arg(args, subjects);
}

static void pair_args(struct pg_args *args, struct arena *arena,
	const struct agenda_pair *pair)
{
	pg_args_init(args, arena);
	pg_text(args, pair->criterion);
	pg_text(args, pair->subject);
}

enum status journal_read(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count, struct journal **ret,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pair_arrays(&args, arena, pairs, count);
	status = pg_run(pg,
		"SELECT p.n - 1, j.deaths, j.failures, j.parked,"
		" coalesce(j.parked_until, '-infinity'), j.due_at, j.why"
		" FROM unnest($1::text[], $2::text[]) WITH ORDINALITY"
		" AS p (criterion, subject, n) JOIN judging j"
		" ON j.criterion = p.criterion AND j.subject = p.subject",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret = arena_array(arena, count + 1, sizeof(**ret));
	for (size_t i = 0; i < pg_count(rows); i++) {
		struct journal *row = &(*ret)[pg_get_integer(rows, i, 0)];

		row->known = true;
		row->deaths = (int)pg_get_integer(rows, i, 1);
		row->failures = (int)pg_get_integer(rows, i, 2);
		row->parked = (int)pg_get_integer(rows, i, 3);
		row->parked_until = pg_get_instant(rows, i, 4);
		row->due = pg_get_instant(rows, i, 5);
		if (!pg_null(rows, i, 6))
			row->why = arena_string(arena, pg_get(rows, i, 6));
	}
	pg_rows_free(&rows);
	return OK;
}

/* It must outlive us, not the server: it need not wait for the disk. A pair
 * that is tried again after it was parked has one death left. */
enum status journal_begin(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count, struct reason *reterr)
{
	struct pg_args args;

	pair_arrays(&args, arena, pairs, count);
	pg_integer(&args, JOURNAL_DEATHS);
	pg_integer(&args, JOURNAL_FAILURES);
	return pg_do(pg,
		"WITH lazy AS MATERIALIZED"
		" (SELECT set_config('synchronous_commit', 'off', true))"
		" INSERT INTO judging AS j (criterion, subject, deaths)"
		" SELECT p.criterion, p.subject, 1 FROM lazy,"
		" unnest($1::text[], $2::text[]) AS p (criterion, subject)"
		" ON CONFLICT (criterion, subject) DO UPDATE SET"
		" deaths = CASE WHEN j.parked_until IS NULL"
		" THEN j.deaths + 1 ELSE $3::integer END,"
		" failures = CASE WHEN j.parked_until IS NULL"
		" THEN j.failures ELSE $4::integer - 1 END,"
		" parked_until = NULL",
		&args, NULL, reterr);
}

enum status journal_left(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pairs, size_t count, struct reason *reterr)
{
	struct pg_args args;

	pair_arrays(&args, arena, pairs, count);
	return pg_do(pg,
		"WITH p AS (SELECT * FROM unnest($1::text[], $2::text[])"
		" AS p (criterion, subject)),"
		" clean AS (DELETE FROM judging j USING p"
		" WHERE j.criterion = p.criterion AND j.subject = p.subject"
		" AND j.deaths <= 1 AND j.failures = 0 AND j.parked = 0)"
		" UPDATE judging j SET deaths = j.deaths - 1 FROM p"
		" WHERE j.criterion = p.criterion AND j.subject = p.subject"
		" AND j.deaths > 0"
		" AND (j.deaths > 1 OR j.failures > 0 OR j.parked > 0)",
		&args, NULL, reterr);
}

enum status journal_failed(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct reason *why,
	struct reason *reterr)
{
	struct pg_args args;

	pair_args(&args, arena, pair);
	pg_text(&args, why->sentence);
	return pg_do(pg,
		"INSERT INTO judging AS j (criterion, subject, failures, why)"
		" VALUES ($1, $2, 1, $3) ON CONFLICT (criterion, subject)"
		" DO UPDATE SET deaths = greatest(j.deaths - 1, 0),"
		" failures = j.failures + 1, why = $3",
		&args, NULL, reterr);
}

enum status journal_done(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, struct reason *reterr)
{
	struct pg_args args;

	pair_args(&args, arena, pair);
	return pg_do(pg,
		"DELETE FROM judging WHERE criterion = $1 AND subject = $2",
		&args, NULL, reterr);
}

enum status journal_park(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant due, bool again,
	instant patience, instant *ret_until, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pair_args(&args, arena, pair);
	pg_instant(&args, due);
	pg_bool(&args, again);
	pg_integer(&args, patience);
	status = pg_run(pg,
		"UPDATE judging SET due_at = least(due_at, $3),"
		" parked = parked + CASE WHEN $4 THEN 1 ELSE 0 END,"
		" parked_until = CASE WHEN $4 THEN clock_timestamp()"
		" + $5::bigint * interval '1 microsecond'"
		" ELSE parked_until END"
		" WHERE criterion = $1 AND subject = $2"
		" RETURNING parked_until",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_until = pg_count(rows) ? pg_get_instant(rows, 0, 0) : INT64_MIN;
	pg_rows_free(&rows);
	return OK;
}

enum status journal_forgive(
	struct pg *pg, struct arena *arena, struct reason *reterr)
{
	(void)arena;
	return pg_do(pg,
		"WITH forgiven AS (DELETE FROM judging"
		" RETURNING criterion, subject, due_at)"
		" INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" SELECT criterion, subject, due_at, false FROM forgiven"
		" WHERE due_at < 'infinity'",
		NULL, NULL, reterr);
}
