/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B was preceded by A, joined by what B and the rows before it name: a
 * deployment names a revision, the merge of that revision names a pull
 * request, whose approval is looked for. Steps and names are parameters; this
 * file knows no tool. Repeats of B (same names, no gap of judge_for) are one
 * B; what comes before it lies within look_back of its first row. A B that is
 * older than judge_for is not judged anew: what was said of it still holds,
 * whatever rows there are no more.
 */
#include "answer.h"
#include "chain.h"

#define SETTLE (2 * INSTANT_MINUTE)
#define LOOK_BACK (60 * INSTANT_DAY)
#define JUDGE_FOR (2 * INSTANT_DAY)

struct sequence_plan {
	struct chain chain;
	const struct predicate *allowed; /* who may do B; NULL: anybody */
	struct pick known;               /* class CLASSES: not asked */
	enum verdict unseen;             /* of a name nobody heard of */
	instant settle, look_back, judge_for;
	struct observations observations;
	const char *remedy;
	const char *relations[CHAIN_STEPS_MAX + 2];
	unsigned neighbour_classes, own_classes;
};

static void need(struct sequence_plan *plan, const struct pick *pick)
{
	size_t i = 0;

	if (!pick->relation) {
		plan->own_classes |= 1u << pick->class;
		return;
	}
	plan->neighbour_classes |= 1u << pick->class;
	while (plan->relations[i] &&
		strcmp(plan->relations[i], pick->relation) != 0)
		i++;
	plan->relations[i] = pick->relation;
}

static enum status compile_known(struct arena *arena,
	const struct doc *parameters, struct sequence_plan *plan,
	struct reason *reterr)
{
	static const char *const keys[] = {
		"evidence", "relation", "where", NULL};
	const struct doc *known = doc_get(parameters, "known_by");
	const char *word;
	enum status status =
		doc_text(parameters, "unseen", "unknown", &word, reterr);

	plan->known.class = CLASSES;
	if (status != OK)
		return status;
	plan->unseen = verdict_parse(word);
	if (plan->unseen != VERDICT_UNKNOWN && plan->unseen != VERDICT_FAIL)
		return doc_error(doc_get(parameters, "unseen"), reterr,
			"\"unseen\" is unknown or fail");
	if (!known)
		return OK;
	status = doc_only(known, keys, reterr);
	if (status == OK)
		status = pick_compile(arena, known, true, &plan->known, reterr);
	return status;
}

static enum status compile_times(const struct doc *parameters,
	struct sequence_plan *plan, struct reason *reterr)
{
	enum status status = duration_optional(
		parameters, "settle", SETTLE, &plan->settle, reterr);

	if (status == OK)
		status = duration_optional(parameters, "look_back", LOOK_BACK,
			&plan->look_back, reterr);
	if (status == OK)
		status = duration_optional(parameters, "judge_for", JUDGE_FOR,
			&plan->judge_for, reterr);
	if (status == OK && (plan->settle >= plan->judge_for ||
				    plan->judge_for > INSTANT_NEVER / 8 ||
				    plan->look_back > INSTANT_NEVER / 8))
		return doc_error(parameters, reterr,
			"\"judge_for\" must be longer than \"settle\"");
	return status;
}

static enum status compile_rest(struct arena *arena,
	const struct doc *parameters, struct sequence_plan *plan,
	struct reason *reterr)
{
	const struct doc *allowed = doc_get(parameters, "allowed");
	enum status status = OK;

	if (allowed)
		status = predicate_compile(
			arena, allowed, &plan->allowed, reterr);
	if (status == OK)
		status = observations_compile(
			arena, parameters, &plan->observations, reterr);
	if (status == OK)
		status = doc_text(parameters, "remedy",
			"a later one that has all that must come before it",
			&plan->remedy, reterr);
	return status;
}

static enum status sequence_compile(struct arena *arena,
	const struct doc *parameters, const struct clock_profiles *clocks,
	const void **ret_plan, struct reason *reterr)
{
	static const char *const keys[] = {"then", "steps", "allowed",
		"known_by", "unseen", "settle", "look_back", "judge_for",
		"observe", "remedy", NULL};
	struct sequence_plan *plan = arena_alloc(arena, sizeof(*plan));
	enum status status = doc_only(parameters, keys, reterr);

	(void)clocks;
	if (status == OK)
		status = chain_compile(arena, parameters, &plan->chain, reterr);
	if (status == OK)
		status = compile_known(arena, parameters, plan, reterr);
	if (status == OK)
		status = compile_times(parameters, plan, reterr);
	if (status == OK)
		status = compile_rest(arena, parameters, plan, reterr);
	if (status != OK)
		return status;
	need(plan, &plan->chain.then);
	for (size_t i = 0; i < plan->chain.step_count; i++)
		need(plan, &plan->chain.steps[i].pick);
	if (plan->known.class != CLASSES)
		need(plan, &plan->known);
	*ret_plan = plan;
	return OK;
}

