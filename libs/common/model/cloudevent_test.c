/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cloudevent.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct cloudevent full(void)
{
	return (struct cloudevent){
		.id = "i",
		.source = "/postern/ingest",
		.type = "dev.postern.verdict.v1",
		.subject = "default/org/-/-",
		.time = 1500000,
		.recorded = 2000000,
		.tenant = "default",
		.traceparent = TRACE,
	};
}

static void test_cloudevent__comes_back_as_it_went(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct cloudevent in = full(), out;
	struct kafka_record record = {0};
	struct reason reason;

	(void)state;
	cloudevent_encode(arena, &in, "{}", 2, &record);
	assert_string_equal(kafka_header_of(&record, "ce_specversion"), "1.0");
	assert_string_equal(kafka_header_of(&record, "ce_time"),
		"1970-01-01T00:00:01.500000Z");
	assert_string_equal(
		kafka_header_of(&record, "content-type"), "application/json");
	assert_null(kafka_header_of(&record, "ce_dataschema"));
	assert_int_equal(cloudevent_decode(arena, &record, &out, &reason), OK);
	assert_string_equal(out.id, "i");
	assert_string_equal(out.subject, "default/org/-/-");
	assert_int_equal(out.time, 1500000);
	assert_int_equal(out.recorded, 2000000);
	assert_string_equal(out.traceparent, TRACE);
	assert_null(out.schema);
	arena_free(&arena);
}

static void wants_reject(const struct kafka_header *headers, size_t count,
	const char *value, const char *place)
{
	struct arena *arena = arena_new(1 << 16);
	struct kafka_record record = {
		.headers = headers,
		.header_count = count,
		.value = value,
		.value_length = value ? strlen(value) : 0,
	};
	struct cloudevent out;
	struct reason reason;

	assert_int_equal(
		cloudevent_decode(arena, &record, &out, &reason), REJECT);
	assert_non_null(strstr(reason.place, place));
	arena_free(&arena);
}

#define ROW(name, value)                                                       \
	{                                                                      \
		(name), (value), sizeof(value) - 1                             \
	}

static void test_cloudevent__names_the_attribute_that_is_wrong(void **state)
{
	const struct kafka_header bare[] = {
		ROW("ce_specversion", "1.0"),
		ROW("ce_id", "i"),
		ROW("ce_source", "s"),
	};
	const struct kafka_header old[] = {
		ROW("ce_specversion", "0.3"),
		ROW("ce_id", "i"),
		ROW("ce_source", "s"),
		ROW("ce_type", "t"),
	};
	const struct kafka_header timed[] = {
		ROW("ce_specversion", "1.0"),
		ROW("ce_id", "i"),
		ROW("ce_source", "s"),
		ROW("ce_type", "t"),
		ROW("ce_time", "yesterday"),
	};
	const struct kafka_header control[] = {
		ROW("ce_specversion", "1.0"),
		ROW("ce_id", "a\nb"),
	};

	(void)state;
	wants_reject(bare, 3, "{}", "ce_type");
	wants_reject(old, 4, "{}", "ce_specversion");
	wants_reject(timed, 5, "{}", "ce_time");
	wants_reject(control, 2, "{}", "ce_id");
}

static void test_cloudevent__refuses_a_tombstone(void **state)
{
	(void)state;
	wants_reject(NULL, 0, NULL, "");
}

static void test_cloudevent__reads_the_major_version(void **state)
{
	size_t stem = 0;

	(void)state;
	assert_int_equal(
		cloudevent_version("dev.postern.verdict.v1", &stem), 1);
	assert_int_equal(stem, strlen("dev.postern.verdict"));
	assert_int_equal(cloudevent_version("a.v12", &stem), 12);
	assert_int_equal(cloudevent_version("dev.postern.verdict", &stem), 0);
	assert_int_equal(cloudevent_version("a.v", &stem), 0);
	assert_int_equal(cloudevent_version("a.v01", &stem), 0);
	assert_int_equal(cloudevent_version("a.v1x", &stem), 0);
	assert_int_equal(
		cloudevent_version("a.v99999999999999999999", &stem), 0);
}
