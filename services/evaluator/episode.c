/* SPDX-License-Identifier: Apache-2.0 */
#include "episode.h"

#include "base/bug.h"

#include <string.h>

static const struct {
	enum episode_action action;
	const char *cause;
} table[EPISODE_DOUBT + 1][VERDICTS] = {
#define EPISODE_ROW(kind, verdict, action, cause)                              \
	[EPISODE_##kind][VERDICT_##verdict] = {EPISODE_##action, cause},
#include "episode.def"
#undef EPISODE_ROW
};

enum episode_kind episode_kind_of(enum verdict verdict)
{
	if (verdict_good(verdict))
		return EPISODE_NONE;
	return verdict == VERDICT_FAIL ? EPISODE_FAIL : EPISODE_DOUBT;
}

const char *episode_kind_name(enum episode_kind kind)
{
	static const char *const names[] = {"", "fail", "doubt"};

	MUST(kind <= EPISODE_DOUBT);
	return names[kind];
}

enum episode_kind episode_kind_parse(const char *word)
{
	if (strcmp(word, "fail") == 0)
		return EPISODE_FAIL;
	return strcmp(word, "doubt") == 0 ? EPISODE_DOUBT : EPISODE_NONE;
}

enum episode_action episode_act(enum episode_kind open, enum verdict verdict)
{
	MUST(open <= EPISODE_DOUBT && verdict < VERDICTS);
	return table[open][verdict].action;
}

const char *episode_cause(enum episode_kind open, enum verdict verdict)
{
	MUST(open <= EPISODE_DOUBT && verdict < VERDICTS);
	return table[open][verdict].cause;
}

struct fold {
	enum episode_kind kind; /* open by now */
	bool ours;              /* it is the one that was open before */
	instant opened;
	struct episode_move *move;
};

static void end(
	struct fold *fold, instant closed, const struct history_row *ended_by)
{
	if (fold->ours) {
		fold->move->close = true;
		fold->move->closed = closed;
		fold->move->ended_by = ended_by;
	}
	fold->ours = false;
	fold->kind = EPISODE_NONE;
}

static void begin(struct fold *fold, const struct history_row *row)
{
	fold->kind = episode_kind_of(row->verdict);
	fold->opened = row->from;
}

static void step(struct fold *fold, const struct history_row *row)
{
	if (row->settling && fold->kind == EPISODE_NONE)
		return; /* what it waits for may be on its way */
	switch (episode_act(fold->kind, row->verdict)) {
	case EPISODE_STAY:
		return;
	case EPISODE_OPEN:
		begin(fold, row);
		return;
	case EPISODE_CLOSE:
		end(fold, row->from, row);
		return;
	case EPISODE_TURN:
		end(fold, row->from, row);
		begin(fold, row);
		return;
	}
	BUG("an action that is none");
}

/* The fold takes up the open episode where its run begins: at the first one
 * of its kind that is not over when it opened. */
static void take_up(struct fold *fold, const struct history_row *row,
	enum episode_kind open, instant opened)
{
	if (fold->ours || fold->move->close || fold->kind != open ||
		row->until <= opened)
		return;
	fold->ours = true;
}

void episode_follow(enum episode_kind open, instant opened,
	const struct history_change *history, struct episode_move *ret)
{
	struct fold fold = {.move = ret, .kind = EPISODE_NONE};
	instant reached = INSTANT_NEVER;

	*ret = (struct episode_move){.opened = opened};
	for (size_t i = 0; i < history->count; i++) {
		const struct history_row *row = &history->rows[i];

		if (row->from > reached)
			end(&fold, reached, NULL);
		step(&fold, row);
		if (open != EPISODE_NONE)
			take_up(&fold, row, open, opened);
		reached = row->until;
	}
	if (!history_current(history))
		end(&fold, reached, NULL);
	if (open != EPISODE_NONE && !fold.ours && !ret->close) {
		ret->close = true; /* it never was, as we know now */
		ret->closed = opened;
	}
	ret->moved = fold.ours && fold.opened != opened;
	ret->open = fold.kind != EPISODE_NONE && !fold.ours;
	if (fold.kind != EPISODE_NONE)
		ret->opened = fold.opened;
}