static void sequence_needs(const void *plan, struct window_needs *ret)
{
	const struct sequence_plan *sequence = plan;

	ret->own_classes = sequence->own_classes;
	ret->relations = sequence->relations;
	ret->neighbour_classes = sequence->neighbour_classes;
	ret->own_back = 2 * sequence->judge_for;
	ret->back = sequence->judge_for + sequence->look_back;
	if (ret->back < ret->own_back)
		ret->back = ret->own_back;
}

struct happening {
	const struct window_evidence
		*row; /* first of its repeats; NULL: none */
	struct bindings names;
	bool old; /* it began before judge_for */
};

/* The B that counts at `at`. */
static void find_happening(const struct sequence_plan *plan,
	const struct window *window, instant at, struct arena *arena,
	struct happening *ret)
{
	struct window_walk walk = {0};
	const struct window_evidence *row;
	instant oldest = at - plan->judge_for;

	*ret = (struct happening){0};
	while ((row = pick_next(&plan->chain.then, window, NULL, at, &walk))) {
		struct bindings names;

		if (ret->row && time_after(row->effective, plan->judge_for) <=
					ret->row->effective)
			return;
		if (!ret->row && row->effective <= oldest)
			return;
		chain_names(&plan->chain, window, row, arena, &names);
		if (ret->row && !chain_same_names(&names, &ret->names))
			return;
		ret->row = row;
		ret->names = names;
		if (row->effective <= oldest) {
			ret->old = true;
			return;
		}
	}
}

static void answer_pending(
	struct judgement *ret, const char *summary, const char *would_change)
{
	answer(ret, VERDICT_UNKNOWN, summary, would_change);
	ret->pending = true;
}

/* Nothing happened lately: what was said of the last time still holds. */
static void judge_nothing(const struct sequence_plan *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	enum evidence_class class = plan->chain.then.class;
	const char *word = evidence_class_name(class);
	const struct window_evidence *any =
		window_newest(window, class, plan->chain.then.relation, at);

	if (!any) {
		answer(ret, VERDICT_UNKNOWN,
			arena_printf(
				arena, "no %s evidence of it ever came", word),
			arena_printf(arena,
				"a source that sends %s evidence of it", word));
		return;
	}
	answer_pending(ret,
		arena_printf(arena, "no %s that counts within %s", word,
			duration_text(arena, plan->judge_for)),
		arena_printf(arena, "the next %s", word));
	ret->source = any->source;
}

static void judge_disallowed(const struct sequence_plan *plan,
	const struct happening *happening, const struct predicate_view *view,
	struct arena *arena, struct judgement *ret)
{
	answer(ret, VERDICT_FAIL,
		arena_printf(arena,
			"%s of %s was started by somebody who may "
			"not: %s",
			evidence_class_name(plan->chain.then.class),
			chain_name_text(&happening->names, arena),
			predicate_explain(plan->allowed, view, arena)),
		"the same again, started by somebody who may");
}

/* Whose silence would explain that nobody heard of it. */
static const char *source_of_steps(const struct sequence_plan *plan,
	const struct window *window, instant at)
{
	const struct pick *first = &plan->chain.steps[0].pick;
	const struct window_evidence *row =
		window_newest(window, first->class, first->relation, at);

	return row ? row->source : NULL;
}

static const char *who_knew(const struct window *window,
	const struct window_evidence *known, const struct bindings *names,
	struct arena *arena)
{
	const struct predicate_view view = pick_view(window, known, names);
	const char *class = evidence_class_name(known->class);
	const char *actor = predicate_field(
		arena_printf(arena, "%s.actor", class), &view, arena);
	const char *ref = predicate_field(
		arena_printf(arena, "%s.ref", class), &view, arena);

	return arena_printf(arena, " (%s%s%s%s%s at %s)", known->kind,
		ref ? " to " : "", ref ? ref : "", actor ? " by " : "",
		actor ? actor : "", time_text(arena, known->effective));
}

