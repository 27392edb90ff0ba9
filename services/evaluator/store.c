/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "judgement.h"

#include "base/bug.h"

#include <string.h>

#define IDS_BYTES (1u << 16)
#define FROMS_BYTES (16u << 20)

static void pair_args(struct pg_args *args, struct arena *arena,
	const struct agenda_pair *pair)
{
	pg_args_init(args, arena);
	pg_text(args, pair->criterion);
	pg_text(args, pair->subject);
}

static const char *get(
	struct arena *arena, const struct pg_rows *rows, size_t row, int column)
{
	if (pg_null(rows, row, column))
		return NULL;
	return arena_string(arena, pg_get(rows, row, column));
}

static void read_stored(
	struct arena *arena, const struct pg_rows *rows, struct stored *ret)
{
	ret->generation = pg_get_integer(rows, 0, 0);
	ret->n = pg_get_integer(rows, 0, 1);
	ret->verdict = pg_null(rows, 0, 2) ? VERDICTS
					   : verdict_parse(pg_get(rows, 0, 2));
	ret->since = pg_get_instant(rows, 0, 3);
	ret->judged_at = pg_get_instant(rows, 0, 4);
	ret->known_at = pg_get_instant(rows, 0, 5);
	ret->next_change = pg_get_instant(rows, 0, 6);
	ret->due_at = pg_get_instant(rows, 0, 7);
	ret->first_at = pg_get_instant(rows, 0, 8);
	ret->silent = get(arena, rows, 0, 9);
	ret->suppressed_by = get(arena, rows, 0, 10);
	ret->episode = get(arena, rows, 0, 11);
	ret->episode_kind = episode_kind_parse(pg_get(rows, 0, 12));
	ret->episode_opened = pg_get_instant(rows, 0, 13);
	ret->face = get(arena, rows, 0, 14);
	ret->labels = get(arena, rows, 0, 15);
	ret->pack = get(arena, rows, 0, 16);
	ret->record = get(arena, rows, 0, 17);
}

#define LOCK_SQL                                                               \
	"SELECT g.number, v.n, v.verdict, v.since, v.judged_at,"               \
	" greatest(clock_timestamp(),"                                         \
	" v.known_at + interval '1 microsecond'), v.next_change, v.due_at,"    \
	" v.first_at, v.silent, v.suppressed_by, encode(v.episode, 'hex'),"    \
	" v.episode_kind, v.episode_opened, v.face, v.labels, v.pack,"         \
	" v.record, coalesce((SELECT s.labels::text || coalesce(s.unmapped,"   \
	" '') FROM subject s WHERE s.name = v.subject), ''),"                  \
	" (SELECT s.labels FROM subject s WHERE s.name = v.subject),"          \
	" coalesce((SELECT s.first_seen FROM subject s"                        \
	" WHERE s.name = v.subject), '-infinity')"                             \
	" FROM verdict v CROSS JOIN generation g"                              \
	" WHERE v.criterion = $1 AND v.subject = $2 FOR UPDATE OF v"

