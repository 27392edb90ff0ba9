/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots that are not whole: which, since when, and what is wrong. */
#include "window_load_private.h"

#include "answer.h"
#include "snapshot_set.h"

#define NAMES_BYTES (16u << 20)

static bool reads_own(const struct criterion *criterion)
{
	return criterion->needs.findings ||
	       (criterion->needs.own_classes & (1u << CLASS_SCAN));
}

static bool reads_neighbours(const struct criterion *criterion)
{
	return criterion->needs.neighbour_classes & (1u << CLASS_SCAN);
}

static size_t add_subjects(
	const struct window_reading *load, struct pg_array *subjects)
{
	const struct window *window = load->window;

	if (reads_own(load->criterion))
		pg_array_text(subjects, window->subject);
	if (reads_neighbours(load->criterion))
		for (size_t i = 0; i < window->relation_count; i++)
			if (window_needed(load->criterion,
				    window->relations[i].relation))
				pg_array_text(
					subjects, window->relations[i].other);
	return pg_array_count(subjects);
}

/* All parts there and still waiting: they are not those of one snapshot. */
static const char *what_of(
	struct window_reading *load, const struct pg_rows *rows, size_t i)
{
	int64_t parts = pg_get_integer(rows, i, 6);
	int64_t missing = pg_get_integer(rows, i, 7);

	if (!missing)
		return arena_printf(load->arena,
			"its %lld parts are all there, and are not those that "
			"were made together (snapshot.digest)",
			(long long)parts);
	return arena_printf(load->arena, "part%s %s%s of %lld never came",
		missing == 1 ? "" : "s", pg_get(rows, i, 8),
		missing > SNAPSHOT_NAMED ? ", ..." : "", (long long)parts);
}

static void read_flaw(struct window_reading *load, const struct pg_rows *rows,
	size_t i, struct window_flaw *ret)
{
	bool wrong = pg_get_integer(rows, i, 7) == 0;

	ret->subject = window_text(load, rows, i, 0);
	ret->source = window_text(load, rows, i, 1);
	ret->snapshot = window_text(load, rows, i, 2);
	ret->effective = pg_get_instant(rows, i, 3);
	ret->from = wrong ? ret->effective
			  : time_after(pg_get_instant(rows, i, 4),
				    SNAPSHOT_PATIENCE);
	ret->until = pg_get_instant(rows, i, 5);
	ret->what = what_of(load, rows, i);
	ret->evidence = window_text(load, rows, i, 9);
}

static enum status take_flaws(struct window_reading *load,
	const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->relations;
	struct window_flaw *list =
		arena_array(load->arena, count + 1, sizeof(*list));

	if (count > max) {
		enum status status =
			window_shorten(load, pg_get_instant(rows, max, 3),
				"snapshots that are not whole", max, reterr);

		if (status != OK)
			return status;
		count = max;
	}
	for (size_t i = 0; i < count; i++)
		read_flaw(load, rows, i, &list[i]);
	load->window->flaws = list;
	load->window->flaw_count = count;
	return OK;
}

/* One that is newer by the order of all statements, and complete, takes the
 * place of one that is not whole. */
#define FLAWS_SQL                                                              \
	"SELECT s.subject, s.source, s.snapshot, s.effective_at,"              \
	" s.recorded_at, coalesce(n.effective_at, 'infinity'), s.parts,"       \
	" s.parts - s.here, array_to_string(ARRAY("                            \
	"SELECT i FROM generate_series(1, s.parts) AS i"                       \
	" WHERE i <> ALL (s.there) ORDER BY i LIMIT $4), ', '),"               \
	" encode(s.evidence[1], 'hex') FROM ("                                 \
	"SELECT subject, source, snapshot, min(target) AS target,"             \
	" min(effective_at) AS effective_at,"                                  \
	" max(recorded_at) AS recorded_at, max(parts) AS parts,"               \
	" count(*) AS here, array_agg(part) AS there,"                         \
	" array_agg(evidence ORDER BY part) AS evidence FROM snapshot_part"    \
	" WHERE subject = ANY ($1::text[])"                                    \
	" GROUP BY subject, source, snapshot) AS s"                            \
	" LEFT JOIN LATERAL (SELECT n.effective_at FROM scan n"                \
	" WHERE n.subject = s.subject AND n.source = s.source"                 \
	" AND n.target = s.target AND n.complete"                              \
	" AND (n.effective_at, n.recorded_at, n.evidence)"                     \
	" > (s.effective_at, s.recorded_at, decode(s.snapshot, 'hex'))"        \
	" ORDER BY n.effective_at LIMIT 1) AS n ON true"                       \
	" WHERE coalesce(n.effective_at, 'infinity') > $2"                     \
	" ORDER BY s.effective_at, s.subject, s.source, s.snapshot LIMIT $3"

enum status window_load_flaws(
	struct window_reading *load, struct reason *reterr)
{
	struct pg_array *subjects = pg_array_new(load->arena, NAMES_BYTES);
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	if (!add_subjects(load, subjects))
		return OK;
	pg_args_init(&args, load->arena);
	pg_array_arg(&args, subjects);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->relations + 1);
	pg_integer(&args, SNAPSHOT_NAMED);
	status = pg_run(load->pg, FLAWS_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_flaws(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}
