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

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static enum status opens(
	const char *name, const char *value, struct reason *reterr)
{
	const struct kafka_property rows[] = {{name, value}, {0, 0}};
	const struct kafka_settings settings = {"127.0.0.1:1", "test", rows};
	struct kafka_admin *admin = NULL;
	enum status status = kafka_admin_open(&settings, &admin, reterr);

	kafka_admin_close(&admin);
	return status;
}

static void test_kafka__takes_a_property_from_a_file(void **state)
{
	char folder[] = "/tmp/kafka-test-XXXXXX", path[64];
	struct reason reason;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/value", folder);
	assert_int_equal(opens("linger.ms-file", path, &reason), CONFIG);
	assert_string_equal(reason.place, path);
	write_file(path, "17\r\n");
	assert_int_equal(opens("linger.ms-file", path, &reason), OK);
	write_file(path, "");
	assert_int_equal(opens("linger.ms-file", path, &reason), CONFIG);
	assert_non_null(strstr(reason.sentence, "empty"));
	/* What it holds may be a secret, so it is not repeated. */
	write_file(path, "hunter2");
	assert_int_equal(opens("linger.ms-file", path, &reason), CONFIG);
	assert_string_equal(reason.place, path);
	assert_null(strstr(reason.sentence, "hunter2"));
	assert_int_equal(opens("no.such-file", path, &reason), CONFIG);
	unlink(path);
	rmdir(folder);
}
