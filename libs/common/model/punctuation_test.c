/* SPDX-License-Identifier: Apache-2.0 */
#include "model/punctuation.h"

static struct reason why;

static void test_punctuation__comes_back_as_it_went(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct punctuation in = {3, 1500000, 1000000}, out;
	struct kafka_record record;

	(void)state;
	punctuation_encode(arena, &in, &record);
	assert_true(punctuation_is(&record));
	assert_null(record.key);
	assert_string_equal(record.value,
		"{\"partition\":3,\"received_to\":"
		"\"1970-01-01T00:00:01.500000Z\",\"spool_oldest\":"
		"\"1970-01-01T00:00:01Z\"}");
	assert_int_equal(punctuation_decode(arena, &record, &out, &why), OK);
	assert_int_equal(out.partition, 3);
	assert_int_equal(out.received_to, 1500000);
	assert_int_equal(out.spool_oldest, 1000000);
	in.spool_oldest = INSTANT_NEVER;
	punctuation_encode(arena, &in, &record);
	assert_int_equal(punctuation_decode(arena, &record, &out, &why), OK);
	assert_int_equal(out.spool_oldest, INSTANT_NEVER);
	arena_free(&arena);
}

static void rejects(struct arena *arena, const char *value, const char *place)
{
	struct punctuation in = {0, 1, INSTANT_NEVER}, out;
	struct kafka_record record;

	punctuation_encode(arena, &in, &record);
	record.value = value;
	record.value_length = strlen(value);
	assert_int_equal(
		punctuation_decode(arena, &record, &out, &why), REJECT);
	assert_non_null(strstr(why.place, place));
}

static void test_punctuation__names_the_member_that_is_wrong(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	rejects(arena, "{", "byte");
	rejects(arena, "{}", "partition");
	rejects(arena, "{\"partition\":-1}", "partition");
	rejects(arena, "{\"partition\":0}", "received_to");
	rejects(arena, "{\"partition\":0,\"received_to\":\"now\"}",
		"received_to");
	rejects(arena,
		"{\"partition\":0,\"received_to\":\"2026-01-01T00:00:00Z\","
		"\"spool_oldest\":1}",
		"spool_oldest");
	arena_free(&arena);
}

static enum status typed(struct arena *arena, const char *type)
{
	const struct kafka_header headers[] = {{"ce_specversion", "1.0", 3},
		{"ce_id", "i", 1}, {"ce_source", "s", 1},
		{"ce_type", type, strlen(type)}};
	struct kafka_record record = {.headers = headers,
		.header_count = 4,
		.value = "{}",
		.value_length = 2};
	struct punctuation out;

	return punctuation_decode(arena, &record, &out, &why);
}

static void test_punctuation__stops_at_a_newer_version(void **state)
{
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	assert_int_equal(typed(arena, "dev.postern.punctuation.v2"), RETRY);
	assert_int_equal(typed(arena, "dev.postern.verdict.v1"), REJECT);
	assert_int_equal(typed(arena, "dev.postern.punctuation"), REJECT);
	arena_free(&arena);
}
