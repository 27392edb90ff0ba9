/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest evidence of a class meets a condition. One that fails may be
 * tolerated for a while from when it began to fail; evidence that is too old
 * says nothing either way.
 */
#include "answer.h"
#include "match.h"

#define GRACES_MAX 20

struct grace {
	const struct predicate *when; /* NULL: always */
	instant length;
};

struct state_plan {
	struct pick pick;
	const struct predicate *holds;
	instant stale_after; /* INSTANT_NEVER: never */
	struct grace graces[GRACES_MAX];
	size_t grace_count;
	instant longest_grace;
	struct match match; /* without a name: nothing is asked */
	struct observations observations;
	const char *remedy;
};

static enum status compile_grace(struct arena *arena, const struct doc *node,
	struct grace *ret, struct reason *reterr)
{
	static const char *const keys[] = {"when", "for", NULL};
	const struct doc *when = doc_get(node, "when");
	enum status status = doc_only(node, keys, reterr);

	if (status == OK)
		status = duration_required(node, "for", &ret->length, reterr);
	if (status == OK && when)
		status = predicate_compile(arena, when, &ret->when, reterr);
	return status;
}

/* A duration for everybody, or a list of which the first that fits counts. */
static enum status compile_graces(struct arena *arena,
	const struct doc *parameters, struct state_plan *plan,
	struct reason *reterr)
{
	const struct doc *grace = doc_get(parameters, "grace");
	enum status status;

	if (!grace)
		return OK;
	if (grace->kind == DOC_SCALAR) {
		plan->grace_count = 1;
		status = duration_required(
			parameters, "grace", &plan->graces[0].length, reterr);
		plan->longest_grace = plan->graces[0].length;
		return status;
	}
	if (grace->kind != DOC_LIST || grace->count > GRACES_MAX)
		return doc_error(grace, reterr,
			"\"grace\" is a duration or a list of at most %d "
			"{when: ..., for: ...}",
			GRACES_MAX);
	DOC_EACH (grace, item) {
		struct grace *row = &plan->graces[plan->grace_count++];

		status = compile_grace(arena, item, row, reterr);
		if (status != OK)
			return status;
		if (row->length > plan->longest_grace)
			plan->longest_grace = row->length;
	}
	return OK;
}

/* How far back the rows are that count: the newest of all need not be one. */
static instant back_of(const struct state_plan *plan)
{
	if (plan->pick.where || plan->match.name)
		return time_after(plan->longest_grace, plan->stale_after);
	return plan->longest_grace;
}

static enum status compile_conditions(struct arena *arena,
	const struct doc *parameters, struct state_plan *plan,
	struct reason *reterr)
{
	const struct doc *holds = doc_get(parameters, "holds");
	const struct doc *matched = doc_get(parameters, "matched_by");
	enum status status =
		pick_compile(arena, parameters, false, &plan->pick, reterr);

	if (status == OK && !holds)
		status = doc_error(parameters, reterr,
			"\"holds\" is missing: the condition that the newest "
			"evidence must meet");
	if (status == OK)
		status = predicate_compile(arena, holds, &plan->holds, reterr);
	if (status == OK && matched)
		status = match_compile(arena, matched, &plan->match, reterr);
	return status;
}

static enum status compile_times(const struct doc *parameters,
	struct state_plan *plan, struct reason *reterr)
{
	enum status status = duration_optional(parameters, "stale_after",
		INSTANT_NEVER, &plan->stale_after, reterr);

	if (status == OK && plan->pick.where &&
		plan->stale_after == INSTANT_NEVER)
		status = doc_error(parameters, reterr,
			"\"where\" needs stale_after: how far back a row that "
			"counts is looked for");
	if (status == OK && plan->match.name &&
		plan->stale_after == INSTANT_NEVER)
		status = doc_error(parameters, reterr,
			"\"matched_by\" needs stale_after: for how long a row "
			"shows what is");
	return status;
}

static enum status state_compile(struct arena *arena,
	const struct doc *parameters, const struct clock_profiles *clocks,
	const void **ret_plan, struct reason *reterr)
{
	static const char *const keys[] = {"evidence", "where", "holds",
		"stale_after", "grace", "matched_by", "observe", "remedy",
		NULL};
	struct state_plan *plan = arena_alloc(arena, sizeof(*plan));
	enum status status = doc_only(parameters, keys, reterr);

	(void)clocks;
	if (status == OK)
		status = compile_conditions(arena, parameters, plan, reterr);
	if (status == OK)
		status = compile_times(parameters, plan, reterr);
	if (status == OK)
		status = compile_graces(arena, parameters, plan, reterr);
	if (status == OK)
		status = observations_compile(
			arena, parameters, &plan->observations, reterr);
	if (status == OK)
		status = doc_text(
			parameters, "remedy", NULL, &plan->remedy, reterr);
	if (status == OK)
		*ret_plan = plan;
	return status;
}

static void state_needs(const void *plan, struct window_needs *ret)
{
	const struct state_plan *state = plan;

	ret->own_classes = 1u << state->pick.class;
	ret->back = back_of(state);
}

static instant grace_of(
	const struct state_plan *plan, const struct predicate_view *view)
{
	for (size_t i = 0; i < plan->grace_count; i++)
		if (!plan->graces[i].when ||
			predicate_holds(plan->graces[i].when, view))
			return plan->graces[i].length;
	return 0;
}

