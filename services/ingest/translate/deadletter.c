/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/deadletter.h"

#include "rejection.h"

#include <string.h>

/* A key of ours is the source; anything else is not repeated. */
static const char *source_of(
	struct arena *arena, const struct kafka_record *record)
{
	const char *key = record->key;

	for (size_t i = 0; key && i < record->key_length; i++)
		if ((unsigned char)key[i] <= 0x20 || key[i] == 0x7f)
			key = NULL;
	if (!key || record->key_length == 0 || record->key_length > 200)
		return "unknown";
	return arena_copy(arena, key, record->key_length);
}

void deadletter_make(struct arena *arena, const struct assembled *assembled,
	const struct kafka_record *record, const char *adapter,
	const struct reason *reason, struct kafka_record *ret)
{
	const struct parcel *parcel = &assembled->parcel;
	struct rejection rejection = {
		.stage = "translate",
		.source = parcel->source,
		.tool = parcel->tool,
		.tenant = parcel->tenant,
		.delivery = parcel->id,
		.digest = parcel->digest,
		.size = assembled->size,
		.received = parcel->received,
		.reason = reason->sentence,
		.path = reason->place,
		.adapter = adapter,
		.traceparent = parcel->traceparent,
	};

	if (!parcel->id) {
		rejection.source = source_of(arena, record);
		rejection.tool = "unknown";
		rejection.tenant = NULL;
		rejection.delivery = arena_printf(arena, "%s/%d/%lld",
			record->topic, (int)record->partition,
			(long long)record->offset);
		rejection.digest = NULL;
		rejection.size = record->value_length;
		rejection.received = record->timestamp;
		rejection.traceparent = NULL;
	}
	rejection_encode(arena, &rejection, ret);
}
