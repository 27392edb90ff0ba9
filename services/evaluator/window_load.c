/* SPDX-License-Identifier: Apache-2.0 */
#include "window_load.h"

#include "base/bug.h"

#include <string.h>

#define NAMES_BYTES (16u << 20)
#define CLASS_ROWS_MAX 4000 /* newest ones, of each line */

const struct window_limits window_limits_usual = {.evidence = 5000,
	.bytes = 32u << 20,
	.relations = 1000,
	.findings = 20000};

struct load {
	struct pg *pg;
	struct arena *arena;
	const struct criterion *criterion;
	const struct window_limits *limits;
	struct window *window;
	instant until;
};

static char *get(
	struct load *load, const struct pg_rows *rows, size_t row, int column)
{
	if (pg_null(rows, row, column))
		return NULL;
	return arena_string(load->arena, pg_get(rows, row, column));
}

const struct label *window_labels(
	struct arena *arena, const char *text, size_t *ret_count)
{
	const struct json *json = NULL;
	struct label *labels;
	struct reason reason;

	*ret_count = 0;
	if (!text || json_read(arena, text, strlen(text), &json, &reason) != OK)
		return NULL;
	labels = arena_array(arena, json_count(json) + 1, sizeof(*labels));
	JSON_EACH (json, walk) {
		if (!walk.key || !json_text(walk.value))
			continue;
		labels[*ret_count].name = walk.key;
		labels[(*ret_count)++].value = json_text(walk.value);
	}
	return labels;
}

static enum status load_subject(struct load *load, struct reason *reterr)
{
	struct window *window = load->window;
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, window->subject);
	status = pg_run(load->pg,
		"SELECT labels, unmapped FROM subject WHERE name = $1", &args,
		&rows, reterr);
	if (status != OK)
		return status;
	if (pg_count(rows)) {
		window->labels = window_labels(
			load->arena, pg_get(rows, 0, 0), &window->label_count);
		window->unmapped = get(load, rows, 0, 1);
	}
	pg_rows_free(&rows);
	return OK;
}

/* More rows than `max` begin to count from `last` on: the window ends there. */
static enum status shorten(struct load *load, instant last, const char *what,
	size_t max, struct reason *reterr)
{
	if (last > load->window->from) {
		if (last < load->until)
			load->until = last;
		return OK;
	}
	reason_set(reterr, load->window->subject,
		"%s has more than the %zu %s that one judgement takes",
		load->criterion->id, max, what);
	return REJECT;
}

/* Relation names with (`inwards`) or without '<'. */
static size_t add_relations(
	struct load *load, struct pg_array *array, bool inwards)
{
	const char *const *names = load->criterion->needs.relations;
	const char *in_use_by = load->criterion->in_use_by;

	for (; names && *names; names++)
		if ((**names == '<') == inwards)
			pg_array_text(array, *names + inwards);
	if (in_use_by && (*in_use_by == '<') == inwards)
		pg_array_text(array, in_use_by + inwards);
	return pg_array_count(array);
}

static void read_relation(struct load *load, const struct pg_rows *rows,
	size_t i, struct window_relation *ret)
{
	ret->relation = get(load, rows, i, 0);
	ret->other = get(load, rows, i, 1);
	ret->from = pg_get_instant(rows, i, 2);
	ret->until = pg_get_instant(rows, i, 3);
	ret->evidence = get(load, rows, i, 4);
	ret->labels = window_labels(
		load->arena, pg_get(rows, i, 5), &ret->label_count);
}

static enum status take_relations(
	struct load *load, const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->relations;
	struct window_relation *list =
		arena_array(load->arena, count + 1, sizeof(*list));

	if (count > max) {
		enum status status = shorten(load, pg_get_instant(rows, max, 2),
			"neighbours", max, reterr);

		if (status != OK)
			return status;
		count = max;
	}
	for (size_t i = 0; i < count; i++)
		read_relation(load, rows, i, &list[i]);
	load->window->relations = list;
	load->window->relation_count = count;
	return OK;
}

