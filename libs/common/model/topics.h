/* SPDX-License-Identifier: Apache-2.0 */
/* Names and wanted settings of our topics: one table, read by whoever makes,
 * checks, writes or reads one. */
#pragma once

#include "base/arena.h"
#include "wire/kafka.h"

enum topic {
	TOPIC_DELIVERIES,
	TOPIC_EVIDENCE,
	TOPIC_REJECTED,
	TOPIC_PARKED,
	TOPIC_VERDICTS,
	TOPIC_STATE,
	TOPIC_NOTICES,
	TOPICS
};

/* "<prefix>.deliveries" and so on, in the arena. */
const char *topic_name(
	struct arena *arena, const char *prefix, enum topic topic);
/* Wanted settings; partitions, replication and flush from the caller. */
struct kafka_topic topic_wanted(struct arena *arena, const char *prefix,
	enum topic topic, int partitions, int replication, bool flush_each);
