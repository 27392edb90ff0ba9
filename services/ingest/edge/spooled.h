/* SPDX-License-Identifier: Apache-2.0 */
/* A record as it lies in the spool: all that Kafka would have been given. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/kafka.h"
#include "wire/spool.h"

/* Bytes in `arena`; the record's topic is part of them. */
void spooled_write(struct arena *arena, const struct kafka_record *record,
	const void **ret, size_t *ret_size);
/* Into `arena`, pointing into the bytes. REJECT where they are none. */
enum status spooled_read(struct arena *arena, const void *bytes, size_t size,
	struct kafka_record *ret, struct reason *reterr) MUST_CHECK;
/* When the oldest record was received; INSTANT_NEVER where there is none. */
instant spooled_oldest(struct spool *spool);
