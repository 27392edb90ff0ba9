/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_out.h"

#include "base/log.h"
#include "wire/kafka_mock.h"

#define MESSAGE_TOO_LARGE 10
#define TOPIC_AUTHORIZATION_FAILED 29
#define PRODUCER_FENCED 90

struct seen {
	int count[3];
	void *token;
	int32_t partition;
	int64_t offset;
};

static void report(void *context, void *token, enum kafka_fate fate,
	int32_t partition, int64_t offset, const char *why)
{
	struct seen *seen = context;

	(void)why;
	seen->count[fate]++;
	seen->token = token;
	seen->partition = partition;
	seen->offset = offset;
}

static struct kafka_out *open_out(const char *brokers, struct seen *seen,
	instant deadline, const char *transactional_id)
{
	const struct kafka_out_settings settings = {
		.kafka = {.brokers = brokers, .client_id = "test"},
		.deadline = deadline,
		.queue_bytes = 1 << 20,
		.transactional_id = transactional_id,
		.report = report,
		.context = seen,
	};
	struct kafka_out *out = NULL;
	struct reason reason;

	log_setup(LOG_ERROR, false);
	assert_int_equal(kafka_out_open(&settings, &out, &reason), OK);
	return out;
}

static struct kafka_record text_record(const char *key, const char *value)
{
	static const struct kafka_header headers[] = {{"a", "1", 1}};

	return (struct kafka_record){
		.topic = "t",
		.partition = -1,
		.key = key,
		.key_length = strlen(key),
		.value = value,
		.value_length = strlen(value),
		.headers = headers,
		.header_count = 1,
	};
}

static void test_kafka_out__says_when_a_record_is_stored(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct seen seen = {0};
	struct kafka_out *out;
	struct kafka_record record = text_record("key", "value");
	struct reason reason;
	int token;

	(void)state;
	kafka_mock_topic(mock, "t", 4);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 10 * INSTANT_SECOND, NULL);
	assert_int_equal(kafka_out_send(out, &record, &token, &reason), OK);
	assert_int_equal(kafka_out_in_flight(out), 1);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	assert_int_equal(seen.count[KAFKA_STORED], 1);
	assert_ptr_equal(seen.token, &token);
	assert_int_equal(seen.offset, 0);
	assert_true(kafka_out_connected(out));
	assert_false(kafka_out_fatal(out, &reason));
	kafka_out_close(&out, INSTANT_SECOND);
	assert_null(out);
	kafka_mock_free(&mock);
}

static void test_kafka_out__puts_a_key_where_java_does(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct seen seen = {0};
	struct kafka_out *out;
	struct kafka_record record = text_record("foobar", "value");
	struct reason reason;

	(void)state;
	kafka_mock_topic(mock, "t", 1000);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 10 * INSTANT_SECOND, NULL);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	/* Kafka's own test vector: murmur2("foobar") = -790332482. */
	assert_int_equal(
		seen.partition, ((uint32_t)-790332482 & 0x7fffffff) % 1000);
	kafka_out_close(&out, INSTANT_SECOND);
	kafka_mock_free(&mock);
}

static void test_kafka_out__gives_up_at_its_deadline(void **state)
{
	struct seen seen = {0};
	struct kafka_out *out =
		open_out("127.0.0.1:1", &seen, INSTANT_SECOND, NULL);
	struct kafka_record record = text_record("k", "v");
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	assert_int_equal(seen.count[KAFKA_FAILED], 1);
	assert_false(kafka_out_connected(out));
	kafka_out_close(&out, 0);
}

static void test_kafka_out__reports_what_it_drops_when_closed(void **state)
{
	struct seen seen = {0};
	struct kafka_out *out =
		open_out("127.0.0.1:1", &seen, INSTANT_MINUTE, NULL);
	struct kafka_record record = text_record("k", "v");
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_false(kafka_out_flush(out, 1000));
	kafka_out_close(&out, 0);
	assert_int_equal(seen.count[KAFKA_FAILED], 1);
}

static void test_kafka_out__refuses_what_is_too_large(void **state)
{
	struct seen seen = {0};
	struct kafka_out *out =
		open_out("127.0.0.1:1", &seen, INSTANT_SECOND, NULL);
	char *large = calloc(1, KAFKA_RECORD_MAX + 1);
	struct kafka_record record = text_record("k", "");
	struct reason reason;

	(void)state;
	record.value = large;
	record.value_length = KAFKA_RECORD_MAX;
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), REJECT);
	assert_string_equal(reason.place, "t");
	assert_int_equal(kafka_out_in_flight(out), 0);
	free(large);
	kafka_out_close(&out, 0);
	assert_int_equal(seen.count[KAFKA_FAILED], 0);
}

static void test_kafka_out__says_retry_when_its_queue_is_full(void **state)
{
	struct seen seen = {0};
	struct kafka_out *out =
		open_out("127.0.0.1:1", &seen, INSTANT_MINUTE, NULL);
	static char large[400000];
	struct kafka_record record = text_record("k", "");
	enum status status = OK;
	struct reason reason;

	(void)state;
	record.value = large;
	record.value_length = sizeof(large);
	for (int i = 0; i < 10 && status == OK; i++)
		status = kafka_out_send(out, &record, NULL, &reason);
	assert_int_equal(status, RETRY);
	assert_int_equal(kafka_out_in_flight(out), 2);
	kafka_out_close(&out, 0);
	assert_int_equal(seen.count[KAFKA_FAILED], 2);
}

