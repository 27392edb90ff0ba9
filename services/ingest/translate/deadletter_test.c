/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/deadletter.h"

#include "wire/json.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#define DIGEST                                                                 \
	"sha256:"                                                              \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_deadletter__tells_delivery_path_and_reason(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct assembled assembled = {.parcel = {.id = "d",
					      .source = "github-acme",
					      .tool = "github",
					      .tenant = "default",
					      .digest = DIGEST,
					      .received = 1000000,
					      .traceparent = TRACE},
		.size = 17};
	struct kafka_record record;
	struct reason why;

	(void)state;
	reason_set(&why, "$.ref", "must be a string");
	deadletter_make(arena, &assembled, NULL, "github/1", &why, &record);
	assert_string_equal(record.key, "github-acme");
	assert_string_equal(
		kafka_header_of(&record, "ce_type"), "dev.postern.rejected.v1");
	assert_string_equal(kafka_header_of(&record, "traceparent"), TRACE);
	assert_string_equal(record.value,
		"{\"source\":\"github-acme\",\"tool\":\"github\","
		"\"delivery\":{\"id\":\"d\",\"digest\":\"" DIGEST "\","
		"\"size\":17},\"received\":\"1970-01-01T00:00:01Z\","
		"\"stage\":\"translate\",\"reason\":\"must be a string\","
		"\"path\":\"$.ref\",\"adapter\":\"github/1\"}");
	arena_free(&arena);
}

static void test_deadletter__names_the_place_of_a_foreign_record(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct assembled nothing = {0};
	struct kafka_record foreign = {.topic = "postern.deliveries",
		.partition = 3,
		.offset = 44,
		.timestamp = 1000000,
		.key = "a\nb",
		.key_length = 3,
		.value = "xyz",
		.value_length = 3};
	struct kafka_record record;
	struct reason why;

	(void)state;
	reason_set(&why, "delivery", "is missing");
	deadletter_make(arena, &nothing, &foreign, NULL, &why, &record);
	assert_string_equal(record.key, "unknown");
	assert_non_null(strstr(record.value, "\"delivery\":{\"id\":\"postern."
					     "deliveries/3/44\",\"size\":3}"));
	foreign.key = "github-acme";
	foreign.key_length = 11;
	deadletter_make(arena, &nothing, &foreign, NULL, &why, &record);
	assert_string_equal(record.key, "github-acme");
	foreign.key = NULL;
	deadletter_make(arena, &nothing, &foreign, NULL, &why, &record);
	assert_string_equal(record.key, "unknown");
	arena_free(&arena);
}
