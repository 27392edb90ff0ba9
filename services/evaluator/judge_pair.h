/* SPDX-License-Identifier: Apache-2.0 */
/* One pair, one transaction. For judge.c only. */
#pragma once

#include "announce.h"
#include "journal.h"

struct judge_pair_settings {
	struct pg *pg;
	struct arena *arena;   /* of this pair */
	struct arena *scratch; /* of one point of its walk */
	struct crypto *crypto;
	const struct pack *pack;
	const struct agenda_clock *clock;
	const char *verdicts, *state; /* topics */
};

struct judge_outcome {
	enum verdict verdict; /* VERDICTS: none yet, or not at the end yet */
	size_t published;
	bool parked;
};

/*
 * Begins and commits; where it does not answer OK the caller rolls back.
 * `journal` is what is held against the pair.
 */
enum status judge_pair(const struct judge_pair_settings *settings,
	const struct agenda_pair *pair, const struct journal *journal,
	struct judge_outcome *ret, struct reason *reterr) MUST_CHECK;
