/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/park.h"

#include "base/bug.h"
#include "model/cloudevent.h"
#include "wire/json.h"

/* What all but the bytes may take of a record. */
#define ENVELOPE_MAX 100000
#define KEY_MAX 4096 /* a longer one goes without */

static const char *base64_text(
	struct arena *arena, const void *bytes, size_t size)
{
	char *text = arena_alloc(arena, BASE64_ROOM(size));

	base64_encode(bytes, size, text);
	return text;
}

static const char *digest_text(struct arena *arena, struct crypto *crypto,
	const struct kafka_record *record)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];

	sha256(crypto, record->value ? record->value : "", record->value_length,
		digest);
	hex_encode(digest, sizeof(digest), hex);
	return arena_printf(arena, "sha256:%s", hex);
}

static struct json_node *header_list(
	struct json_maker *maker, const struct kafka_record *record)
{
	struct json_node *headers = json_array(maker);
	size_t room = ENVELOPE_MAX / 2;

	for (size_t i = 0; i < record->header_count; i++) {
		const struct kafka_header *header = &record->headers[i];
		struct json_node *pair = json_array(maker);
		size_t size = strlen(header->name) + header->length;

		if (size > room)
			break;
		room -= size;
		json_add_text(maker, pair, header->name);
		json_add_text(maker, pair, header->value);
		json_add_node(maker, headers, pair);
	}
	return headers;
}

static const char *data_of(struct arena *arena, struct crypto *crypto,
	const struct kafka_record *record, const struct parking *parking,
	size_t *ret_length)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *data = json_object(maker);

	json_set_text(maker, data, "reader", parking->service);
	json_set_text(maker, data, "reason", parking->why);
	if (parking->where && *parking->where)
		json_set_text(maker, data, "path", parking->where);
	json_set_instant(maker, data, "at", parking->at);
	json_set_text(maker, data, "topic", record->topic);
	json_set_integer(maker, data, "partition", record->partition);
	json_set_integer(maker, data, "offset", record->offset);
	if (parking->deaths)
		json_set_integer(maker, data, "deaths", parking->deaths);
	if (record->key && record->key_length <= KEY_MAX)
		json_set_bytes(
			maker, data, "key", record->key, record->key_length);
	json_set_node(maker, data, "headers", header_list(maker, record));
	json_set_integer(maker, data, "size", (int64_t)record->value_length);
	json_set_text(
		maker, data, "digest", digest_text(arena, crypto, record));
	if (record->value && BASE64_ROOM(record->value_length) + ENVELOPE_MAX <
				     KAFKA_RECORD_MAX)
		json_set_text(maker, data, "value_base64",
			base64_text(
				arena, record->value, record->value_length));
	return json_write(maker, data, ret_length);
}

void park_record(struct arena *arena, struct crypto *crypto, const char *topic,
	const struct kafka_record *record, const struct parking *parking,
	struct kafka_record *ret)
{
	struct cloudevent event = {.type = "dev.postern.parked.v1",
		.time = parking->at,
		.recorded = parking->at};
	size_t length;
	const char *data;

	MUST(record->topic && parking->service && parking->why);
	data = data_of(arena, crypto, record, parking, &length);
	event.source = arena_printf(arena, "/postern/%s", parking->service);
	/* The same record parked again is the same event. */
	event.id = arena_printf(arena, "%s/%d/%lld", record->topic,
		(int)record->partition, (long long)record->offset);
	cloudevent_encode(arena, &event, data, length, ret);
	ret->topic = topic;
	ret->partition = -1;
	if (record->key_length <= KEY_MAX) {
		ret->key = record->key;
		ret->key_length = record->key_length;
	}
}
