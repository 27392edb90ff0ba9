/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"

#include "base/bug.h"
#include "model/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* delivery source tool tenant received digest size chunk chunks traceparent */
#define OWN_HEADERS 10
#define CHUNKS_MAX 100000
#define SIZE_LIMIT ((int64_t)1 << 40)

void parcel_id(char ret[PARCEL_ID])
{
	uint8_t bytes[(PARCEL_ID - 1) / 2];

	crypto_random(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), ret);
}

static void add(struct kafka_record *record, struct kafka_header *headers,
	const char *name, const char *value, size_t length)
{
	headers[record->header_count++] =
		(struct kafka_header){name, value, length};
}

static void add_text(struct kafka_record *record, struct kafka_header *headers,
	const char *name, const char *value)
{
	add(record, headers, name, value, strlen(value));
}

static void add_number(struct arena *arena, struct kafka_record *record,
	struct kafka_header *headers, const char *name, size_t number)
{
	add_text(record, headers, name, arena_printf(arena, "%zu", number));
}

/* Headers are built for each chunk, since two of them differ. */
static void encode_chunk(struct arena *arena, const struct parcel *parcel,
	size_t size, size_t chunk, size_t chunks, struct kafka_record *record)
{
	struct kafka_header *headers = arena_array(
		arena, OWN_HEADERS + parcel->header_count, sizeof(*headers));
	char received[INSTANT_TEXT];

	instant_format(parcel->received, received);
	record->headers = headers;
	add_text(record, headers, "delivery", parcel->id);
	add_text(record, headers, "source", parcel->source);
	add_text(record, headers, "tool", parcel->tool);
	add_text(record, headers, "tenant", parcel->tenant);
	add_text(record, headers, "received", arena_string(arena, received));
	add_text(record, headers, "digest", parcel->digest);
	add_number(arena, record, headers, "size", size);
	add_number(arena, record, headers, "chunk", chunk);
	add_number(arena, record, headers, "chunks", chunks);
	if (parcel->traceparent)
		add_text(record, headers, "traceparent", parcel->traceparent);
	for (size_t i = 0; i < parcel->header_count; i++)
		add(record, headers,
			arena_printf(arena, "h-%s", parcel->headers[i].name),
			parcel->headers[i].value, parcel->headers[i].length);
}

enum status parcel_encode(struct arena *arena, const struct parcel *parcel,
	const void *body, size_t size, struct kafka_record **ret,
	size_t *ret_count, struct reason *reterr)
{
	size_t chunks = size ? (size + PARCEL_CHUNK - 1) / PARCEL_CHUNK : 1;
	struct kafka_record *records =
		arena_array(arena, chunks, sizeof(*records));

	for (size_t i = 0; i < chunks; i++) {
		struct kafka_record *record = &records[i];
		size_t from = i * PARCEL_CHUNK;

		record->partition = -1;
		record->timestamp = parcel->received;
		record->key = parcel->source;
		record->key_length = strlen(parcel->source);
		record->value = size ? (const char *)body + from : "";
		record->value_length =
			size - from < PARCEL_CHUNK ? size - from : PARCEL_CHUNK;
		encode_chunk(arena, parcel, size, i, chunks, record);
		if (kafka_record_size(record) > KAFKA_RECORD_MAX) {
			reason_set(reterr, "headers",
				"take more than %zu bytes",
				KAFKA_RECORD_MAX - (size_t)PARCEL_CHUNK);
			return REJECT;
		}
	}
	*ret = records;
	*ret_count = chunks;
	return OK;
}

static enum status wrong(
	const char *name, const char *what, struct reason *reterr)
{
	reason_set(reterr, name, "%s", what);
	return REJECT;
}

static enum status take_text(const struct kafka_record *record,
	const char *name, const char **ret, struct reason *reterr)
{
	const char *value = kafka_header_of(record, name);

	if (!value || !*value)
		return wrong(name, "is missing", reterr);
	*ret = value;
	return OK;
}

