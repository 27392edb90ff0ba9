/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of each source's deliveries since somebody last asked: counted by
 * edge and translate, told to the evaluator by toolstate. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

#include <stddef.h>
#include <stdint.h>

struct tally;
struct tally *tally_new(void);
void tally_free(struct tally **tally);

void tally_accepted(struct tally *tally, const char *source, instant received);
/* Could not be translated. */
void tally_rejected(struct tally *tally, const char *source);
void tally_unauthenticated(struct tally *tally, const char *source);

struct tally_row {
	const char *source;
	int64_t accepted, rejected, unauthenticated;
	instant last_delivery; /* newest accepted; 0: none */
};
/* All rows by source, copied into `arena`; counting begins anew. */
size_t tally_take(
	struct tally *tally, struct arena *arena, struct tally_row **ret);
/* Adds a row that was taken and could not be told. */
void tally_give_back(struct tally *tally, const struct tally_row *row);
