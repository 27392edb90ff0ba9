/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What translate says between evidence: up to which receipt time one partition
 * of deliveries has been translated, and how old the oldest spooled one is.
 * Time-driven judgement never runs ahead of it.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/kafka.h"

struct punctuation {
	int32_t partition; /* of deliveries */
	instant received_to;
	instant spool_oldest; /* INSTANT_NEVER: nothing is spooled */
};

bool punctuation_is(const struct kafka_record *record);
void punctuation_encode(struct arena *arena, const struct punctuation *in,
	struct kafka_record *ret);
enum status punctuation_decode(struct arena *arena,
	const struct kafka_record *record, struct punctuation *ret,
	struct reason *reterr) MUST_CHECK;
