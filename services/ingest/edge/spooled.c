/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Version (1 byte), timestamp (8 bytes, little-endian like all numbers here),
 * topic, key, value, count of headers, then name and value of each; every text
 * behind its length (4 bytes) and with a NUL after it, so that it can be read
 * in place.
 */
#include "edge/spooled.h"

#include "base/bug.h"

#include <string.h>

#define VERSION 1
#define HEADERS_MAX 10000

static size_t text_room(size_t length)
{
	return 4 + length + 1;
}

static size_t room_of(const struct kafka_record *record)
{
	size_t size = 1 + 8 + text_room(strlen(record->topic)) +
		      text_room(record->key_length) +
		      text_room(record->value_length) + 4;

	for (size_t i = 0; i < record->header_count; i++)
		size += text_room(strlen(record->headers[i].name)) +
			text_room(record->headers[i].length);
	return size;
}

static uint8_t *put_number(uint8_t *to, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*to++ = (uint8_t)(number >> (8 * i));
	return to;
}

static uint8_t *put_text(uint8_t *to, const void *text, size_t length)
{
	to = put_number(to, length, 4);
	if (length)
		memcpy(to, text, length);
	to[length] = '\0';
	return to + length + 1;
}

void spooled_write(struct arena *arena, const struct kafka_record *record,
	const void **ret, size_t *ret_size)
{
	size_t size = room_of(record);
	uint8_t *bytes = arena_alloc(arena, size), *to = bytes;

	MUST(record->topic && record->key && record->value);
	*to++ = VERSION;
	to = put_number(to, (uint64_t)record->timestamp, 8);
	to = put_text(to, record->topic, strlen(record->topic));
	to = put_text(to, record->key, record->key_length);
	to = put_text(to, record->value, record->value_length);
	to = put_number(to, record->header_count, 4);
	for (size_t i = 0; i < record->header_count; i++) {
		const struct kafka_header *header = &record->headers[i];

		to = put_text(to, header->name, strlen(header->name));
		to = put_text(to, header->value, header->length);
	}
	MUST((size_t)(to - bytes) == size);
	*ret = bytes;
	*ret_size = size;
}

struct reading {
	const uint8_t *at;
	size_t left;
	bool broken;
};

static uint64_t take_number(struct reading *reading, int bytes)
{
	uint64_t number = 0;

	if (reading->left < (size_t)bytes) {
		reading->broken = true;
		return 0;
	}
	for (int i = 0; i < bytes; i++)
		number |= (uint64_t)reading->at[i] << (8 * i);
	reading->at += bytes;
	reading->left -= (size_t)bytes;
	return number;
}

static const char *take_text(struct reading *reading, size_t *ret_length)
{
	size_t length = (size_t)take_number(reading, 4);
	const char *text = (const char *)reading->at;

	if (reading->broken || reading->left <= length || text[length]) {
		reading->broken = true;
		*ret_length = 0;
		return "";
	}
	reading->at += length + 1;
	reading->left -= length + 1;
	*ret_length = length;
	return text;
}

static void take_headers(struct arena *arena, struct reading *reading,
	struct kafka_record *record)
{
	size_t count = (size_t)take_number(reading, 4), name;
	struct kafka_header *headers;

	if (reading->broken || count > HEADERS_MAX) {
		reading->broken = true;
		return;
	}
	headers = arena_array(arena, count + 1, sizeof(*headers));
	for (size_t i = 0; i < count && !reading->broken; i++) {
		headers[i].name = take_text(reading, &name);
		headers[i].value = take_text(reading, &headers[i].length);
	}
	record->headers = headers;
	record->header_count = count;
}

enum status spooled_read(struct arena *arena, const void *bytes, size_t size,
	struct kafka_record *ret, struct reason *reterr)
{
	struct reading reading = {bytes, size, false};
	struct kafka_record record = {.partition = -1};
	size_t topic;

	if (take_number(&reading, 1) != VERSION)
		reading.broken = true;
	record.timestamp = (instant)take_number(&reading, 8);
	record.topic = take_text(&reading, &topic);
	record.key = take_text(&reading, &record.key_length);
	record.value = take_text(&reading, &record.value_length);
	take_headers(arena, &reading, &record);
	if (reading.broken || reading.left != 0 || topic == 0) {
		reason_set(reterr, "spool", "a record cannot be read");
		return REJECT;
	}
	*ret = record;
	return OK;
}

instant spooled_oldest(struct spool *spool)
{
	struct arena *arena;
	struct spool_item item;
	struct kafka_record record;
	struct reason reason;
	size_t count = 0;
	instant oldest = INSTANT_NEVER;

	if (spool_count(spool) == 0)
		return INSTANT_NEVER;
	arena = arena_new(4u << 20);
	if (spool_first(spool, arena, 1, 1, &item, &count, &reason) == OK &&
		spooled_read(arena, item.bytes, item.size, &record, &reason) ==
			OK)
		oldest = record.timestamp;
	arena_free(&arena);
	return oldest;
}
