/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a class exists and is young enough. */
#include "answer.h"
#include "criterion.h"
#include "pick.h"

struct freshness_plan {
	struct pick pick;
	instant within;
	instant settle; /* from the subject's first use; 0: none */
	const char *remedy;
};

static enum status freshness_compile(struct arena *arena,
	const struct doc *parameters, const struct clock_profiles *clocks,
	const void **ret_plan, struct reason *reterr)
{
	static const char *const keys[] = {
		"evidence", "where", "within", "settle", "remedy", NULL};
	struct freshness_plan *plan = arena_alloc(arena, sizeof(*plan));
	enum status status = doc_only(parameters, keys, reterr);

	(void)clocks;
	if (status == OK)
		status = pick_compile(
			arena, parameters, false, &plan->pick, reterr);
	if (status == OK)
		status = duration_required(
			parameters, "within", &plan->within, reterr);
	if (status == OK)
		status = duration_optional(
			parameters, "settle", 0, &plan->settle, reterr);
	if (status == OK)
		status = doc_text(
			parameters, "remedy", NULL, &plan->remedy, reterr);
	if (status == OK)
		*ret_plan = plan;
	return status;
}

static void freshness_needs(const void *plan, struct window_needs *ret)
{
	const struct freshness_plan *freshness = plan;

	ret->own_classes = 1u << freshness->pick.class;
	/* The newest row of all need not be one that counts. */
	ret->back = freshness->pick.where ? freshness->within : 0;
}

static void judge_never(const struct criterion *criterion,
	const struct freshness_plan *plan, const struct window *window,
	instant at, struct arena *arena, struct judgement *ret)
{
	const char *class = evidence_class_name(plan->pick.class);
	instant since = used_since(window, criterion->in_use_by, at);
	instant settled =
		since == INSTANT_NEVER ? at : time_after(since, plan->settle);

	answer(ret, VERDICT_UNKNOWN,
		arena_printf(arena, "no %s evidence of it ever came", class),
		plan->remedy ? plan->remedy
			     : arena_printf(arena,
				       "a source that sends %s evidence of it",
				       class));
	if (at < settled) {
		ret->pending = true;
		ret->next_change = settled;
	}
}

static void judge_old(const struct freshness_plan *plan,
	const struct window_evidence *any, struct arena *arena,
	struct judgement *ret)
{
	const char *class = evidence_class_name(plan->pick.class);

	answer(ret, VERDICT_STALE,
		arena_printf(arena, "no %s evidence%s within %s", class,
			plan->pick.where ? " that counts" : "",
			duration_text(arena, plan->within)),
		plan->remedy ? plan->remedy
			     : arena_printf(arena, "newer %s evidence from %s",
				       class, any->source));
	ret->source = any->source;
	answer_decided_by(ret, arena_printf(arena, "newest %s", class),
		time_text(arena, any->effective), any->id);
}

static void freshness_judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct freshness_plan *freshness = plan;
	enum evidence_class class = freshness->pick.class;
	struct window_walk walk = {0};
	const struct window_evidence *row =
		pick_next(&freshness->pick, window, NULL, at, &walk);
	const struct window_evidence *any =
		window_newest(window, class, NULL, at);
	instant ends = row ? time_after(row->effective, freshness->within) : at;

	if (!any) {
		judge_never(criterion, freshness, window, at, arena, ret);
	} else if (ends <= at) {
		judge_old(freshness, any, arena, ret);
	} else {
		answer(ret, VERDICT_PASS,
			arena_printf(arena, "newest %s evidence is of %s",
				evidence_class_name(class),
				time_text(arena, row->effective)),
			arena_printf(arena,
				"it goes stale at %s without newer evidence",
				time_text(arena, ends)));
		ret->next_change = ends;
		ret->source = row->source;
		answer_decided_by(ret,
			arena_printf(
				arena, "newest %s", evidence_class_name(class)),
			time_text(arena, row->effective), row->id);
	}
	answer_observed_subject(ret, window, arena);
}

const struct rule rule_freshness = {
	.name = "freshness",
	.compile = freshness_compile,
	.needs = freshness_needs,
	.judge = freshness_judge,
};
