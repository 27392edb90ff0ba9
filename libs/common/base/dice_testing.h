/* SPDX-License-Identifier: Apache-2.0 */
/* For tests only: chance that is the same in each run. A test sets `dice` and
 * begins anew with it. */
#pragma once

#include "base/testing.h"

#define DICE_ITEM 512

static uint64_t dice;

static inline unsigned dice_below(unsigned limit)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % limit;
}

/* Items of `size` bytes, DICE_ITEM at most. */
static inline void dice_shuffle(void *items, size_t count, size_t size)
{
	unsigned char *at = items, kept[DICE_ITEM];

	assert_true(size <= sizeof(kept));
	for (size_t i = count; i > 1; i--) {
		unsigned char *one = at + (i - 1) * size;
		unsigned char *other = at + dice_below((unsigned)i) * size;

		memcpy(kept, one, size);
		memmove(one, other, size);
		memcpy(other, kept, size);
	}
}