/* The very first step is missing: was its key ever heard of at all? */
static void judge_first_missing(const struct sequence_plan *plan,
	const struct window *window, const struct happening *happening,
	instant at, struct arena *arena, struct judgement *ret)
{
	const char *names = chain_name_text(&happening->names, arena);
	const char *missing = plan->chain.steps[0].name;
	struct window_walk walk = {0};
	const struct window_evidence *known = NULL;

	if (plan->known.class != CLASSES)
		known = pick_next(
			&plan->known, window, &happening->names, at, &walk);
	if (known && time_after(known->effective, plan->look_back) <=
			     happening->row->effective)
		known = NULL;
	if (known) {
		answer(ret, VERDICT_FAIL,
			arena_printf(arena, "%s has no %s before it%s", names,
				missing,
				who_knew(window, known, &happening->names,
					arena)),
			plan->remedy);
		answer_decided_by(ret, "known by", known->kind, known->id);
		observations_add(&plan->observations,
			&(struct predicate_view){
				.data = known->data, .subject = known->subject},
			arena, ret);
		return;
	}
	answer(ret, plan->unseen,
		arena_printf(arena,
			"nobody heard of %s: no %s, and nothing "
			"else that names it",
			names, missing),
		"evidence of the place it comes from: its webhook, or the "
		"address that the deployment names");
	ret->source = source_of_steps(plan, window, at);
}

static void judge_missing(const struct sequence_plan *plan,
	const struct window *window, const struct happening *happening,
	const struct chain_result *result, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct chain_step *step = &plan->chain.steps[result->reached];

	if (result->reached == 0) {
		judge_first_missing(plan, window, happening, at, arena, ret);
		return;
	}
	answer(ret, VERDICT_FAIL,
		arena_printf(arena, "%s has %u of %u %s before it",
			chain_name_text(&result->names, arena), result->found,
			step->at_least, step->name),
		plan->remedy);
}

static void judge_settled(const struct sequence_plan *plan,
	const struct window *window, const struct happening *happening,
	instant at, struct arena *arena, struct judgement *ret)
{
	const struct predicate_view view =
		pick_view(window, happening->row, &happening->names);
	instant settled = time_after(happening->row->effective, plan->settle);
	struct chain_result result;

	chain_follow(&plan->chain, window, happening->row, &happening->names,
		plan->look_back, at, arena, &result);
	if (plan->allowed && !predicate_holds(plan->allowed, &view)) {
		judge_disallowed(plan, happening, &view, arena, ret);
	} else if (result.complete) {
		answer(ret, VERDICT_PASS,
			arena_printf(arena, "%s has all that must come before",
				chain_name_text(&result.names, arena)),
			"a later one without it");
	} else if (at < settled) {
		answer_pending(ret,
			arena_printf(arena, "waits until %s for what names %s",
				time_text(arena, settled),
				chain_name_text(&happening->names, arena)),
			arena_printf(arena, "%s, or the time",
				plan->chain.steps[result.reached].name));
		ret->next_change = settled;
	} else {
		judge_missing(plan, window, happening, &result, at, arena, ret);
	}
	if (!ret->source && !ret->pending)
		ret->source = happening->row->source;
	for (size_t i = 0; i < result.row_count; i++)
		answer_decided_by(ret, result.rows[i].name,
			result.rows[i].row->kind, result.rows[i].row->id);
	observations_add(&plan->observations, &view, arena, ret);
}

static void sequence_judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct sequence_plan *sequence = plan;
	struct happening happening;

	(void)criterion;
	find_happening(sequence, window, at, arena, &happening);
	if (!happening.row) {
		judge_nothing(sequence, window, at, arena, ret);
		return;
	}
	if (happening.old) {
		answer_pending(ret,
			arena_printf(arena, "%s is older than %s",
				chain_name_text(&happening.names, arena),
				duration_text(arena, sequence->judge_for)),
			"the next one");
		ret->source = happening.row->source;
	} else if (!chain_named(&sequence->chain, &happening.names)) {
		answer(ret, VERDICT_UNKNOWN,
			"it names nothing by which what came before could be "
			"found",
			"evidence that names it");
		ret->source = happening.row->source;
		ret->next_change = time_after(
			happening.row->effective, sequence->judge_for);
	} else {
		judge_settled(sequence, window, &happening, at, arena, ret);
		ret->next_change = time_first(
			ret->next_change, time_after(happening.row->effective,
						  sequence->judge_for));
	}
	answer_decided_by(ret, evidence_class_name(sequence->chain.then.class),
		chain_name_text(&happening.names, arena), happening.row->id);
}

const struct rule rule_sequence = {
	.name = "sequence",
	.compile = sequence_compile,
	.needs = sequence_needs,
	.judge = sequence_judge,
};