/* Since when the rows that count fail without one between that does not, and
 * without a gap in which they were too old to say anything. */
static instant failing_since(
	const struct state_plan *plan, const struct window *window, instant at)
{
	struct window_walk walk = {0};
	const struct window_evidence *row;
	instant began = at;

	while ((row = pick_next(&plan->pick, window, NULL, at, &walk))) {
		struct predicate_view view = pick_view(window, row, NULL);

		if (predicate_holds(plan->holds, &view) ||
			time_after(row->effective, plan->stale_after) < began)
			break;
		began = row->effective;
	}
	return began;
}

/* Nothing that counts is young enough. */
static void judge_absent(const struct state_plan *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const char *class = evidence_class_name(plan->pick.class);
	const struct window_evidence *any =
		window_newest(window, plan->pick.class, NULL, at);

	if (!any) {
		answer(ret, VERDICT_UNKNOWN,
			arena_printf(
				arena, "no %s evidence of it ever came", class),
			arena_printf(arena,
				"a source that sends %s evidence of it",
				class));
		return;
	}
	answer(ret, VERDICT_STALE,
		arena_printf(arena, "no %s evidence%s within %s", class,
			plan->pick.where ? " that counts" : "",
			duration_text(arena, plan->stale_after)),
		arena_printf(arena, "newer %s evidence from %s", class,
			any->source));
	ret->source = any->source;
	answer_decided_by(ret, arena_printf(arena, "newest %s", class),
		time_text(arena, any->effective), any->id);
}

static void judge_failing(const struct state_plan *plan,
	const struct window *window, const struct window_evidence *row,
	instant at, struct arena *arena, struct judgement *ret)
{
	const struct predicate_view view = pick_view(window, row, NULL);
	const char *why = predicate_explain(plan->holds, &view, arena);
	instant grace = grace_of(plan, &view);
	instant ends = time_after(failing_since(plan, window, at), grace);
	const char *remedy = plan->remedy;

	if (!remedy)
		remedy = arena_printf(arena,
			"newer %s evidence from %s that meets the condition",
			evidence_class_name(plan->pick.class), row->source);
	if (at < ends) {
		answer(ret, VERDICT_PASS,
			arena_printf(arena, "%s; tolerated until %s", why,
				time_text(arena, ends)),
			arena_printf(arena, "it fails at %s without: %s",
				time_text(arena, ends), remedy));
		ret->next_change = ends;
	} else if (grace > 0) {
		answer(ret, VERDICT_FAIL,
			arena_printf(arena,
				"%s, for longer than the %s that are "
				"tolerated",
				why, duration_text(arena, grace)),
			remedy);
	} else {
		answer(ret, VERDICT_FAIL, why, remedy);
	}
}

/* Beside a condition that holds: what is shown must have been told. */
static void judge_match(const struct state_plan *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct match *match = &plan->match;
	struct match_result found;

	if (!match->name || ret->verdict != VERDICT_PASS)
		return;
	match_find(match, &plan->pick, plan->stale_after, back_of(plan), window,
		at, arena, &found);
	if (!found.row)
		return;
	if (at < found.waits_until) {
		if (found.waits_until < found.next_change)
			ret->next_change =
				time_first(ret->next_change, found.waits_until);
		return;
	}
	/* Where the condition is tolerated for less long, it fails on. */
	ret->next_change = found.next_change < ret->next_change
				   ? found.next_change
				   : INSTANT_NEVER;
	ret->verdict = VERDICT_FAIL;
	ret->summary =
		arena_printf(arena, "%s is so since %s, and no %s tells of it",
			found.what, time_text(arena, found.began), match->name);
	ret->would_change = match->remedy;
	answer_decided_by(ret, arena_printf(arena, "no %s", match->name),
		found.what, found.row->id);
}

static void state_judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct state_plan *state = plan;
	struct window_walk walk = {0};
	const struct window_evidence *row =
		pick_next(&state->pick, window, NULL, at, &walk);
	struct predicate_view view;
	instant ends;
	const char *field;

	(void)criterion;
	ends = row ? time_after(row->effective, state->stale_after) : at;
	if (ends <= at) {
		judge_absent(state, window, at, arena, ret);
		return;
	}
	view = pick_view(window, row, NULL);
	field = predicate_decided_by(state->holds, &view);
	if (predicate_holds(state->holds, &view))
		answer(ret, VERDICT_PASS,
			predicate_explain(state->holds, &view, arena),
			ends == INSTANT_NEVER
				? "newer evidence that does not meet the "
				  "condition"
				: arena_printf(arena,
					  "it goes stale at %s without newer "
					  "evidence from %s",
					  time_text(arena, ends), row->source));
	else
		judge_failing(state, window, row, at, arena, ret);
	judge_match(state, window, at, arena, ret);
	ret->next_change = time_first(ret->next_change, ends);
	ret->source = row->source;
	answer_decided_by(
		ret, field, predicate_field(field, &view, arena), row->id);
	observations_add(&state->observations, &view, arena, ret);
	answer_observed_subject(ret, window, arena);
}

const struct rule rule_state = {
	.name = "state",
	.compile = state_compile,
	.needs = state_needs,
	.judge = state_judge,
};
