/* SPDX-License-Identifier: Apache-2.0 */
#include "rejection.h"

#include "base/bug.h"
#include "model/cloudevent.h"
#include "wire/json.h"

#include <string.h>

static const char *data_of(struct arena *arena,
	const struct rejection *rejection, size_t *ret_length)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *data = json_object(maker);
	struct json_node *delivery = json_object(maker);

	json_set_text(maker, data, "source", rejection->source);
	json_set_text(maker, data, "tool", rejection->tool);
	json_set_text(maker, delivery, "id", rejection->delivery);
	json_set_text(maker, delivery, "digest", rejection->digest);
	json_set_integer(maker, delivery, "size", (int64_t)rejection->size);
	json_set_node(maker, data, "delivery", delivery);
	json_set_instant(maker, data, "received", rejection->received);
	json_set_text(maker, data, "stage", rejection->stage);
	json_set_text(maker, data, "reason", rejection->reason);
	if (rejection->path && *rejection->path)
		json_set_text(maker, data, "path", rejection->path);
	json_set_text(maker, data, "adapter", rejection->adapter);
	if (rejection->oversized)
		json_set_bool(maker, data, "oversized", true);
	return json_write(maker, data, ret_length);
}

void rejection_encode(struct arena *arena, const struct rejection *rejection,
	struct kafka_record *ret)
{
	struct cloudevent event = {.type = "dev.postern.rejected.v1",
		.source = "/postern/ingest",
		.schema = "https://postern.dev/schemas/events/"
			  "rejected.v1.schema.json",
		.time = rejection->received,
		.recorded = rejection->received,
		.tenant = rejection->tenant,
		.traceparent = rejection->traceparent};
	const char *data;
	size_t length;

	MUST(rejection->stage && rejection->source && rejection->tool &&
		rejection->delivery && rejection->reason);
	event.id = arena_printf(
		arena, "%s %s", rejection->delivery, rejection->stage);
	data = data_of(arena, rejection, &length);
	*ret = (struct kafka_record){.partition = -1,
		.key = rejection->source,
		.key_length = strlen(rejection->source)};
	cloudevent_encode(arena, &event, data, length, ret);
}
