/* SPDX-License-Identifier: Apache-2.0 */
#include "expand.h"

#include "pack_force.h"

#include "base/bug.h"

#include <string.h>

#define NEIGHBOURS 200  /* of one subject in one part */
#define LOOK_AHEAD 5000 /* rows among which a subject's are found */
#define ARRAY_BYTES (64u << 20)

struct touched {
	const char *seqs; /* its rows, as an array's text */
	const char *subject, *after;
	enum evidence_class class;
	instant due;      /* the earliest of them */
	const char *rest; /* NULL: this was the last part */
};

struct neighbour {
	size_t of; /* index of the touched one */
	const char *name;
	const char *relation; /* as the neighbour's criterion names it */
	bool changed;         /* it began or ended, not only its evidence */
};

struct expansion {
	struct arena *arena;
	const struct pack *pack;
	struct touched *touched;
	size_t touched_count;
	struct neighbour *neighbours;
	size_t neighbour_count;
	struct pg_array *criteria, *subjects, *dues, *firsts;
};

bool expand_concerns_own(
	const struct criterion *criterion, enum evidence_class class)
{
	const struct window_needs *needs = &criterion->needs;

	if (class == CLASSES)
		return true;
	return (needs->own_classes & (1u << class)) ||
	       (needs->findings && class == CLASS_SCAN);
}

bool expand_concerns_neighbour(const struct criterion *criterion,
	enum evidence_class class, const char *relation, bool changed)
{
	const char *const *names = criterion->needs.relations;
	bool read = class == CLASSES ||
		    (criterion->needs.neighbour_classes & (1u << class));

	if (changed && criterion->in_use_by &&
		strcmp(criterion->in_use_by, relation) == 0)
		return true;
	for (; names && *names; names++)
		if (strcmp(*names, relation) == 0)
			return changed || read;
	return false;
}

/*
 * A subject that was touched a thousand times is looked at once, from the
 * earliest of them on: what is touched more than it need be is judged to the
 * same, and a backlog costs what its subjects cost.
 */
#define TOUCHED_SQL                                                            \
	"WITH due AS MATERIALIZED ("                                           \
	"SELECT seq, subject, class, due_at, after FROM agenda"                \
	" WHERE criterion = '' AND not_before <= clock_timestamp()"            \
	" ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)"                       \
	" SELECT array_agg(seq), subject, class, min(due_at), after FROM due"  \
	" GROUP BY subject, class, after ORDER BY min(seq) LIMIT $1"

