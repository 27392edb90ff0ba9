/* SPDX-License-Identifier: Apache-2.0 */
#include "flaw.h"

#include "answer.h"

#include <string.h>

#define SHORT_ID 12

/* A neighbour's counts while it is a neighbour. */
static bool concerns(
	const struct window *window, const struct window_flaw *flaw, instant at)
{
	if (strcmp(flaw->subject, window->subject) == 0)
		return true;
	for (size_t i = 0; i < window->relation_count; i++) {
		const struct window_relation *row = &window->relations[i];

		if (row->from <= at && at < row->until &&
			strcmp(row->other, flaw->subject) == 0)
			return true;
	}
	return false;
}

static const char *describe(
	struct arena *arena, const struct window_flaw *flaw, size_t others)
{
	const char *more = "";

	if (others)
		more = arena_printf(arena, "; so %s %zu more",
			others == 1 ? "is" : "are", others);
	return arena_printf(arena,
		"snapshot %.*s.. of %s, %s, is not whole: %s%s", SHORT_ID,
		flaw->snapshot, flaw->source, time_text(arena, flaw->effective),
		flaw->what, more);
}

static void decide_by(struct arena *arena, const struct window_flaw *flaw,
	struct judgement *ret)
{
	const char *name = arena_printf(arena, "snapshot %s", flaw->snapshot);

	if (ret->deciding_count == VERDICT_LIST_MAX)
		ret->deciding_count--; /* it is what decides */
	answer_decided_by(ret, name, flaw->what, flaw->evidence);
}

static void spoil(const struct window_flaw *flaw, size_t others,
	struct arena *arena, struct judgement *ret)
{
	const char *sentence = describe(arena, flaw, others);

	if (ret->verdict == VERDICT_FAIL && !ret->pending) {
		ret->summary =
			arena_printf(arena, "%s; %s", ret->summary, sentence);
		return;
	}
	ret->verdict = VERDICT_ERROR;
	ret->pending = false;
	ret->summary = sentence;
	ret->would_change = arena_printf(arena,
		"a newer complete snapshot from %s that is whole",
		flaw->source);
	ret->source = flaw->source;
	decide_by(arena, flaw, ret);
}

void flaw_apply(const struct window *window, instant at, struct arena *arena,
	struct judgement *judgement)
{
	const struct window_flaw *first = NULL;
	size_t count = 0;

	if (judgement->verdict == VERDICT_NOT_APPLICABLE)
		return;
	for (size_t i = 0; i < window->flaw_count; i++) {
		const struct window_flaw *flaw = &window->flaws[i];

		if (at >= flaw->until || flaw->from >= flaw->until ||
			!concerns(window, flaw, at))
			continue;
		if (at < flaw->from) {
			judgement->next_change =
				time_first(judgement->next_change, flaw->from);
			continue;
		}
		count++;
		if (!first)
			first = flaw;
	}
	if (first)
		spoil(first, count - 1, arena, judgement);
}
