/* SPDX-License-Identifier: Apache-2.0 */
/* The subject and its neighbours; what is known of them is read beside. */
#include "window_load_private.h"

#include <string.h>

const struct window_limits window_limits_usual = {.evidence = 5000,
	.bytes = 32u << 20,
	.relations = 1000,
	.findings = 20000};

char *window_text(struct window_reading *load, const struct pg_rows *rows,
	size_t row, int column)
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

static enum status load_subject(
	struct window_reading *load, struct reason *reterr)
{
	struct window *window = load->window;
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, window->subject);
	status = pg_run(load->pg,
		"SELECT labels, unmapped, first_seen FROM subject WHERE name = "
		"$1",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	if (pg_count(rows)) {
		window->labels = window_labels(
			load->arena, pg_get(rows, 0, 0), &window->label_count);
		window->unmapped = window_text(load, rows, 0, 1);
		window->first_seen = pg_get_instant(rows, 0, 2);
	}
	pg_rows_free(&rows);
	return OK;
}

/* More rows than `max` begin to count from `last` on: the window ends there. */
enum status window_shorten(struct window_reading *load, instant last,
	const char *what, size_t max, struct reason *reterr)
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
	struct window_reading *load, struct pg_array *array, bool inwards)
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

static void read_relation(struct window_reading *load,
	const struct pg_rows *rows, size_t i, struct window_relation *ret)
{
	ret->relation = window_text(load, rows, i, 0);
	ret->other = window_text(load, rows, i, 1);
	ret->from = pg_get_instant(rows, i, 2);
	ret->until = pg_get_instant(rows, i, 3);
	ret->evidence = window_text(load, rows, i, 4);
	ret->labels = window_labels(
		load->arena, pg_get(rows, i, 5), &ret->label_count);
}

static enum status take_relations(struct window_reading *load,
	const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->relations;
	struct window_relation *list =
		arena_array(load->arena, count + 1, sizeof(*list));

	if (count > max) {
		enum status status =
			window_shorten(load, pg_get_instant(rows, max, 2),
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

static enum status load_relations(
	struct window_reading *load, struct reason *reterr)
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

enum status window_load(struct pg *pg, struct arena *arena,
	const struct criterion *criterion, const char *subject, instant from,
	const struct window_limits *limits, struct window *ret,
	instant *ret_until, struct reason *reterr)
{
	struct window_reading load = {.pg = pg,
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
		status = window_load_evidence(&load, reterr);
	if (status == OK && criterion->needs.findings)
		status = window_load_findings(&load, reterr);
	if (status == OK && criterion->needs.findings)
		status = window_load_scans(&load, reterr);
	if (status == OK)
		status = window_load_flaws(&load, reterr);
	if (status == OK)
		status = window_load_declarations(&load, reterr);
	if (status == OK)
		*ret_until = load.until;
	return status;
}
