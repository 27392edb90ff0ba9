/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "base/bug.h"

#include <string.h>

const char *window_label(const struct window *window, const char *name)
{
	for (size_t i = 0; i < window->label_count; i++)
		if (strcmp(window->labels[i].name, name) == 0)
			return window->labels[i].value;
	return NULL;
}

static bool in_force(
	const struct window_relation *row, const char *relation, instant at)
{
	return row->from <= at && at < row->until &&
	       strcmp(row->relation, relation) == 0;
}

static bool is_neighbour(const struct window *window, const char *relation,
	const char *other, instant at)
{
	for (size_t i = 0; i < window->relation_count; i++)
		if (in_force(&window->relations[i], relation, at) &&
			strcmp(window->relations[i].other, other) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct window *window,
	const struct window_evidence *row, const char *relation, instant at)
{
	if (!relation)
		return !row->relation;
	return row->relation && strcmp(row->relation, relation) == 0 &&
	       is_neighbour(window, relation, row->subject, at);
}

const struct window_evidence *window_next(const struct window *window,
	enum evidence_class class, const char *relation, instant at,
	struct window_walk *walk)
{
	MUST(at >= window->from);
	while (walk->index < window->evidence_count) {
		const struct window_evidence *row =
			&window->evidence[walk->index++];

		if (row->effective <= at && row->class == class &&
			is_wanted(window, row, relation, at))
			return row;
	}
	return NULL;
}

const struct window_evidence *window_newest(const struct window *window,
	enum evidence_class class, const char *relation, instant at)
{
	struct window_walk walk = {0};

	return window_next(window, class, relation, at, &walk);
}

const struct window_relation *window_related(const struct window *window,
	const char *relation, instant at, size_t *cursor)
{
	MUST(at >= window->from);
	while (*cursor < window->relation_count) {
		const struct window_relation *row =
			&window->relations[(*cursor)++];

		if (in_force(row, relation, at))
			return row;
	}
	return NULL;
}

const struct window_finding *window_open_finding(
	const struct window *window, instant at, size_t *cursor)
{
	MUST(at >= window->from);
	while (*cursor < window->finding_count) {
		const struct window_finding *row =
			&window->findings[(*cursor)++];

		if (row->from <= at && at < row->until)
			return row;
	}
	return NULL;
}

const struct window_scan *window_newest_scan(
	const struct window *window, instant at)
{
	MUST(at >= window->from);
	for (size_t i = 0; i < window->scan_count; i++)
		if (window->scans[i].effective <= at)
			return &window->scans[i];
	return NULL;
}

static void keep_first(instant candidate, instant at, instant *first)
{
	if (candidate > at && candidate < *first)
		*first = candidate;
}

instant window_next_point(const struct window *window, instant at)
{
	instant first = INSTANT_NEVER;

	for (size_t i = 0; i < window->evidence_count; i++)
		keep_first(window->evidence[i].effective, at, &first);
	for (size_t i = 0; i < window->relation_count; i++) {
		keep_first(window->relations[i].from, at, &first);
		keep_first(window->relations[i].until, at, &first);
	}
	for (size_t i = 0; i < window->finding_count; i++) {
		keep_first(window->findings[i].from, at, &first);
		keep_first(window->findings[i].until, at, &first);
	}
	for (size_t i = 0; i < window->scan_count; i++)
		keep_first(window->scans[i].effective, at, &first);
	for (size_t i = 0; i < window->flaw_count; i++) {
		/* `from` is time's to come where it is later. */
		keep_first(window->flaws[i].effective, at, &first);
		keep_first(window->flaws[i].until, at, &first);
	}
	return first;
}
