/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record that says what a judge found: filled from the judgement, the
 * criterion and the evidence behind it. Whether it is published is the judge's
 * business.
 */
#pragma once

#include "pack.h"
#include "store.h"

#define ANNOUNCE_LABELS 64

struct announcement {
	const struct pack *pack;
	/* NULL: the pack has it no longer; what was said last is used. */
	const struct criterion *criterion;
	const struct agenda_pair *pair;
	const struct stored *stored; /* as it will be, but for its record */
	const struct judgement *details;
	const struct label *labels;
	size_t label_count;
	/* Evidence whose payloads are known without asking; may be NULL. */
	const struct window *window;
};

/* Version, previous verdict and episode are the caller's to set. */
enum status announce_fill(struct pg *pg, struct arena *arena,
	const struct announcement *in, struct verdict_record *ret,
	struct reason *reterr) MUST_CHECK;
/* What consumers act on besides the verdict: who is told, how loudly. */
const char *announce_face(
	struct arena *arena, const struct verdict_record *record);

/* The judgement a record or a row of history was made from, as far as it
 * tells; NULL where it cannot be read. */
const struct judgement *announce_recall(
	struct arena *arena, const char *record);
const struct judgement *announce_recall_row(
	struct arena *arena, const struct history_row *row);