static enum status read_touched(struct pg *pg, struct expansion *expansion,
	size_t most, struct reason *reterr)
{
	struct arena *arena = expansion->arena;
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_integer(&args, (int64_t)most);
	pg_integer(&args, LOOK_AHEAD);
	status = pg_run(pg, TOUCHED_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	expansion->touched_count = pg_count(rows);
	expansion->touched = arena_array(arena, expansion->touched_count + 1,
		sizeof(*expansion->touched));
	for (size_t i = 0; i < expansion->touched_count; i++) {
		struct touched *row = &expansion->touched[i];

		row->seqs = arena_string(arena, pg_get(rows, i, 0));
		row->subject = arena_string(arena, pg_get(rows, i, 1));
		row->class = evidence_class_parse(pg_get(rows, i, 2));
		row->due = pg_get_instant(rows, i, 3);
		row->after = arena_string(arena, pg_get(rows, i, 4));
	}
	pg_rows_free(&rows);
	return OK;
}

/*
 * Neighbours in force at the touched time or later. One whose relation began
 * or ended since may have come or gone by this evidence. Of several statements
 * at one instant the last one holds, so what any of them names may have come
 * or gone between them and show nothing of it now, or have no row at all.
 */
#define AT_ONCE                                                                \
	"SELECT r ->> 'subject', '<' || s.relation, s.effective_at,"           \
	" s.effective_at FROM relation_statement s"                            \
	" JOIN evidence c ON c.id = s.evidence"                                \
	" AND c.recorded_at = s.recorded_at,"                                  \
	" jsonb_array_elements(c.data::jsonb -> 'related') AS r"               \
	" WHERE s.subject = t.subject AND s.effective_at >= t.due_at"          \
	" AND r ->> 'relation' = s.relation AND r ->> 'subject' > t.after"     \
	" AND EXISTS (SELECT FROM relation_statement n"                        \
	" WHERE n.subject = s.subject AND n.relation = s.relation"             \
	" AND n.effective_at = s.effective_at"                                 \
	" AND n.evidence <> s.evidence)"

#define NEIGHBOURS_SQL                                                         \
	"SELECT t.n - 1, x.name, x.relation, x.changed FROM"                   \
	" unnest($1::text[], $2::timestamptz[], $3::text[])"                   \
	" WITH ORDINALITY AS t (subject, due_at, after, n), LATERAL ("         \
	"SELECT name, relation, bool_or(valid_from >= t.due_at"                \
	" OR valid_until < 'infinity') AS changed FROM ("                      \
	"SELECT subject AS name, relation, valid_from, valid_until"            \
	" FROM relation WHERE other = t.subject AND subject > t.after"         \
	" AND valid_until >= t.due_at UNION ALL "                              \
	"SELECT other, '<' || relation, valid_from, valid_until"               \
	" FROM relation WHERE subject = t.subject AND other > t.after"         \
	" AND valid_until >= t.due_at UNION ALL " AT_ONCE ") AS r"             \
	" GROUP BY name, relation ORDER BY name, relation LIMIT $4) AS x"      \
	" ORDER BY t.n, x.name, x.relation"

static void take_neighbours(
	struct expansion *expansion, const struct pg_rows *rows)
{
	struct arena *arena = expansion->arena;
	size_t count = pg_count(rows);

	expansion->neighbours =
		arena_array(arena, count + 1, sizeof(*expansion->neighbours));
	expansion->neighbour_count = count;
	for (size_t i = 0; i < count; i++) {
		struct neighbour *row = &expansion->neighbours[i];

		row->of = (size_t)pg_get_integer(rows, i, 0);
		row->name = arena_string(arena, pg_get(rows, i, 1));
		row->relation = arena_string(arena, pg_get(rows, i, 2));
		row->changed = pg_get_bool(rows, i, 3);
	}
}

/*
 * A full part goes on behind the name before its last one, of which a relation
 * may be missing; that name comes again with the next part.
 */
static void mark_rests(struct expansion *expansion)
{
	const struct neighbour *rows = expansion->neighbours;
	size_t begin = 0;

	for (size_t i = 1; i <= expansion->neighbour_count; i++) {
		size_t last = i - 1;

		if (i < expansion->neighbour_count &&
			rows[i].of == rows[begin].of)
			continue;
		if (i - begin == NEIGHBOURS) {
			while (last > begin &&
				strcmp(rows[last].name, rows[i - 1].name) == 0)
				last--;
			expansion->touched[rows[begin].of].rest =
				rows[last].name;
		}
		begin = i;
	}
}

static enum status read_neighbours(
	struct pg *pg, struct expansion *expansion, struct reason *reterr)
{
	struct arena *arena = expansion->arena;
	struct pg_array *subjects = pg_array_new(arena, ARRAY_BYTES);
	struct pg_array *dues = pg_array_new(arena, ARRAY_BYTES);
	struct pg_array *afters = pg_array_new(arena, ARRAY_BYTES);
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	for (size_t i = 0; i < expansion->touched_count; i++) {
		pg_array_text(subjects, expansion->touched[i].subject);
		pg_array_instant(dues, expansion->touched[i].due);
		pg_array_text(afters, expansion->touched[i].after);
	}
	pg_args_init(&args, arena);
	pg_array_arg(&args, subjects);
	pg_array_arg(&args, dues);
	pg_array_arg(&args, afters);
	pg_integer(&args, NEIGHBOURS);
	status = pg_run(pg, NEIGHBOURS_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	take_neighbours(expansion, rows);
	mark_rests(expansion);
	pg_rows_free(&rows);
	return OK;
}

/* `first`: only where the pair was not judged from its subject's start on. */
static void add(struct expansion *expansion, const char *criterion,
	const char *subject, instant due, bool first)
{
	pg_array_text(expansion->criteria, criterion);
	pg_array_text(expansion->subjects, subject);
	pg_array_instant(expansion->dues, due);
	pg_array_bool(expansion->firsts, first);
}

static void add_own(struct expansion *expansion, const struct touched *touched)
{
	enum subject_kind kind = subject_kind_of(touched->subject);

	if (*touched->after)
		return;
	for (size_t i = 0; i < pack_count(expansion->pack); i++) {
		const struct criterion *criterion = pack_at(expansion->pack, i);

		if (criterion->subject == kind)
			add(expansion, criterion->id, touched->subject,
				touched->due,
				!expand_concerns_own(
					criterion, touched->class));
	}
}

/* A relation that changed is seen from both of its ends. */
static void add_other_end(struct expansion *expansion,
	const struct touched *touched, const struct neighbour *row)
{
	const char *back =
		*row->relation == '<'
			? row->relation + 1
			: arena_printf(expansion->arena, "<%s", row->relation);
	enum subject_kind kind = subject_kind_of(touched->subject);

	for (size_t i = 0; i < pack_count(expansion->pack); i++) {
		const struct criterion *criterion = pack_at(expansion->pack, i);

		if (criterion->subject == kind &&
			expand_concerns_neighbour(
				criterion, touched->class, back, true))
			add(expansion, criterion->id, touched->subject,
				touched->due, false);
	}
}

static void add_neighbour(
	struct expansion *expansion, const struct neighbour *row)
{
	const struct touched *touched = &expansion->touched[row->of];
	enum subject_kind kind = subject_kind_of(row->name);

	for (size_t i = 0; i < pack_count(expansion->pack); i++) {
		const struct criterion *criterion = pack_at(expansion->pack, i);
		bool concerned = expand_concerns_neighbour(
			criterion, touched->class, row->relation, row->changed);

		if (criterion->subject == kind && (concerned || row->changed))
			add(expansion, criterion->id, row->name, touched->due,
				!concerned);
	}
	if (row->changed)
		add_other_end(expansion, touched, row);
}

static enum status put_pairs(
	struct pg *pg, struct expansion *expansion, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, expansion->arena);
	pg_array_arg(&args, expansion->criteria);
	pg_array_arg(&args, expansion->subjects);
	pg_array_arg(&args, expansion->dues);
	pg_array_arg(&args, expansion->firsts);
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" SELECT p.criterion, p.subject, min(p.due_at), false FROM"
		" unnest($1::text[], $2::text[], $3::timestamptz[],"
		" $4::boolean[]) AS p (criterion, subject, due_at, first)"
		" LEFT JOIN subject s ON s.name = p.subject"
		" WHERE NOT p.first OR NOT EXISTS (SELECT FROM verdict v"
		" WHERE v.criterion = p.criterion AND v.subject = p.subject"
		" AND v.first_at <= coalesce(s.first_seen, p.due_at))"
		" GROUP BY p.criterion, p.subject",
		&args, NULL, reterr);
}