enum status store_lock(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, struct stored *ret,
	const char **ret_labels, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pair_args(&args, arena, pair);
	status = pg_run(pg, LOCK_SQL, &args, &rows, reterr);
	if (status == OK && !pg_count(rows)) {
		pg_rows_free(&rows);
		pg_text(&args, subject_tenant_of(arena, pair->subject));
		status = pg_do(pg,
			"INSERT INTO verdict (criterion, subject, tenant)"
			" VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			&args, NULL, reterr);
		args.count = 2;
		if (status == OK)
			status = pg_run(pg, LOCK_SQL, &args, &rows, reterr);
	}
	if (status != OK)
		return status;
	if (pg_count(rows) != 1) {
		pg_rows_free(&rows);
		reason_set(reterr, "generation",
			"table generation must hold one row");
		return CONFIG;
	}
	read_stored(arena, rows, ret);
	*ret_labels = arena_string(arena, pg_get(rows, 0, 18));
	ret->labels_now = arena_string(arena, pg_get(rows, 0, 19));
	ret->first_seen = pg_get_instant(rows, 0, 20);
	pg_rows_free(&rows);
	return OK;
}

enum status store_write(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *in,
	struct reason *reterr)
{
	bool none = in->verdict == VERDICTS;
	struct pg_args args;

	pair_args(&args, arena, pair);
	pg_integer(&args, in->n);
	pg_text(&args, none ? NULL : verdict_name(in->verdict));
	if (none)
		pg_text(&args, NULL);
	else
		pg_instant(&args, in->since);
	pg_instant(&args, in->judged_at);
	pg_instant(&args, in->known_at);
	pg_instant(&args, in->next_change);
	pg_instant(&args, in->due_at);
	pg_instant(&args, in->first_at);
	pg_text(&args, in->silent);
	pg_text(&args, in->suppressed_by);
	pg_text(&args, in->episode);
	pg_text(&args,
		in->episode ? episode_kind_name(in->episode_kind) : NULL);
	if (in->episode)
		pg_instant(&args, in->episode_opened);
	else
		pg_text(&args, NULL);
	pg_text(&args, in->face);
	pg_text(&args, in->labels);
	pg_text(&args, in->pack);
	pg_text(&args, in->record);
	return pg_do(pg,
		"UPDATE verdict SET n = $3, verdict = $4, since = $5,"
		" judged_at = $6, known_at = $7, next_change = $8, due_at = $9,"
		" first_at = $10, silent = $11, suppressed_by = $12,"
		" episode = decode($13, 'hex'), episode_kind = $14,"
		" episode_opened = $15, face = $16, labels = $17, pack = $18,"
		" record = $19 WHERE criterion = $1 AND subject = $2",
		&args, NULL, reterr);
}

static void read_row(struct arena *arena, const struct pg_rows *rows, size_t i,
	struct history_row *ret)
{
	ret->from = pg_get_instant(rows, i, 0);
	ret->until = pg_get_instant(rows, i, 1);
	ret->verdict = verdict_parse(pg_get(rows, i, 2));
	ret->summary = get(arena, rows, i, 3);
	ret->deciding = get(arena, rows, i, 4);
	ret->judged_at = pg_get_instant(rows, i, 5);
	ret->pack = get(arena, rows, i, 6);
	ret->settling = pg_get_bool(rows, i, 7);
}

enum status store_history(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant from,
	const struct history_row **ret, size_t *ret_count,
	struct reason *reterr)
{
	struct history_row *list;
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pair_args(&args, arena, pair);
	pg_instant(&args, from);
	status = pg_run(pg,
		"SELECT true_from, true_until, verdict, summary, deciding,"
		" judged_at, pack, settling FROM verdict_history WHERE "
		"criterion = $1"
		" AND subject = $2 AND known_until = 'infinity'"
		" AND true_until >= least($3, (SELECT min(opened) FROM episode"
		" WHERE criterion = $1 AND subject = $2 AND closed >= $3))"
		" ORDER BY true_from",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_count = pg_count(rows);
	list = arena_array(arena, *ret_count + 1, sizeof(*list));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(arena, rows, i, &list[i]);
	*ret = list;
	pg_rows_free(&rows);
	return OK;
}

static enum status supersede(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *stored,
	const struct history_change *change, struct reason *reterr)
{
	struct pg_array *froms = pg_array_new(arena, FROMS_BYTES);
	struct pg_args args;

	if (!change->superseded_count)
		return OK;
	for (size_t i = 0; i < change->superseded_count; i++)
		pg_array_instant(froms, change->superseded[i]->from);
	pair_args(&args, arena, pair);
	pg_array_arg(&args, froms);
	pg_instant(&args, stored->known_at);
	return pg_do(pg,
		"UPDATE verdict_history SET known_until = $4"
		" WHERE criterion = $1 AND subject = $2"
		" AND known_until = 'infinity'"
		" AND true_from = ANY ($3::timestamptz[])",
		&args, NULL, reterr);
}

static enum status add_row(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *stored,
	const struct history_row *row, struct reason *reterr)
{
	struct pg_args args;

	pair_args(&args, arena, pair);
	pg_instant(&args, row->from);
	pg_instant(&args, row->until);
	pg_instant(&args, stored->known_at);
	pg_text(&args, verdict_name(row->verdict));
	pg_text(&args, row->summary);
	pg_text(&args, row->deciding);
	pg_instant(&args, row->judgement ? stored->judged_at : row->judged_at);
	pg_text(&args, row->judgement ? stored->pack : row->pack);
	pg_bool(&args, row->settling);
	return pg_do(pg,
		"INSERT INTO verdict_history (criterion, subject, true_from,"
		" true_until, known_from, verdict, summary, deciding,"
		" judged_at, pack, settling, evidence) VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
		" ARRAY(SELECT DISTINCT decode(d ->> 'evidence', 'hex')"
		" FROM jsonb_array_elements($8::text::jsonb) AS d"
		" WHERE d ? 'evidence'))",
		&args, NULL, reterr);
}

enum status store_change(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *stored,
	const struct history_change *change, struct reason *reterr)
{
	enum status status = supersede(pg, arena, pair, stored, change, reterr);

	for (size_t i = 0; i < change->added_count && status == OK; i++)
		status = add_row(
			pg, arena, pair, stored, change->added[i], reterr);
	return status;
}
