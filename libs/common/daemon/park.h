/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last resort for a record that cannot be worked on: what goes to
 * <prefix>.parked, so that nothing is lost when it is skipped.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "wire/crypto.h"
#include "wire/kafka.h"

struct parking {
	const char *service; /* who parks */
	const char *why;     /* "crashed" or a sentence */
	const char *where;   /* place of the reason; "" or NULL: none */
	int deaths;          /* 0: it was refused, not deadly */
	instant at;
};

/*
 * The record for `topic`, in the arena, keyed as the parked one. Its bytes are
 * in it where they fit under KAFKA_RECORD_MAX; its topic, partition, offset,
 * size and digest always are.
 */
void park_record(struct arena *arena, struct crypto *crypto, const char *topic,
	const struct kafka_record *record, const struct parking *parking,
	struct kafka_record *ret);
