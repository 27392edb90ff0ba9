/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From "this subject was touched" to the pairs that are due by it: criteria of
 * its own kind that look at the class of evidence, criteria of neighbours that
 * look at it through a relation, and whatever was never judged so early. A
 * subject with many neighbours is expanded in parts, one row of the agenda
 * after the other; none is left out.
 */
#pragma once

#include "pack.h"

#include "wire/pg.h"

/* One transaction: expands up to `most` subjects, each for one class of
 * evidence and for all rows that are near the head of the queue; `*ret_done`
 * of them were there. IGNORED where another pack is in force. */
enum status expand_batch(struct pg *pg, struct arena *arena,
	const struct pack *pack, size_t most, size_t *ret_done,
	struct reason *reterr) MUST_CHECK;

/* Whether evidence of the class makes the criterion due, for its own subject
 * or for a neighbour by `relation`; CLASSES: whatever the class. Pure. */
bool expand_concerns_own(
	const struct criterion *criterion, enum evidence_class class);
bool expand_concerns_neighbour(const struct criterion *criterion,
	enum evidence_class class, const char *relation, bool changed);
