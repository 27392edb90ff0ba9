/* SPDX-License-Identifier: Apache-2.0 */
#include "model/topics.h"

#include "base/bug.h"

static const struct {
	const char *name;
	bool compacted;
	instant retention;
} rows[TOPICS] = {
	/* A rebuild reads these again, so a year of them is kept. */
	[TOPIC_DELIVERIES] = {"deliveries", false, 366 * INSTANT_DAY},
	[TOPIC_EVIDENCE] = {"evidence", false, 366 * INSTANT_DAY},
	[TOPIC_REJECTED] = {"rejected", false, 90 * INSTANT_DAY},
	[TOPIC_PARKED] = {"parked", false, 366 * INSTANT_DAY},
	[TOPIC_VERDICTS] = {"verdicts", false, 366 * INSTANT_DAY},
	[TOPIC_STATE] = {"state", true, INSTANT_NEVER},
	[TOPIC_NOTICES] = {"notices", false, 90 * INSTANT_DAY},
};

const char *topic_name(
	struct arena *arena, const char *prefix, enum topic topic)
{
	MUST(topic < TOPICS);
	return arena_printf(arena, "%s.%s", prefix, rows[topic].name);
}

struct kafka_topic topic_wanted(struct arena *arena, const char *prefix,
	enum topic topic, int partitions, int replication, bool flush_each)
{
	struct kafka_topic wanted = {
		.name = topic_name(arena, prefix, topic),
		.partitions = partitions,
		.replication = replication,
		.min_insync = replication >= 2 ? 2 : 1,
		.compacted = rows[topic].compacted,
		.retention = rows[topic].retention,
	};

	/* With replicas, those are what makes a record durable. */
	wanted.flush_each = flush_each && replication == 1 && !wanted.compacted;
	return wanted;
}