/* What was expanded goes; what has a rest goes on behind it. */
static enum status settle(
	struct pg *pg, struct expansion *expansion, struct reason *reterr)
{
	struct pg_array *seqs = pg_array_new(expansion->arena, ARRAY_BYTES);
	struct pg_array *rests = pg_array_new(expansion->arena, ARRAY_BYTES);
	struct pg_args args;

	for (size_t i = 0; i < expansion->touched_count; i++) {
		pg_array_text(seqs, expansion->touched[i].seqs);
		pg_array_text(rests, expansion->touched[i].rest);
	}
	pg_args_init(&args, expansion->arena);
	pg_array_arg(&args, seqs);
	pg_array_arg(&args, rests);
	return pg_do(pg,
		"WITH done AS (DELETE FROM agenda a USING ("
		"SELECT unnest(seqs::bigint[]) AS seq, rest FROM"
		" unnest($1::text[], $2::text[]) AS u (seqs, rest)) AS t"
		" WHERE a.seq = t.seq"
		" RETURNING a.subject, a.class, a.due_at, t.rest)"
		" INSERT INTO agenda"
		" (criterion, subject, class, due_at, by_clock, after)"
		" SELECT '', subject, class, min(due_at), false, rest FROM done"
		" WHERE rest IS NOT NULL GROUP BY subject, class, rest",
		&args, NULL, reterr);
}

static enum status expand(struct pg *pg, struct expansion *expansion,
	size_t most, struct reason *reterr)
{
	enum status status = read_touched(pg, expansion, most, reterr);

	if (status != OK || !expansion->touched_count)
		return status;
	status =
		pack_force_holds(pg, expansion->arena, expansion->pack, reterr);
	if (status == OK)
		status = read_neighbours(pg, expansion, reterr);
	if (status != OK)
		return status;
	for (size_t i = 0; i < expansion->touched_count; i++)
		add_own(expansion, &expansion->touched[i]);
	for (size_t i = 0; i < expansion->neighbour_count; i++)
		add_neighbour(expansion, &expansion->neighbours[i]);
	if (pg_array_count(expansion->criteria))
		status = put_pairs(pg, expansion, reterr);
	return status == OK ? settle(pg, expansion, reterr) : status;
}

enum status expand_batch(struct pg *pg, struct arena *arena,
	const struct pack *pack, size_t most, size_t *ret_done,
	struct reason *reterr)
{
	struct expansion expansion = {.arena = arena,
		.pack = pack,
		.criteria = pg_array_new(arena, ARRAY_BYTES),
		.subjects = pg_array_new(arena, ARRAY_BYTES),
		.dues = pg_array_new(arena, ARRAY_BYTES),
		.firsts = pg_array_new(arena, ARRAY_BYTES)};
	enum status status = pg_begin(pg, reterr);

	if (status == OK)
		status = expand(pg, &expansion, most, reterr);
	if (status == OK)
		status = pg_commit(pg, reterr);
	if (status != OK)
		pg_rollback(pg);
	*ret_done = expansion.touched_count;
	return status;
}
