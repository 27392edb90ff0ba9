/* SPDX-License-Identifier: Apache-2.0 */
/* The writing side of table outbox; relay.h states its promise. */
#include "daemon/relay.h"

#include "base/bug.h"

/* Headers as the text of an array, to go into an array as one text. */
static const char *headers_text(
	struct arena *arena, const struct kafka_record *record)
{
	struct pg_array *array = pg_array_new(arena, 4 * KAFKA_RECORD_MAX);
	struct pg_args text;

	for (size_t i = 0; i < record->header_count; i++) {
		pg_array_text(array, record->headers[i].name);
		pg_array_text(array, record->headers[i].value);
	}
	pg_args_init(&text, arena);
	pg_array_arg(&text, array);
	return text.values[0];
}

static enum status check(
	const struct kafka_record *record, struct reason *reterr)
{
	size_t size = kafka_record_size(record);

	MUST(record->topic);
	if (size <= KAFKA_RECORD_MAX)
		return OK;
	reason_set(reterr, record->topic,
		"a record of %zu bytes is over the %d a record may have", size,
		KAFKA_RECORD_MAX);
	return REJECT;
}

enum status outbox_add(struct pg *pg, struct arena *arena,
	const struct kafka_record *records, size_t count, struct reason *reterr)
{
	size_t bytes = 1024;
	struct pg_array *topics, *keys, *headers, *values;
	struct pg_args args;

	if (!count)
		return OK;
	for (size_t i = 0; i < count; i++) {
		enum status status = check(&records[i], reterr);

		if (status != OK)
			return status;
		bytes += kafka_record_size(&records[i]) * 8 + 256;
	}
	topics = pg_array_new(arena, bytes);
	keys = pg_array_new(arena, bytes);
	headers = pg_array_new(arena, bytes);
	values = pg_array_new(arena, bytes);
	for (size_t i = 0; i < count; i++) {
		pg_array_text(topics, records[i].topic);
		pg_array_bytea(keys, records[i].key, records[i].key_length);
		pg_array_text(headers, headers_text(arena, &records[i]));
		pg_array_bytea(
			values, records[i].value, records[i].value_length);
	}
	pg_args_init(&args, arena);
	pg_array_arg(&args, topics);
	pg_array_arg(&args, keys);
	pg_array_arg(&args, headers);
	pg_array_arg(&args, values);
	return pg_do(pg,
		"WITH woken AS (SELECT pg_notify('postern_outbox', ''))"
		" INSERT INTO outbox (topic, key, headers, value)"
		" SELECT topic, key, headers::text[], value"
		" FROM woken, unnest($1::text[], $2::bytea[], $3::text[],"
		" $4::bytea[]) WITH ORDINALITY"
		" AS row (topic, key, headers, value, n) ORDER BY n",
		&args, NULL, reterr);
}