static enum status take_number(const struct kafka_record *record,
	const char *name, int64_t most, size_t *ret, struct reason *reterr)
{
	const char *text;
	enum status status = take_text(record, name, &text, reterr);
	size_t digits;

	if (status != OK)
		return status;
	digits = strspn(text, "0123456789");
	if (text[digits] || digits > 15 || strtoll(text, NULL, 10) > most)
		return wrong(name, "is no number in its bounds", reterr);
	*ret = (size_t)strtoll(text, NULL, 10);
	return OK;
}

static bool is_hex(const char *text, size_t length)
{
	return strlen(text) == length &&
	       strspn(text, "0123456789abcdef") == length;
}

static enum status take_names(const struct kafka_record *record,
	struct parcel *parcel, struct reason *reterr)
{
	enum status status = take_text(record, "delivery", &parcel->id, reterr);

	if (status == OK && !is_hex(parcel->id, PARCEL_ID - 1))
		return wrong("delivery", "is not 32 hex digits", reterr);
	if (status == OK)
		status = take_text(record, "source", &parcel->source, reterr);
	if (status == OK)
		status = take_text(record, "tool", &parcel->tool, reterr);
	if (status == OK)
		status = take_text(record, "tenant", &parcel->tenant, reterr);
	if (status == OK)
		status = take_text(record, "digest", &parcel->digest, reterr);
	if (status == OK && (strncmp(parcel->digest, "sha256:", 7) != 0 ||
				    !is_hex(parcel->digest + 7, 64)))
		return wrong("digest", "is not sha256: and 64 hex", reterr);
	return status;
}

static enum status take_received(
	const struct kafka_record *record, instant *ret, struct reason *reterr)
{
	const char *text;
	enum status status = take_text(record, "received", &text, reterr);

	if (status == OK)
		status = instant_parse(text, strlen(text), ret, reterr);
	if (status != OK)
		reason_set(reterr, "received", "is missing or no time");
	return status;
}

static enum status take_numbers(const struct kafka_record *record,
	struct parcel_chunk *chunk, struct reason *reterr)
{
	size_t number = 0, chunks = 0;
	enum status status =
		take_number(record, "size", SIZE_LIMIT, &chunk->size, reterr);

	if (status == OK)
		status = take_number(
			record, "chunk", CHUNKS_MAX, &number, reterr);
	if (status == OK)
		status = take_number(
			record, "chunks", CHUNKS_MAX, &chunks, reterr);
	if (status != OK)
		return status;
	if (number >= chunks)
		return wrong("chunk", "is not below chunks", reterr);
	if (record->value_length > chunk->size ||
		(chunks == 1 && record->value_length != chunk->size))
		return wrong("size", "does not fit the bytes", reterr);
	chunk->chunk = (unsigned)number;
	chunk->chunks = (unsigned)chunks;
	return OK;
}

static void take_headers(struct arena *arena, const struct kafka_record *record,
	struct parcel *parcel)
{
	struct kafka_header *headers =
		arena_array(arena, record->header_count + 1, sizeof(*headers));

	for (size_t i = 0; i < record->header_count; i++) {
		const struct kafka_header *from = &record->headers[i];

		if (strncmp(from->name, "h-", 2) != 0)
			continue;
		headers[parcel->header_count++] = (struct kafka_header){
			from->name + 2, from->value, from->length};
	}
	parcel->headers = headers;
}

enum status parcel_decode(struct arena *arena,
	const struct kafka_record *record, struct parcel_chunk *ret,
	struct reason *reterr)
{
	struct parcel_chunk chunk = {
		.bytes = record->value, .count = record->value_length};
	enum status status = take_names(record, &chunk.parcel, reterr);

	if (status == OK)
		status = take_received(record, &chunk.parcel.received, reterr);
	if (status == OK)
		status = take_numbers(record, &chunk, reterr);
	if (status != OK)
		return status;
	chunk.parcel.traceparent =
		trace_parent(arena, kafka_header_of(record, "traceparent"));
	take_headers(arena, record, &chunk.parcel);
	*ret = chunk;
	return OK;
}
