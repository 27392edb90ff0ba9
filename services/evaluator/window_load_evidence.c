/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a subject and its neighbours, by lines: of each the newest piece
 * before the window, and all in it. */
#include "window_load_private.h"

#include <string.h>

#define NAMES_BYTES (16u << 20)
#define CLASS_ROWS_MAX 4000 /* newest ones, of each line */

/* Whose evidence of which class is looked at, and by which relation. */
struct line_list {
	struct pg_array *subjects, *classes, *relations, *since;
};

static void add_lines(struct line_list *lines, const char *subject,
	unsigned classes, const char *relation, instant since)
{
	for (int i = 0; i < CLASSES; i++) {
		if (!(classes & (1u << i)))
			continue;
		pg_array_text(lines->subjects, subject);
		pg_array_text(lines->classes,
			evidence_class_name((enum evidence_class)i));
		pg_array_text(lines->relations, relation);
		pg_array_instant(lines->since, since);
	}
}

/* A neighbour that came and went has several rows, and one line. */
static bool came_before(const struct window *window, size_t i)
{
	const struct window_relation *row = &window->relations[i];

	for (size_t j = 0; j < i; j++)
		if (strcmp(window->relations[j].other, row->other) == 0 &&
			strcmp(window->relations[j].relation, row->relation) ==
				0)
			return true;
	return false;
}

bool window_needed(const struct criterion *criterion, const char *relation)
{
	const char *const *names = criterion->needs.relations;

	for (; names && *names; names++)
		if (strcmp(*names, relation) == 0)
			return true;
	return false;
}

static instant back_from(const struct window *window, instant back)
{
	return window->from < INT64_MIN + back ? INT64_MIN
					       : window->from - back;
}

static size_t make_lines(struct window_reading *load, struct pg_args *args)
{
	const struct window_needs *needs = &load->criterion->needs;
	const struct window *window = load->window;
	struct line_list lines = {pg_array_new(load->arena, NAMES_BYTES),
		pg_array_new(load->arena, NAMES_BYTES),
		pg_array_new(load->arena, NAMES_BYTES),
		pg_array_new(load->arena, NAMES_BYTES)};

	add_lines(&lines, window->subject, needs->own_classes, NULL,
		back_from(window,
			needs->own_back ? needs->own_back : needs->back));
	for (size_t i = 0; i < window->relation_count; i++)
		if (window_needed(
			    load->criterion, window->relations[i].relation) &&
			!came_before(window, i))
			add_lines(&lines, window->relations[i].other,
				needs->neighbour_classes,
				window->relations[i].relation,
				back_from(window, needs->back));
	pg_array_arg(args, lines.subjects);
	pg_array_arg(args, lines.classes);
	pg_array_arg(args, lines.relations);
	pg_array_arg(args, lines.since);
	return pg_array_count(lines.subjects);
}

#define EVIDENCE_COLUMNS                                                       \
	"encode(e.id, 'hex'), e.class, e.kind, e.subject, e.source, e.tool,"   \
	" e.delivery_digest, e.effective_at, e.recorded_at, e.relation,"       \
	" coalesce(octet_length(e.data), 0), e.newest"

/* As evidence_at has it. */
#define HASH(row)                                                              \
	"hashtextextended(" row ".kind, hashtextextended(" row ".source,"      \
	" hashtextextended(" row ".class, hashtextextended(" row               \
	".subject, 0))))"
/* A part of a snapshot that is not whole is no evidence of anything. */
#define OF_LINE                                                                \
	" FROM line l, LATERAL (SELECT * FROM evidence e"                      \
	" WHERE " HASH("e") " = " HASH(                                        \
		"l") " AND e.subject = l.subject AND e.class = l.class"        \
		     " AND e.source = l.source AND e.kind = l.kind"            \
		     " AND (l.class <> 'scan' OR NOT EXISTS (SELECT FROM "     \
		     "snapshot_part p"                                         \
		     " WHERE p.subject = l.subject AND p.source = l.source"    \
		     " AND p.evidence = e.id))"

/* Of each line the newest row at or before its `since`, and those after it. */
#define EVIDENCE_SQL                                                           \
	"WITH line AS (SELECT w.*, l.source, l.kind FROM"                      \
	" unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])"       \
	" AS w (subject, class, relation, since),"                             \
	" LATERAL (SELECT l.source, l.kind FROM evidence_line l"               \
	" WHERE l.subject = w.subject AND l.class = w.class OFFSET 0) l),"     \
	" newest AS (SELECT e.*, l.relation, true AS newest" OF_LINE           \
	" AND e.effective_at <= l.since ORDER BY e.effective_at DESC,"         \
	" e.recorded_at DESC, e.id DESC LIMIT 1) e LIMIT $6),"                 \
	" later AS (SELECT e.*, l.relation, false AS newest" OF_LINE           \
	" AND e.effective_at > l.since ORDER BY e.effective_at,"               \
	" e.recorded_at, e.id LIMIT $5) e ORDER BY e.effective_at LIMIT $5)"   \
	" SELECT " EVIDENCE_COLUMNS                                            \
	" FROM (TABLE newest UNION ALL TABLE later) e"                         \
	" ORDER BY e.effective_at, e.recorded_at, e.id"

