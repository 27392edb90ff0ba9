/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/common.h"

#include "wire/doc.h"

static const struct doc *map_of(struct arena *arena, const char *text)
{
	const struct doc *map;
	struct reason reason;

	assert_int_equal(
		doc_read(arena, "f", text, strlen(text), &map, &reason), OK);
	return map;
}

static void test_common__hands_properties_to_kafka(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct common_settings common = {.kafka_brokers = "a:1",
		.kafka_properties = map_of(
			arena, "security.protocol: ssl\nlinger.ms: 3\n")};
	struct kafka_settings kafka;
	struct reason reason;

	(void)state;
	assert_int_equal(
		common_kafka(arena, &common, "ingest", &kafka, &reason), OK);
	assert_string_equal(kafka.brokers, "a:1");
	assert_string_equal(kafka.client_id, "ingest");
	assert_string_equal(kafka.properties[0].name, "security.protocol");
	assert_string_equal(kafka.properties[0].value, "ssl");
	assert_string_equal(kafka.properties[1].value, "3");
	assert_null(kafka.properties[2].name);
	common.kafka_properties = NULL;
	assert_int_equal(
		common_kafka(arena, &common, "ingest", &kafka, &reason), OK);
	assert_null(kafka.properties[0].name);
	arena_free(&arena);
}

static void test_common__refuses_a_property_that_is_a_list(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct common_settings common = {.kafka_brokers = "a:1",
		.kafka_properties = map_of(arena, "a: 1\nb: [2]\n")};
	struct kafka_settings kafka;
	struct reason reason;

	(void)state;
	assert_int_equal(
		common_kafka(arena, &common, "x", &kafka, &reason), CONFIG);
	assert_string_equal(reason.place, "f:2:4");
	arena_free(&arena);
}

static void test_common__refuses_what_is_no_level_or_format(void **state)
{
	struct common_settings common = {
		.log_level = "loud", .log_format = "logfmt"};
	struct reason reason;

	(void)state;
	assert_int_equal(common_log(&common, &reason), CONFIG);
	assert_string_equal(reason.place, "log-level");
	common.log_level = "info";
	assert_int_equal(common_log(&common, &reason), OK);
	common.log_format = "xml";
	assert_int_equal(common_log(&common, &reason), CONFIG);
	assert_string_equal(reason.place, "log-format");
}

static void test_common__wants_the_files_of_properties_to_be_there(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct common_settings common = {.kafka_brokers = "a:1",
		.kafka_properties = map_of(arena,
			"a: 1\nsasl.password-file: /nonexistent/secret\n")};
	struct kafka_settings kafka;
	struct reason reason;

	(void)state;
	assert_int_equal(
		common_kafka(arena, &common, "x", &kafka, &reason), CONFIG);
	assert_string_equal(reason.place, "f:2:21");
	assert_non_null(strstr(reason.sentence, "/nonexistent/secret"));
	arena_free(&arena);
}

static void test_common__knows_a_broker_elsewhere_without_tls(void **state)
{
	const struct kafka_property tls[] = {
		{"security.protocol", "SASL_SSL"}, {0, 0}};
	const struct kafka_property plain[] = {
		{"security.protocol", "SASL_PLAINTEXT"}, {0, 0}};
	static const char *const here[] = {"127.0.0.1:9092",
		"localhost:1,127.0.0.2:2", "[::1]:9092",
		"plaintext://127.0.0.1:1"};
	static const char *const elsewhere[] = {
		"kafka:9092", "127.0.0.1:1,kafka-1:2", "localhost.example:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++)
		assert_false(common_kafka_is_plain(
			&(struct kafka_settings){here[i], "x", NULL}));
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		assert_true(common_kafka_is_plain(
			&(struct kafka_settings){elsewhere[i], "x", NULL}));
		assert_true(common_kafka_is_plain(
			&(struct kafka_settings){elsewhere[i], "x", plain}));
		assert_false(common_kafka_is_plain(
			&(struct kafka_settings){elsewhere[i], "x", tls}));
	}
}
