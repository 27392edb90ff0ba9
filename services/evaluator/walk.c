/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include "flaw.h"
#include "judgement.h"
#include "predicate.h"

#include "base/bug.h"

#define FIRST_ROOM 16

struct walker {
	const struct criterion *criterion;
	const struct window *window;
	const struct walk_settings *settings;
	struct segment *segments;
	size_t count, room;
};

static void add(struct walker *walker, instant from,
	const struct judgement *judgement, bool kept)
{
	struct arena *arena = walker->settings->arena;

	if (walker->count == walker->room) {
		size_t room = walker->room ? 2 * walker->room : FIRST_ROOM;
		struct segment *more = arena_array(arena, room, sizeof(*more));

		for (size_t i = 0; i < walker->count; i++)
			more[i] = walker->segments[i];
		walker->segments = more;
		walker->room = room;
	}
	walker->segments[walker->count++] = (struct segment){.from = from,
		.kept = kept,
		.judgement = judgement_copy(arena, judgement)};
}

static void note(
	struct walker *walker, instant at, const struct judgement *judgement)
{
	const struct segment *top =
		walker->count ? &walker->segments[walker->count - 1] : NULL;

	if (judgement->pending && top)
		return;
	if (top && !top->kept && top->judgement->verdict == judgement->verdict)
		return;
	add(walker, at, judgement, judgement->pending);
}

static void say(struct judgement *ret, enum verdict verdict,
	const char *summary, const char *would_change)
{
	*ret = (struct judgement){.verdict = verdict,
		.next_change = INSTANT_NEVER,
		.summary = summary,
		.would_change = would_change};
}

static bool in_use(const struct walker *walker, instant at)
{
	size_t cursor = 0;

	return !walker->criterion->in_use_by ||
	       window_related(walker->window, walker->criterion->in_use_by, at,
		       &cursor);
}

/* A rule that names a past change would be asked for ever. */
static void refuse_past(
	struct walker *walker, instant at, struct judgement *judgement)
{
	if (judgement->next_change > at && judgement->verdict < VERDICTS)
		return;
	say(judgement, VERDICT_ERROR,
		arena_printf(walker->settings->scratch, "rule %s gave %s",
			walker->criterion->rule->name,
			judgement->verdict < VERDICTS
				? "a next change that is not later"
				: "no verdict"),
		"a corrected rule");
}

static void judge_at(
	struct walker *walker, instant at, struct judgement *judgement)
{
	const struct criterion *criterion = walker->criterion;
	struct arena *scratch = walker->settings->scratch;

	arena_reset(scratch);
	if (!in_use(walker, at)) {
		say(judgement, VERDICT_NOT_APPLICABLE,
			arena_printf(scratch, "not in use: no neighbour by %s",
				criterion->in_use_by),
			"it is put to use");
		return;
	}
	*judgement = (struct judgement){.next_change = INSTANT_NEVER};
	criterion->rule->judge(criterion, criterion->plan, walker->window, at,
		scratch, judgement);
	flaw_apply(walker->window, at, scratch, judgement);
	refuse_past(walker, at, judgement);
}

/* What holds whatever the time: true where there is such a judgement. */
static bool settled(
	struct walker *walker, struct judgement *judgement, bool *ret_outside)
{
	const struct criterion *criterion = walker->criterion;
	const struct window *window = walker->window;
	const struct predicate_view view = {.subject = window->subject,
		.labels = window->labels,
		.label_count = window->label_count};

	*ret_outside = criterion->applies &&
		       !predicate_holds(criterion->applies, &view);
	if (*ret_outside)
		say(judgement, VERDICT_NOT_APPLICABLE,
			arena_printf(walker->settings->scratch,
				"does not apply: %s",
				predicate_explain(criterion->applies, &view,
					walker->settings->scratch)),
			"other labels of the subject");
	else if (window->unmapped && criterion->subject == SUBJECT_SERVICE)
		say(judgement, VERDICT_UNKNOWN, window->unmapped,
			"a rule of subjects.yaml that maps it");
	else
		return false;
	return true;
}

/* The next point, or INSTANT_NEVER; `ret->due` where it is time's to come. */
static instant next_point(const struct walker *walker, instant at,
	instant next_change, struct walk *ret)
{
	instant point = window_next_point(walker->window, at);

	if (point > walker->settings->until)
		point = walker->settings->until;
	if (next_change > point || next_change == INSTANT_NEVER)
		return point;
	if (next_change <= walker->settings->now)
		return next_change;
	ret->due = next_change;
	return INSTANT_NEVER;
}

static void finish(
	struct walker *walker, const struct judgement *last, struct walk *ret)
{
	ret->segments = walker->segments;
	ret->count = walker->count;
	if (!last->pending)
		ret->last = judgement_copy(walker->settings->arena, last);
	else if (!walker->segments[walker->count - 1].kept)
		ret->last = walker->segments[walker->count - 1].judgement;
}

void walk_run(const struct criterion *criterion, const struct window *window,
	const struct walk_settings *settings, struct walk *ret)
{
	struct walker walker = {criterion, window, settings, NULL, 0, 0};
	struct judgement judgement;
	instant at = settings->from;
	size_t points = 0;

	MUST(at >= window->from && at < settings->until);
	*ret = (struct walk){.due = INSTANT_NEVER,
		.until = INSTANT_NEVER,
		.next_change = INSTANT_NEVER};
	arena_reset(settings->scratch);
	if (settled(&walker, &judgement, &ret->outside)) {
		note(&walker, at, &judgement);
		ret->judged_to = at;
		finish(&walker, &judgement, ret);
		return;
	}
	for (;;) {
		judge_at(&walker, at, &judgement);
		note(&walker, at, &judgement);
		ret->judged_to = at;
		ret->next_change = judgement.next_change;
		at = next_point(&walker, at, judgement.next_change, ret);
		if (at == INSTANT_NEVER)
			break;
		if (at >= settings->until || ++points >= settings->points) {
			ret->until = at;
			break;
		}
	}
	finish(&walker, &judgement, ret);
}
