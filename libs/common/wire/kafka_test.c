/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka.h"

static void test_kafka_header_of__gives_the_last_of_several(void **state)
{
	const struct kafka_header headers[] = {
		{"a", "1", 1}, {"b", "2", 1}, {"a", "3", 1}};
	const struct kafka_record record = {
		.headers = headers, .header_count = 3};

	(void)state;
	assert_string_equal(kafka_header_of(&record, "a"), "3");
	assert_null(kafka_header_of(&record, "c"));
}

static void test_kafka_record_size__counts_all_of_it(void **state)
{
	const struct kafka_header headers[] = {{"name", "value", 5}};
	struct kafka_record record = {.key_length = 10, .value_length = 100};
	size_t bare = kafka_record_size(&record);

	(void)state;
	assert_true(bare > 110);
	record.headers = headers;
	record.header_count = 1;
	assert_true(kafka_record_size(&record) >= bare + 9);
}
