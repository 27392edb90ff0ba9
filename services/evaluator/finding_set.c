/* SPDX-License-Identifier: Apache-2.0 */
#include "finding_set.h"

#include "answer.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

#define CITE_MAX 300

static const char *const ranks[] = {
	"critical", "high", "medium", "low", "unknown", "info"};
#define RANKS (sizeof(ranks) / sizeof(ranks[0]))

static size_t rank_of(const char *severity)
{
	size_t i = 0;

	while (i < RANKS && strcmp(ranks[i], severity) != 0)
		i++;
	return i;
}

/* One vulnerability in one package together, the most severe row first. */
static int by_identity(const void *one, const void *other)
{
	const struct window_finding *a =
		*(const struct window_finding *const *)one;
	const struct window_finding *b =
		*(const struct window_finding *const *)other;
	int order = strcmp(a->vulnerability, b->vulnerability);

	if (order == 0)
		order = strcmp(a->package, b->package);
	if (order == 0)
		order = (rank_of(a->severity) > rank_of(b->severity)) -
			(rank_of(a->severity) < rank_of(b->severity));
	if (order == 0)
		order = strcmp(a->evidence ? a->evidence : "",
			b->evidence ? b->evidence : "");
	return order ? order : strcmp(a->key, b->key);
}

static int by_due(const void *one, const void *other)
{
	const struct open_finding *a = one;
	const struct open_finding *b = other;
	int order = (a->due > b->due) - (a->due < b->due);

	if (order == 0)
		order = strcmp(a->row->vulnerability, b->row->vulnerability);
	return order ? order : strcmp(a->row->package, b->row->package);
}

static int truth(const struct json *value)
{
	return json_is_bool(value) ? json_true(value) : -1;
}

static void keep_worse(int value, int *known)
{
	if (value > *known)
		*known = value;
}

static void add_known(
	const struct window_finding *row, struct clock_input *known)
{
	const struct json *detail = row->detail;
	const char *impact = json_text_at(detail, "technical_impact", "");

	keep_worse(truth(json_get(detail, "known_exploited")),
		&known->known_exploited);
	if (time_in(json_get(detail, "kev_date")) != INSTANT_NEVER)
		known->known_exploited = 1;
	keep_worse(truth(json_get(detail, "exposed")), &known->exposed);
	keep_worse(truth(json_get(detail, "automatable")), &known->automatable);
	if (strcmp(impact, "total") == 0)
		known->total_impact = 1;
	else if (strcmp(impact, "partial") == 0)
		keep_worse(0, &known->total_impact);
}

/* The earlier of first seen here and listed as exploited. */
static void add_row(
	struct open_finding *finding, const struct window_finding *row)
{
	instant since = row->since ? row->since : row->from;
	instant fixed = row->fixed_since ? row->fixed_since : row->from;

	finding->begins = time_first(finding->begins, since);
	finding->begins = time_first(
		finding->begins, time_in(json_get(row->detail, "kev_date")));
	if (row->fixed_version)
		finding->fixed_since = time_first(finding->fixed_since, fixed);
	add_known(row, &finding->known);
}

static int exposure(const struct finding_clock *clock,
	const struct window *window, instant at)
{
	const struct window_relation *row;
	size_t cursor = 0, users = 0, unexposed = 0;

	while ((row = window_related(window, clock->used_by, at, &cursor))) {
		const struct predicate_view view = {.subject = row->other,
			.labels = row->labels,
			.label_count = row->label_count};

		if (clock->exposed && predicate_holds(clock->exposed, &view))
			return 1;
		users++;
		unexposed += clock->unexposed &&
			     predicate_holds(clock->unexposed, &view);
	}
	return users > 0 && unexposed == users ? 0 : -1;
}

/* The first entry later than `after`; what a row says of later than itself is
 * taken as of the row. */