static enum kafka_fate fate_after(int code)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct seen seen = {0};
	struct kafka_out *out;
	struct kafka_record record = text_record("k", "v");
	struct reason reason;

	kafka_mock_topic(mock, "t", 1);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 5 * INSTANT_SECOND, NULL);
	kafka_mock_fail_produce(mock, code);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	kafka_out_close(&out, 0);
	kafka_mock_free(&mock);
	assert_int_equal(seen.count[0] + seen.count[1] + seen.count[2], 1);
	for (int i = 0; i < 3; i++)
		if (seen.count[i] == 1)
			return (enum kafka_fate)i;
	return KAFKA_FAILED;
}

static void test_kafka_out__tells_refused_from_failed(void **state)
{
	(void)state;
	assert_int_equal(fate_after(MESSAGE_TOO_LARGE), KAFKA_REFUSED);
	assert_int_equal(fate_after(TOPIC_AUTHORIZATION_FAILED), KAFKA_FAILED);
}

static void test_kafka_out__keeps_transactions(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(3);
	struct seen seen = {0};
	struct kafka_out *out;
	struct kafka_record record = text_record("k", "v");
	struct reason reason;

	(void)state;
	kafka_mock_topic(mock, "t", 1);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 5 * INSTANT_SECOND, "relay");
	assert_int_equal(
		kafka_out_fence(out, 10 * INSTANT_SECOND, &reason), OK);
	assert_int_equal(kafka_out_begin(out, &reason), OK);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_int_equal(
		kafka_out_commit(out, 10 * INSTANT_SECOND, &reason), OK);
	assert_int_equal(kafka_out_begin(out, &reason), OK);
	assert_int_equal(
		kafka_out_abort(out, 10 * INSTANT_SECOND, &reason), OK);
	/* Without begin. */
	assert_int_equal(kafka_out_commit(out, INSTANT_SECOND, &reason), RETRY);
	kafka_out_close(&out, 0);
	kafka_mock_free(&mock);
}

static void test_kafka_out__rejects_when_fenced(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct seen seen = {0};
	struct kafka_out *out;
	struct kafka_record record = text_record("k", "v");
	struct reason reason;

	(void)state;
	kafka_mock_topic(mock, "t", 1);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 5 * INSTANT_SECOND, "relay");
	assert_int_equal(
		kafka_out_fence(out, 10 * INSTANT_SECOND, &reason), OK);
	assert_int_equal(kafka_out_begin(out, &reason), OK);
	kafka_mock_fail_produce(mock, PRODUCER_FENCED);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_int_equal(
		kafka_out_commit(out, 10 * INSTANT_SECOND, &reason), REJECT);
	kafka_out_close(&out, 0);
	kafka_mock_free(&mock);
}

static void test_kafka_out__names_a_bad_property(void **state)
{
	const struct kafka_property properties[] = {{"no.such", "x"}, {0, 0}};
	const struct kafka_out_settings settings = {
		.kafka = {"127.0.0.1:1", "test", properties},
		.deadline = INSTANT_SECOND,
		.queue_bytes = 1 << 20,
	};
	struct kafka_out *out = NULL;
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_out_open(&settings, &out, &reason), CONFIG);
	assert_string_equal(reason.place, "no.such");
	assert_null(out);
}

static void test_kafka_out__takes_a_mock_cluster_by_property(void **state)
{
	const struct kafka_property properties[] = {
		{"test.mock.num.brokers", "1"}, {0, 0}};
	struct seen seen = {0};
	const struct kafka_out_settings settings = {
		.kafka = {"127.0.0.1:1", "test", properties},
		.deadline = 10 * INSTANT_SECOND,
		.queue_bytes = 1 << 20,
		.mock_rtt = "1",
		.report = report,
		.context = &seen,
	};
	struct kafka_record record = text_record("k", "v");
	struct kafka_out *out = NULL;
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_out_open(&settings, &out, &reason), OK);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	assert_int_equal(seen.count[KAFKA_STORED], 1);
	kafka_out_close(&out, INSTANT_SECOND);
}

static void test_kafka_out__knows_partitions_and_their_ends(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct seen seen = {0};
	struct kafka_record record = text_record("k", "v");
	const int32_t partitions[] = {2, 0, 1};
	int64_t ends[3];
	struct kafka_out *out;
	struct reason reason;
	int count = 0;

	(void)state;
	kafka_mock_topic(mock, "t", 3);
	out = open_out(
		kafka_mock_brokers(mock), &seen, 10 * INSTANT_SECOND, NULL);
	assert_int_equal(kafka_out_partitions(out, "t", 10 * INSTANT_SECOND,
				 &count, &reason),
		OK);
	assert_int_equal(count, 3);
	record.partition = 2;
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			kafka_out_send(out, &record, NULL, &reason), OK);
	assert_true(kafka_out_flush(out, 10 * INSTANT_SECOND));
	assert_int_equal(kafka_out_ends(out, "t", partitions, 3,
				 10 * INSTANT_SECOND, ends, &reason),
		OK);
	assert_int_equal(ends[0], 5);
	assert_int_equal(ends[1], 0);
	assert_int_equal(ends[2], 0);
	kafka_out_close(&out, INSTANT_SECOND);
	kafka_mock_free(&mock);
}

static void test_kafka_out__says_when_nobody_answers_a_question(void **state)
{
	struct seen seen = {0};
	struct kafka_out *out =
		open_out("127.0.0.1:1", &seen, INSTANT_SECOND, NULL);
	const int32_t partition = 0;
	int64_t end = -7;
	struct reason reason;
	int count;

	(void)state;
	assert_int_equal(kafka_out_partitions(
				 out, "t", INSTANT_SECOND / 5, &count, &reason),
		RETRY);
	assert_int_equal(kafka_out_ends(out, "t", &partition, 1,
				 INSTANT_SECOND / 5, &end, &reason),
		RETRY);
	assert_int_equal(end, -7);
	kafka_out_close(&out, 0);
}