static enum status load_relations(struct load *load, struct reason *reterr)
{
	struct pg_array *out = pg_array_new(load->arena, 1 << 16);
	struct pg_array *in = pg_array_new(load->arena, 1 << 16);
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	if (add_relations(load, out, false) + add_relations(load, in, true) ==
		0)
		return OK;
	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_array_arg(&args, out);
	pg_array_arg(&args, in);
	pg_integer(&args, (int64_t)load->limits->relations + 1);
	status = pg_run(load->pg,
		"SELECT r.relation, r.other, r.valid_from, r.valid_until,"
		" encode(r.evidence, 'hex'), s.labels FROM ("
		"SELECT relation, other, valid_from, valid_until, evidence"
		" FROM relation WHERE subject = $1 AND valid_until > $2"
		" AND relation = ANY ($3::text[])"
		" UNION ALL "
		"SELECT '<' || relation, subject, valid_from, valid_until,"
		" evidence FROM relation WHERE other = $1 AND valid_until > $2"
		" AND relation = ANY ($4::text[])) AS r"
		" LEFT JOIN subject s ON s.name = r.other"
		" ORDER BY r.valid_from, r.relation, r.other LIMIT $5",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_relations(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}

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

static bool is_needed(const struct criterion *criterion, const char *relation)
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

static size_t make_lines(struct load *load, struct pg_args *args)
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
		if (is_needed(load->criterion, window->relations[i].relation) &&
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
	" coalesce(octet_length(c.data), 0), e.newest"

/* Finds (source, kind) after (source, kind) by skipping through the index. */
#define FIRST_LINE                                                             \
	" CROSS JOIN LATERAL (SELECT e.source, e.kind FROM evidence e"         \
	" WHERE e.subject = w.subject AND e.class = w.class"                   \
	" ORDER BY e.source, e.kind LIMIT 1) f"
#define NEXT_LINE                                                              \
	" CROSS JOIN LATERAL (SELECT e.source, e.kind FROM evidence e"         \
	" WHERE e.subject = l.subject AND e.class = l.class"                   \
	" AND (e.source, e.kind) > (l.source, l.kind)"                         \
	" ORDER BY e.source, e.kind LIMIT 1) f"
#define OF_LINE                                                                \
	" FROM line l, LATERAL (SELECT * FROM evidence e"                      \
	" WHERE e.subject = l.subject AND e.class = l.class"                   \
	" AND e.source = l.source AND e.kind = l.kind"

/* Of each line the newest row at or before its `since`, and those after it. */
#define EVIDENCE_SQL                                                           \
	"WITH RECURSIVE wanted AS (SELECT * FROM unnest($1::text[],"           \
	" $2::text[], $3::text[], $4::timestamptz[])"                          \
	" AS w (subject, class, relation, since)),"                            \
	" line AS (SELECT w.*, f.source, f.kind FROM wanted w" FIRST_LINE      \
	" UNION ALL SELECT l.subject, l.class, l.relation, l.since,"           \
	" f.source, f.kind FROM line l" NEXT_LINE "),"                         \
	" newest AS (SELECT e.*, l.relation, true AS newest" OF_LINE           \
	" AND e.effective_at <= l.since ORDER BY e.effective_at DESC,"         \
	" e.recorded_at DESC, e.id DESC LIMIT 1) e LIMIT $6),"                 \
	" later AS (SELECT e.*, l.relation, false AS newest" OF_LINE           \
	" AND e.effective_at > l.since ORDER BY e.effective_at,"               \
	" e.recorded_at, e.id LIMIT $5) e ORDER BY e.effective_at LIMIT $5)"   \
	" SELECT " EVIDENCE_COLUMNS                                            \
	" FROM (TABLE newest UNION ALL TABLE later) e"                         \
	" LEFT JOIN evidence_content c ON c.id = e.id"                         \
	" AND c.recorded_at = e.recorded_at"                                   \
	" ORDER BY e.effective_at, e.recorded_at, e.id"

static void read_evidence(struct load *load, const struct pg_rows *rows,
	size_t i, struct window_evidence *ret)
{
	ret->id = get(load, rows, i, 0);
	ret->class = evidence_class_parse(pg_get(rows, i, 1));
	ret->kind = get(load, rows, i, 2);
	ret->subject = get(load, rows, i, 3);
	ret->source = get(load, rows, i, 4);
	ret->tool = get(load, rows, i, 5);
	ret->delivery_digest = get(load, rows, i, 6);
	ret->effective = pg_get_instant(rows, i, 7);
	ret->recorded = pg_get_instant(rows, i, 8);
	ret->relation = get(load, rows, i, 9);
}

/* How many rows, oldest first, one window takes; shortens it to them. */
static enum status measure(struct load *load, const struct pg_rows *rows,
	size_t *ret_count, struct reason *reterr)
{
	size_t count = pg_count(rows), later = 0, newest = 0, bytes = 0;
	enum status status = OK;

	for (size_t i = 0; i < count && status == OK; i++) {
		bool is_newest = pg_get_bool(rows, i, 11);

		bytes += (size_t)pg_get_integer(rows, i, 10);
		later += !is_newest;
		newest += is_newest;
		if (newest > CLASS_ROWS_MAX)
			status = shorten(load, INT64_MIN, "lines of evidence",
				CLASS_ROWS_MAX, reterr);
		else if (later > load->limits->evidence ||
			 (bytes > load->limits->bytes && !is_newest))
			status = shorten(load, pg_get_instant(rows, i, 7),
				"pieces of evidence", load->limits->evidence,
				reterr);
	}
	if (status != OK)
		return status;
	while (count && pg_get_instant(rows, count - 1, 7) >= load->until)
		count--;
	*ret_count = count;
	return OK;
}

static enum status load_content(struct load *load, struct window_evidence *list,
	size_t count, struct reason *reterr)
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
		"SELECT w.n, c.data FROM unnest($1::text[], $2::timestamptz[])"
		" WITH ORDINALITY AS w (id, recorded_at, n)"
		" JOIN evidence_content c ON c.id = decode(w.id, 'hex')"
		" AND c.recorded_at = w.recorded_at",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	for (size_t i = 0; i < pg_count(rows); i++) {
		size_t n = (size_t)pg_get_integer(rows, i, 0) - 1;
		const char *data = pg_get(rows, i, 1);

		if (status == OK)
			status = json_read(load->arena, data, strlen(data),
				&list[n].data, reterr);
	}
	pg_rows_free(&rows);
	return status;
}

static enum status take_evidence(
	struct load *load, const struct pg_rows *rows, struct reason *reterr)
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

static enum status load_evidence(struct load *load, struct reason *reterr)
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

static enum status read_finding(struct load *load, const struct pg_rows *rows,
	size_t i, struct window_finding *ret, struct reason *reterr)
{
	const char *detail = pg_get(rows, i, 9);

	ret->key = get(load, rows, i, 0);
	ret->vulnerability = get(load, rows, i, 1);
	ret->package = get(load, rows, i, 2);
	ret->severity = get(load, rows, i, 3);
	ret->fixed_version = get(load, rows, i, 4);
	ret->source = get(load, rows, i, 5);
	ret->target = get(load, rows, i, 6);
	ret->from = pg_get_instant(rows, i, 7);
	ret->until = pg_get_instant(rows, i, 8);
	ret->evidence = get(load, rows, i, 10);
	ret->since = pg_get_instant(rows, i, 11);
	ret->fixed_since =
		pg_null(rows, i, 12) ? 0 : pg_get_instant(rows, i, 12);
	return json_read(
		load->arena, detail, strlen(detail), &ret->detail, reterr);
}

static enum status take_findings(
	struct load *load, const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->findings;
	struct window_finding *list =
		arena_array(load->arena, count + 1, sizeof(*list));
	enum status status = OK;

	if (count > max) {
		status = shorten(load, pg_get_instant(rows, max, 7), "findings",
			max, reterr);
		count = max;
	}
	for (size_t i = 0; i < count && status == OK; i++)
		status = read_finding(load, rows, i, &list[i], reterr);
	load->window->findings = list;
	load->window->finding_count = count;
	return status;
}

/* A row that begins where the one before it ends is the same finding, changed:
 * since when it is open, and has a fix, is read from the whole series. */
#define FINDINGS_SQL                                                           \
	"WITH joined AS (SELECT *,"                                            \
	" lag(valid_until) OVER item = valid_from AS goes_on,"                 \
	" lag(fixed_version) OVER item IS NOT NULL AS was_fixed"               \
	" FROM finding WHERE subject = $1 WINDOW item AS"                      \
	" (PARTITION BY source, target, key ORDER BY valid_from)),"            \
	" series AS (SELECT *, max(valid_from)"                                \
	" FILTER (WHERE goes_on IS NOT TRUE) OVER so_far AS since,"            \
	" max(valid_from) FILTER (WHERE fixed_version IS NOT NULL"             \
	" AND NOT (goes_on IS TRUE AND was_fixed)) OVER so_far"                \
	" AS fixed_since FROM joined WINDOW so_far AS"                         \
	" (PARTITION BY source, target, key ORDER BY valid_from))"             \
	" SELECT key, vulnerability, package, severity, fixed_version,"        \
	" source, target, valid_from, valid_until, detail,"                    \
	" encode(evidence, 'hex'), since,"                                     \
	" CASE WHEN fixed_version IS NOT NULL THEN fixed_since END"            \
	" FROM series WHERE valid_until > $2"                                  \
	" ORDER BY valid_from, key, source, target LIMIT $3"

static enum status load_findings(struct load *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->findings + 1);
	status = pg_run(load->pg, FINDINGS_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_findings(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}

static enum status take_scans(
	struct load *load, const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->evidence;
	struct window_scan *list =
		arena_array(load->arena, count + 1, sizeof(*list));
	enum status status = OK;

	if (count > max) {
		status = shorten(load, pg_get_instant(rows, max, 3), "scans",
			max, reterr);
		count = max;
	}
	for (size_t i = 0; i < count; i++)
		list[count - 1 - i] =
			(struct window_scan){.source = get(load, rows, i, 0),
				.tool = get(load, rows, i, 1),
				.target = get(load, rows, i, 2),
				.effective = pg_get_instant(rows, i, 3),
				.evidence = get(load, rows, i, 4)};
	load->window->scans = list;
	load->window->scan_count = count;
	return status;
}

/* The newest of each scanner and target before T, and the later ones. */
static enum status load_scans(struct load *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->evidence + 1);
	status = pg_run(load->pg,
		"SELECT source, tool, target, effective_at,"
		" encode(evidence, 'hex') FROM ("
		"(SELECT DISTINCT ON (source, target) * FROM scan"
		" WHERE subject = $1 AND complete AND effective_at <= $2"
		" ORDER BY source, target, effective_at DESC, recorded_at DESC,"
		" evidence DESC) UNION ALL "
		"SELECT * FROM scan WHERE subject = $1 AND complete"
		" AND effective_at > $2) AS s"
		" ORDER BY effective_at, recorded_at, evidence LIMIT $3",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_scans(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}

enum status window_load(struct pg *pg, struct arena *arena,
	const struct criterion *criterion, const char *subject, instant from,
	const struct window_limits *limits, struct window *ret,
	instant *ret_until, struct reason *reterr)
{
	struct load load = {.pg = pg,
		.arena = arena,
		.criterion = criterion,
		.limits = limits,
		.window = ret,
		.until = INSTANT_NEVER};
	enum status status;

	*ret = (struct window){.subject = arena_string(arena, subject),
		.tenant = subject_tenant_of(arena, subject),
		.from = from};
	status = load_subject(&load, reterr);
	if (status == OK)
		status = load_relations(&load, reterr);
	if (status == OK)
		status = load_evidence(&load, reterr);
	if (status == OK && criterion->needs.findings)
		status = load_findings(&load, reterr);
	if (status == OK && criterion->needs.findings)
		status = load_scans(&load, reterr);
	if (status == OK)
		*ret_until = load.until;
	return status;
}
