/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "judgement.h"

#include "base/bug.h"

#include <string.h>

struct merge {
	struct arena *arena;
	const struct history_row *stored;
	size_t stored_count;
	struct history_row *rows;
	size_t count;
};

static void lay(struct merge *merge, struct history_row row)
{
	struct history_row *top =
		merge->count ? &merge->rows[merge->count - 1] : NULL;

	if (row.from >= row.until)
		return;
	if (top && top->until == row.from && top->verdict == row.verdict &&
		top->settling == row.settling) {
		top->until = row.until;
		return;
	}
	MUST(!top || top->until <= row.from);
	merge->rows[merge->count++] = row;
}

static void lay_before(struct merge *merge, instant from)
{
	for (size_t i = 0; i < merge->stored_count; i++) {
		struct history_row row = merge->stored[i];

		if (row.until > from)
			row.until = from;
		lay(merge, row);
	}
}

static void lay_segment(struct merge *merge, const struct walk *walk, size_t i)
{
	const struct segment *segment = &walk->segments[i];
	instant until =
		i + 1 < walk->count ? walk->segments[i + 1].from : walk->until;
	const struct judgement *judgement = segment->judgement;
	struct history_row *top =
		merge->count ? &merge->rows[merge->count - 1] : NULL;

	if (segment->kept && top && top->until == segment->from) {
		top->until = until;
		return;
	}
	lay(merge,
		(struct history_row){.from = segment->from,
			.until = until,
			.verdict = judgement->verdict,
			.settling = judgement->pending &&
				    judgement->next_change != INSTANT_NEVER,
			.summary = judgement->summary ? judgement->summary : "",
			.deciding = judgement_deciding(merge->arena, judgement),
			.judgement = judgement});
}

static void lay_after(struct merge *merge, instant until)
{
	for (size_t i = 0; i < merge->stored_count; i++) {
		struct history_row row = merge->stored[i];

		if (row.from < until)
			row.from = until;
		lay(merge, row);
	}
}

static bool same(const struct history_row *a, const struct history_row *b)
{
	return a->from == b->from && a->until == b->until &&
	       a->verdict == b->verdict && a->settling == b->settling &&
	       strcmp(a->summary, b->summary) == 0 &&
	       strcmp(a->deciding, b->deciding) == 0;
}

static bool is_among(const struct history_row *row,
	const struct history_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same(row, &rows[i]))
			return true;
	return false;
}

/* Rows of `mine` that are not among `others`. */
static const struct history_row *const *missing(struct arena *arena,
	const struct history_row *mine, size_t count,
	const struct history_row *others, size_t other_count, size_t *ret_count)
{
	const struct history_row **list =
		arena_array(arena, count + 1, sizeof(*list));

	*ret_count = 0;
	for (size_t i = 0; i < count; i++)
		if (!is_among(&mine[i], others, other_count))
			list[(*ret_count)++] = &mine[i];
	return list;
}

void history_merge(struct arena *arena, const struct history_row *stored,
	size_t count, const struct walk *walk, instant from,
	struct history_change *ret)
{
	struct merge merge = {.arena = arena,
		.stored = stored,
		.stored_count = count,
		.rows = arena_array(arena, 2 * count + walk->count + 1,
			sizeof(struct history_row))};

	lay_before(&merge, from);
	for (size_t i = 0; i < walk->count; i++)
		lay_segment(&merge, walk, i);
	if (walk->until != INSTANT_NEVER)
		lay_after(&merge, walk->until);
	ret->rows = merge.rows;
	ret->count = merge.count;
	ret->superseded = missing(arena, stored, count, merge.rows, merge.count,
		&ret->superseded_count);
	ret->added = missing(arena, merge.rows, merge.count, stored, count,
		&ret->added_count);
}

const struct history_row *history_current(const struct history_change *change)
{
	const struct history_row *top =
		change->count ? &change->rows[change->count - 1] : NULL;

	return top && top->until == INSTANT_NEVER ? top : NULL;
}
