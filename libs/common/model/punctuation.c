/* SPDX-License-Identifier: Apache-2.0 */
#include "model/punctuation.h"

#include "model/cloudevent.h"
#include "wire/json.h"

#include <string.h>

#define TYPE_STEM "dev.postern.punctuation"
#define TYPE TYPE_STEM ".v1"

bool punctuation_is(const struct kafka_record *record)
{
	const char *type = kafka_header_of(record, "ce_type");
	size_t stem = 0;

	return type && cloudevent_version(type, &stem) > 0 &&
	       stem == strlen(TYPE_STEM) && strncmp(type, TYPE_STEM, stem) == 0;
}

void punctuation_encode(struct arena *arena, const struct punctuation *in,
	struct kafka_record *ret)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *root = json_object(maker);
	struct cloudevent event = {
		.source = "/postern/ingest",
		.type = TYPE,
		.time = in->received_to,
		.recorded = INSTANT_NEVER,
		.schema = "https://postern.dev/schemas/events/"
			  "punctuation.v1.schema.json",
	};
	size_t length;
	const char *data;

	json_set_integer(maker, root, "partition", in->partition);
	json_set_instant(maker, root, "received_to", in->received_to);
	json_set_instant(maker, root, "spool_oldest", in->spool_oldest);
	data = json_write(maker, root, &length);
	event.id = arena_printf(arena, "%d/%lld", (int)in->partition,
		(long long)in->received_to);
	*ret = (struct kafka_record){.partition = -1};
	cloudevent_encode(arena, &event, data, length, ret);
}

static enum status member_time(const struct json *root, const char *name,
	instant *ret, struct reason *reterr)
{
	const struct json *value = json_get(root, name);
	const char *text = json_text(value);
	enum status status;

	if (!text) {
		reason_set(reterr, NULL, "must be a string, is %s",
			json_type(value));
		status = REJECT;
	} else {
		status = instant_parse(text, strlen(text), ret, reterr);
	}
	if (status != OK)
		reason_within(reterr, name);
	return status;
}

static enum status read_data(
	const struct json *root, struct punctuation *ret, struct reason *reterr)
{
	int64_t partition;
	enum status status;

	if (!json_integer(json_get(root, "partition"), &partition) ||
		partition < 0 || partition > INT32_MAX) {
		reason_set(reterr, "$.partition",
			"must be the number of a partition");
		return REJECT;
	}
	ret->partition = (int32_t)partition;
	ret->spool_oldest = INSTANT_NEVER;
	status = member_time(root, "received_to", &ret->received_to, reterr);
	if (status == OK && json_get(root, "spool_oldest"))
		status = member_time(
			root, "spool_oldest", &ret->spool_oldest, reterr);
	return status;
}

enum status punctuation_decode(struct arena *arena,
	const struct kafka_record *record, struct punctuation *ret,
	struct reason *reterr)
{
	struct punctuation read;
	struct cloudevent event;
	const struct json *root;
	size_t stem;
	enum status status = cloudevent_decode(arena, record, &event, reterr);

	if (status != OK)
		return status;
	if (!punctuation_is(record)) {
		reason_set(reterr, "ce_type", "\"%.80s\" is no punctuation",
			event.type);
		return REJECT;
	}
	if (cloudevent_version(event.type, &stem) != 1) {
		reason_set(reterr, "ce_type",
			"\"%.80s\" is newer than this program: upgrade it",
			event.type);
		return RETRY;
	}
	status = json_read(
		arena, record->value, record->value_length, &root, reterr);
	if (status == OK)
		status = read_data(root, &read, reterr);
	if (status == OK)
		*ret = read;
	return status;
}
