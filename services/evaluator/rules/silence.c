/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source delivered something inside twice its interval. Everything is read
 * from what ingest says of its sources (toolstate): that one is declared, at
 * which interval, that it is removed, and when it was last heard.
 */
#include "answer.h"

#include <string.h>

#define FACTOR_MAX 1000

struct silence_plan {
	int64_t factor;
	instant interval; /* where a declaration gives none */
	const char *remedy;
};

static enum status silence_compile(struct arena *arena,
	const struct doc *parameters, const struct clock_profiles *clocks,
	const void **ret_plan, struct reason *reterr)
{
	static const char *const keys[] = {
		"factor", "interval", "remedy", NULL};
	struct silence_plan *plan = arena_alloc(arena, sizeof(*plan));
	enum status status = doc_only(parameters, keys, reterr);

	(void)clocks;
	if (status == OK)
		status = doc_integer(parameters, "factor", 1, FACTOR_MAX, 2,
			&plan->factor, reterr);
	if (status == OK)
		status = duration_optional(parameters, "interval", INSTANT_DAY,
			&plan->interval, reterr);
	if (status == OK)
		status = doc_text(parameters, "remedy",
			"let the source deliver again: look at its network "
			"path, its credential and its schedule",
			&plan->remedy, reterr);
	if (status == OK)
		*ret_plan = plan;
	return status;
}

static void silence_needs(const void *plan, struct window_needs *ret)
{
	(void)plan;
	ret->own_classes = 1u << CLASS_TOOLSTATE;
	ret->back = 0; /* the newest of each kind says all */
}

struct heard {
	const struct window_evidence *declared; /* or changed, or removed */
	const struct window_evidence *counted;
	instant last; /* of `counted` */
};

static const char *state_of(const struct window_evidence *row)
{
	return json_text_at(row->data, "toolstate.state", "");
}

/* What counts only where a delivery was accepted, and says when. */
static bool counted(const struct window_evidence *row, instant *ret)
{
	const struct json *last =
		json_path(row->data, "toolstate.last_delivery");
	struct reason ignored;
	int64_t accepted;

	if (strcmp(state_of(row), "counts") != 0 ||
		!json_integer(json_path(row->data, "toolstate.accepted"),
			&accepted) ||
		accepted <= 0)
		return false;
	if (instant_parse(
		    json_text_at(row->data, "toolstate.last_delivery", ""),
		    json_text_length(last), ret, &ignored) != OK)
		*ret = row->effective;
	/* What is said of later than it was said is not so. */
	*ret = time_first(*ret, row->effective);
	return true;
}

static bool declares(const struct window_evidence *row)
{
	const char *state = state_of(row);

	return strcmp(state, "declared") == 0 ||
	       strcmp(state, "changed") == 0 || strcmp(state, "removed") == 0;
}

static void listen(const struct window *window, instant at, struct heard *heard)
{
	struct window_walk walk = {0};
	const struct window_evidence *row;

	*heard = (struct heard){0};
	while ((!heard->declared || !heard->counted) &&
		(row = window_next(window, CLASS_TOOLSTATE, NULL, at, &walk))) {
		instant last;

		/* What was heard before it was removed is of another one. */
		if (heard->declared && !strcmp(state_of(row), "removed"))
			return;
		if (!heard->declared && declares(row))
			heard->declared = row;
		if (!heard->counted && counted(row, &last)) {
			heard->counted = row;
			heard->last = last;
		}
	}
}

static instant interval_of(
	const struct silence_plan *plan, const struct window_evidence *declared)
{
	int64_t seconds;

	if (json_integer(
		    json_path(declared->data, "toolstate.interval_seconds"),
		    &seconds) &&
		seconds > 0 && seconds < INSTANT_NEVER / INSTANT_SECOND)
		return seconds * INSTANT_SECOND;
	return plan->interval;
}

static instant patience_of(
	const struct silence_plan *plan, const struct heard *heard)
{
	instant interval = interval_of(plan, heard->declared);

	return interval > INSTANT_NEVER / plan->factor
		       ? INSTANT_NEVER
		       : interval * plan->factor;
}

/* When it was declared first: ingest says so again at each of its starts. */
static instant declared_since(
	const struct window *window, const struct heard *heard, instant at)
{
	for (size_t i = 0; i < window->declaration_count; i++) {
		const struct window_declaration *row = &window->declarations[i];

		if (row->from <= at && at < row->until)
			return row->from;
	}
	return heard->declared->effective;
}

static void judge_unspoken(const struct silence_plan *plan,
	const struct window *window, const struct heard *heard, instant at,
	struct arena *arena, struct judgement *ret)
{
	instant patience = patience_of(plan, heard);
	instant began = declared_since(window, heard, at);
	instant ends = time_after(began, patience);
	const char *since = time_text(arena, began);

	if (at < ends) {
		answer(ret, VERDICT_UNKNOWN,
			arena_printf(arena,
				"declared at %s, nothing was delivered yet",
				since),
			arena_printf(arena,
				"its first delivery; without one it fails at "
				"%s",
				time_text(arena, ends)));
		ret->pending = true;
		ret->next_change = ends;
		return;
	}
	answer(ret, VERDICT_FAIL,
		arena_printf(arena,
			"declared at %s, nothing was ever delivered, which is "
			"longer than %s",
			since, duration_text(arena, patience)),
		plan->remedy);
}

static void judge_spoken(const struct silence_plan *plan,
	const struct heard *heard, instant at, struct arena *arena,
	struct judgement *ret)
{
	instant patience = patience_of(plan, heard);
	instant ends = time_after(heard->last, patience);
	const char *last = time_text(arena, heard->last);

	if (at < ends) {
		answer(ret, VERDICT_PASS,
			arena_printf(arena, "last delivered at %s", last),
			arena_printf(arena,
				"it is silent at %s without a delivery",
				time_text(arena, ends)));
		ret->next_change = ends;
	} else {
		answer(ret, VERDICT_FAIL,
			arena_printf(arena,
				"silent since %s, which is longer than %s",
				last, duration_text(arena, patience)),
			plan->remedy);
	}
	answer_decided_by(ret, "last delivery", last, heard->counted->id);
}

static void silence_judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct silence_plan *silence = plan;
	struct heard heard;

	(void)criterion;
	listen(window, at, &heard);
	if (!heard.declared) {
		answer(ret, VERDICT_NOT_APPLICABLE,
			"no source of this name is declared",
			"a source of this name in sources.yaml");
		return;
	}
	if (strcmp(state_of(heard.declared), "removed") == 0) {
		answer(ret, VERDICT_NOT_APPLICABLE,
			arena_printf(arena, "the source was removed at %s",
				time_text(arena, heard.declared->effective)),
			"a source of this name in sources.yaml");
		answer_decided_by(ret, "state", "removed", heard.declared->id);
		return;
	}
	if (heard.counted)
		judge_spoken(silence, &heard, at, arena, ret);
	else
		judge_unspoken(silence, window, &heard, at, arena, ret);
	answer_decided_by(ret, "interval",
		duration_text(arena, interval_of(silence, heard.declared)),
		heard.declared->id);
}

const struct rule rule_silence = {
	.name = "silence",
	.compile = silence_compile,
	.needs = silence_needs,
	.judge = silence_judge,
};
