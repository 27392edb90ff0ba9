/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_held.h"

#include "base/bug.h"
#include "base/memory.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

/* Beyond this many, polling stops until a batch has taken some. */
#define HELD_MAX 4096

struct kafka_held {
	rd_kafka_message_t *messages[HELD_MAX + 1]; /* one more: see add */
	size_t count;
	size_t bytes, max_bytes;
};

struct kafka_held *kafka_held_new(size_t max_bytes)
{
	struct kafka_held *held = memory_new(sizeof(*held));

	held->max_bytes = max_bytes;
	return held;
}

void kafka_held_free(struct kafka_held **held)
{
	if (!*held)
		return;
	kafka_held_clear(*held);
	memory_free(*held);
	*held = NULL;
}

static size_t size_of(const rd_kafka_message_t *message)
{
	return message->len + message->key_len + sizeof(*message);
}

static bool is_of(
	const rd_kafka_message_t *message, const char *topic, int32_t partition)
{
	return message->rkt && message->partition == partition &&
	       strcmp(rd_kafka_topic_name(message->rkt), topic) == 0;
}

bool kafka_held_full(const struct kafka_held *held)
{
	return held->count >= HELD_MAX || held->bytes >= held->max_bytes;
}

/* Polling stops at HELD_MAX; the one in hand then still finds its place. */
void kafka_held_add(struct kafka_held *held, rd_kafka_message_t *message)
{
	MUST(held->count <= HELD_MAX);
	held->messages[held->count++] = message;
	held->bytes += size_of(message);
}

static rd_kafka_message_t *take(struct kafka_held *held, size_t i)
{
	rd_kafka_message_t *message = held->messages[i];

	held->bytes -= size_of(message);
	held->count--;
	memmove(&held->messages[i], &held->messages[i + 1],
		(held->count - i) * sizeof(held->messages[0]));
	return message;
}

rd_kafka_message_t *kafka_held_first(struct kafka_held *held)
{
	return held->count > 0 ? take(held, 0) : NULL;
}

rd_kafka_message_t *kafka_held_of(
	struct kafka_held *held, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < held->count; i++)
		if (is_of(held->messages[i], topic, partition))
			return take(held, i);
	return NULL;
}

void kafka_held_drop(
	struct kafka_held *held, const char *topic, int32_t partition)
{
	rd_kafka_message_t *message;

	while ((message = kafka_held_of(held, topic, partition)))
		rd_kafka_message_destroy(message);
}

void kafka_held_clear(struct kafka_held *held)
{
	while (held->count > 0)
		rd_kafka_message_destroy(take(held, held->count - 1));
}

static size_t count_headers(rd_kafka_headers_t *headers)
{
	return headers ? rd_kafka_header_cnt(headers) : 0;
}

static void copy_headers(struct arena *arena, rd_kafka_message_t *message,
	struct kafka_record *record)
{
	rd_kafka_headers_t *headers = NULL;
	struct kafka_header *copies;
	rd_kafka_resp_err_t err = rd_kafka_message_headers(message, &headers);
	size_t count = err ? 0 : count_headers(headers);

	copies = arena_array(arena, count, sizeof(*copies));
	for (size_t i = 0; i < count; i++) {
		const void *value;
		const char *name;
		size_t size;

		err = rd_kafka_header_get_all(headers, i, &name, &value, &size);
		MUST(!err);
		copies[i].name = arena_string(arena, name);
		copies[i].value = arena_copy(arena, value ? value : "", size);
		copies[i].length = size;
	}
	record->headers = copies;
	record->header_count = count;
}

static void copy_record(struct kafka_making *making,
	rd_kafka_message_t *message, struct kafka_record *record)
{
	struct arena *arena = making->arena;
	instant stamp = rd_kafka_message_timestamp(message, NULL);

	record->topic = making->batch->topic;
	record->partition = message->partition;
	record->offset = message->offset;
	record->timestamp = stamp < 0 ? 0 : stamp * 1000;
	if (message->key) {
		record->key = arena_copy(arena, message->key, message->key_len);
		record->key_length = message->key_len;
	}
	if (message->payload) {
		record->value =
			arena_copy(arena, message->payload, message->len);
		record->value_length = message->len;
	}
	copy_headers(arena, message, record);
}

static void take_message(
	struct kafka_making *making, rd_kafka_message_t *message)
{
	struct kafka_batch *batch = making->batch;

	if (message->err) {
		batch->at_end = true;
		batch->next = message->offset;
	} else {
		copy_record(making, message, &batch->records[batch->count++]);
		batch->bytes += message->len + message->key_len;
		batch->next = message->offset + 1;
	}
	rd_kafka_message_destroy(message);
}

void kafka_making_begin(struct kafka_making *making, struct arena *arena,
	size_t max_records, size_t max_bytes, rd_kafka_message_t *message,
	struct kafka_batch *batch)
{
	*making = (struct kafka_making){
		.arena = arena,
		.batch = batch,
		.max_records = max_records,
		.max_bytes = max_bytes,
	};
	*batch = (struct kafka_batch){.partition = message->partition};
	batch->topic = arena_string(arena, rd_kafka_topic_name(message->rkt));
	batch->records =
		arena_array(arena, max_records, sizeof(*batch->records));
	take_message(making, message);
}

bool kafka_making_full(const struct kafka_making *making)
{
	return making->batch->at_end ||
	       making->batch->count >= making->max_records ||
	       making->batch->bytes >= making->max_bytes;
}

bool kafka_making_of(
	const struct kafka_making *making, const rd_kafka_message_t *message)
{
	return is_of(message, making->batch->topic, making->batch->partition);
}

bool kafka_making_takes(
	struct kafka_making *making, rd_kafka_message_t *message)
{
	if (!kafka_making_of(making, message))
		return false;
	if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return false;
	if (!message->err && message->len + message->key_len >
				     making->max_bytes - making->batch->bytes)
		return false;
	take_message(making, message);
	return true;
}