static instant first_entry(const struct finding_clock *clock,
	const struct window_evidence *row, instant after)
{
	instant first = INSTANT_NEVER;

	JSON_EACH (json_path(row->data, clock->entries), walk) {
		instant entry = time_first(
			time_in(json_path(walk.value, clock->entry_time)),
			row->effective);

		if (entry > after)
			first = time_first(first, entry);
	}
	return first;
}

/* The first deployment, by anybody who uses it, after a fix was there. */
static instant next_upgrade(const struct finding_clock *clock,
	const struct window *window, instant after, instant at)
{
	const struct window_relation *user;
	instant first = INSTANT_NEVER;
	size_t cursor = 0;

	if (after == INSTANT_NEVER || clock->upgrades.class == CLASSES)
		return INSTANT_NEVER;
	while ((user = window_related(window, clock->used_by, at, &cursor))) {
		struct window_walk walk = {0};
		const struct window_evidence *row;

		do
			row = pick_next(
				&clock->upgrades, window, NULL, at, &walk);
		while (row && strcmp(row->subject, user->other) != 0);
		if (row)
			first = time_first(
				first, first_entry(clock, row, after));
	}
	return first;
}

static const struct window_finding **collect(const struct window *window,
	instant at, struct arena *arena, size_t *ret_count)
{
	const struct window_finding **rows =
		arena_array(arena, window->finding_count + 1, sizeof(*rows));
	const struct window_finding *row;
	size_t cursor = 0, count = 0;

	while ((row = window_open_finding(window, at, &cursor)))
		rows[count++] = row;
	qsort(rows, count, sizeof(*rows), by_identity);
	*ret_count = count;
	return rows;
}

static bool same_finding(
	const struct window_finding *one, const struct window_finding *other)
{
	return strcmp(one->vulnerability, other->vulnerability) == 0 &&
	       strcmp(one->package, other->package) == 0;
}

static void set_due(const struct finding_clock *clock,
	const struct window *window, instant at, struct open_finding *finding)
{
	finding->known.severity = finding->row->severity;
	clock_profile_apply(clock->profile, &finding->known, &finding->window);
	finding->due = time_after(finding->begins, finding->window.limit);
	if (finding->window.next_upgrade)
		finding->due = time_first(finding->due,
			next_upgrade(clock, window, finding->fixed_since, at));
}

void open_findings_read(const struct finding_clock *clock,
	const struct window *window, instant at, struct arena *arena,
	struct open_findings *ret)
{
	size_t count;
	const struct window_finding **rows = collect(window, at, arena, &count);
	int exposed = exposure(clock, window, at);

	*ret = (struct open_findings){
		.rows = arena_array(arena, count + 1, sizeof(*ret->rows))};
	for (size_t i = 0; i < count; ret->count++) {
		struct open_finding *finding = &ret->rows[ret->count];

		*finding = (struct open_finding){.row = rows[i],
			.begins = INSTANT_NEVER,
			.fixed_since = INSTANT_NEVER,
			.known = {NULL, -1, -1, -1, -1}};
		do
			add_row(finding, rows[i++]);
		while (i < count && same_finding(rows[i], finding->row));
		if (finding->known.exposed == -1)
			finding->known.exposed = exposed;
		set_due(clock, window, at, finding);
	}
	qsort(ret->rows, ret->count, sizeof(*ret->rows), by_due);
}

const char *open_findings_cite(const struct finding_clock *clock,
	const struct open_findings *set, size_t count, struct arena *arena)
{
	struct strbuf out;
	const char *text;

	if (count == 0)
		return clock_profile_cite(clock->profile);
	strbuf_init(&out, CITE_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *cite = set->rows[i].window.cite;

		/* Two at most: the profile and the one it falls back on. */
		if (!strstr(out.text, cite))
			strbuf_addf(&out, "%s%s", out.length ? "; " : "", cite);
	}
	text = arena_string(arena, out.text);
	strbuf_release(&out);
	return text;
}