static void read_evidence(struct window_reading *load,
	const struct pg_rows *rows, size_t i, struct window_evidence *ret)
{
	ret->id = window_text(load, rows, i, 0);
	ret->class = evidence_class_parse(pg_get(rows, i, 1));
	ret->kind = window_text(load, rows, i, 2);
	ret->subject = window_text(load, rows, i, 3);
	ret->source = window_text(load, rows, i, 4);
	ret->tool = window_text(load, rows, i, 5);
	ret->delivery_digest = window_text(load, rows, i, 6);
	ret->effective = pg_get_instant(rows, i, 7);
	ret->recorded = pg_get_instant(rows, i, 8);
	ret->relation = window_text(load, rows, i, 9);
}

/* How many rows, oldest first, one window takes; shortens it to them. */
static enum status measure(struct window_reading *load,
	const struct pg_rows *rows, size_t *ret_count, struct reason *reterr)
{
	size_t count = pg_count(rows), later = 0, newest = 0, bytes = 0;
	enum status status = OK;

	for (size_t i = 0; i < count && status == OK; i++) {
		bool is_newest = pg_get_bool(rows, i, 11);

		bytes += (size_t)pg_get_integer(rows, i, 10);
		later += !is_newest;
		newest += is_newest;
		if (newest > CLASS_ROWS_MAX)
			status = window_shorten(load, INT64_MIN,
				"lines of evidence", CLASS_ROWS_MAX, reterr);
		else if (later > load->limits->evidence ||
			 (bytes > load->limits->bytes && !is_newest))
			status =
				window_shorten(load, pg_get_instant(rows, i, 7),
					"pieces of evidence",
					load->limits->evidence, reterr);
	}
	if (status != OK)
		return status;
	while (count && pg_get_instant(rows, count - 1, 7) >= load->until)
		count--;
	*ret_count = count;
	return OK;
}

static enum status load_content(struct window_reading *load,
	struct window_evidence *list, size_t count, struct reason *reterr)
{
	struct pg_array *ids = pg_array_new(load->arena, NAMES_BYTES);
	struct pg_array *times = pg_array_new(load->arena, NAMES_BYTES);
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	for (size_t i = 0; i < count; i++) {
		pg_array_text(ids, list[i].id);
		pg_array_instant(times, list[i].recorded);
	}
	pg_args_init(&args, load->arena);
	pg_array_arg(&args, ids);
	pg_array_arg(&args, times);
	status = pg_run(load->pg,
		"SELECT w.n, e.data, e.traceparent FROM unnest($1::text[], "
		"$2::timestamptz[])"
		" WITH ORDINALITY AS w (id, recorded_at, n)"
		" JOIN evidence e ON e.id = decode(w.id, 'hex')"
		" AND e.recorded_at = w.recorded_at"
		" WHERE e.data IS NOT NULL",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	for (size_t i = 0; i < pg_count(rows); i++) {
		size_t n = (size_t)pg_get_integer(rows, i, 0) - 1;
		const char *data = pg_get(rows, i, 1);

		list[n].traceparent = window_text(load, rows, i, 2);
		if (status == OK)
			status = json_read(load->arena, data, strlen(data),
				&list[n].data, reterr);
	}
	pg_rows_free(&rows);
	return status;
}

static enum status take_evidence(struct window_reading *load,
	const struct pg_rows *rows, struct reason *reterr)
{
	struct window_evidence *list;
	size_t count = 0;
	enum status status = measure(load, rows, &count, reterr);

	if (status != OK)
		return status;
	list = arena_array(load->arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < count; i++)
		read_evidence(load, rows, i, &list[count - 1 - i]);
	load->window->evidence = list;
	load->window->evidence_count = count;
	return count ? load_content(load, list, count, reterr) : OK;
}

enum status window_load_evidence(
	struct window_reading *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	if (!make_lines(load, &args))
		return OK;
	pg_integer(&args, (int64_t)load->limits->evidence + 1);
	pg_integer(&args, CLASS_ROWS_MAX + 1);
	status = pg_run(load->pg, EVIDENCE_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_evidence(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}
