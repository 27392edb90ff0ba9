/* SPDX-License-Identifier: Apache-2.0 */
/* Against a cluster inside the process that fails when told to. */
#include "edge/publish_testing.h"

/* Kafka's error codes, as its protocol numbers them. */
#define NOT_ENOUGH_REPLICAS 19
#define CLUSTER_AUTHORIZATION_FAILED 31

static void test_publish__says_stored_after_the_acknowledgement(void **state)
{
	struct rig rig = {0};
	struct parcel_sent one, two;
	char *all;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_STORED);
	rig_send(&rig, &two, "a", "2");
	assert_int_equal(rig_outcome(&two), OUTCOME_STORED);
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 ");
	assert_int_equal(one.times + two.times, 2);
	assert_int_equal(spool_count(rig.spool), 0);
	free(all);
	rig_end(&rig);
}

static void test_publish__spools_what_misses_its_deadline(void **state)
{
	struct rig rig = {.ack_deadline = INSTANT_SECOND / 2};
	struct parcel_sent one, two, other;
	instant began;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_STORED);
	kafka_mock_down(rig.mock, true);
	began = clock_monotonic();
	rig_send(&rig, &two, "a", "2");
	assert_int_equal(rig_outcome(&two), OUTCOME_SPOOLED);
	assert_true(clock_monotonic() - began < 2 * INSTANT_SECOND);
	/* The next one need not wait to learn the same. */
	began = clock_monotonic();
	rig_send(&rig, &other, "b", "3");
	assert_int_equal(rig_outcome(&other), OUTCOME_SPOOLED);
	assert_true(clock_monotonic() - began < INSTANT_SECOND / 2);
	assert_int_equal(spool_count(rig.spool), 2);
	rig_stop(&rig);
	assert_int_equal(two.times + other.times, 2);
	rig_end(&rig);
}

static void test_publish__keeps_a_sources_order_through_the_spool(void **state)
{
	struct rig rig = {0};
	struct parcel_sent one, other;
	struct spool_item item = {.lane = "a", .bytes = "x", .size = 1};
	struct reason reason;

	(void)state;
	rig_begin(&rig);
	assert_int_equal(spool_put(rig.spool, &item, 1, &reason), OK);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_SPOOLED);
	rig_send(&rig, &other, "b", "2");
	assert_int_equal(rig_outcome(&other), OUTCOME_STORED);
	assert_int_equal(spool_count(rig.spool), 2);
	rig_stop(&rig);
	rig_end(&rig);
}

static void test_publish__starts_without_a_broker_into_the_spool(void **state)
{
	struct rig rig = {.brokers = "127.0.0.1:1"};
	struct parcel_sent one;
	struct reason reason;
	struct strbuf out;
	instant began;

	(void)state;
	rig_begin(&rig);
	assert_false(publish_warm(rig.publish, 0));
	service_start(rig.service, "ack", publish_ack_loop, rig.publish);
	service_start(rig.service, "spool", publish_spool_loop, rig.publish);
	began = clock_monotonic();
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_SPOOLED);
	assert_true(clock_monotonic() - began < INSTANT_SECOND);
	clock_sleep(INSTANT_SECOND);
	strbuf_init(&out, 10000);
	assert_true(health_report(rig.health, &out));
	assert_non_null(strstr(out.text, "1 records wait"));
	strbuf_release(&out);
	rig_stop(&rig);
	/* Another process finds it. */
	spool_close(&rig.spool);
	assert_int_equal(
		spool_open(rig.folder, rig.spool_size, &rig.spool, &reason),
		OK);
	assert_int_equal(spool_count(rig.spool), 1);
	rig_end(&rig);
}

static void test_publish__says_full_where_nothing_can_be_kept(void **state)
{
	struct rig rig = {.brokers = "127.0.0.1:1", .spool_size = 1000};
	struct parcel_sent sent[20];
	struct strbuf out;
	int spooled = 0, full = 0;

	(void)state;
	rig_begin(&rig);
	service_start(rig.service, "ack", publish_ack_loop, rig.publish);
	service_start(rig.service, "spool", publish_spool_loop, rig.publish);
	for (int i = 0; i < 20; i++)
		rig_send(&rig, &sent[i], "a", "1");
	for (int i = 0; i < 20; i++) {
		enum outcome outcome = rig_outcome(&sent[i]);

		spooled += outcome == OUTCOME_SPOOLED;
		full += outcome == OUTCOME_FULL;
	}
	assert_int_equal(spooled + full, 20);
	assert_true(spooled > 0 && full > 0);
	assert_int_equal(spool_count(rig.spool), spooled);
	clock_sleep(INSTANT_SECOND);
	strbuf_init(&out, 10000);
	assert_false(health_report(rig.health, &out));
	assert_non_null(strstr(out.text, "failed spool: full"));
	strbuf_release(&out);
	rig_stop(&rig);
	rig_end(&rig);
}

/* librdkafka tries a passing error again by itself, within the deadline. */
static void test_publish__outlives_an_error_of_the_broker(void **state)
{
	struct rig rig = {0};
	struct parcel_sent one;
	char *all;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	kafka_mock_fail_produce(rig.mock, NOT_ENOUGH_REPLICAS);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_STORED);
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 ");
	free(all);
	rig_end(&rig);
}

static bool has_second_producer(void *rig)
{
	return metric_value(
		       ((struct rig *)rig)->metrics, METER_PRODUCERS, NULL) > 1;
}

static void test_publish__replaces_a_producer_that_is_fatal(void **state)
{
	struct rig rig = {.draining = true};
	struct parcel_sent one, two;
	char *all;

	(void)state;
	rig_begin(&rig);
	kafka_mock_fail_producer_id(rig.mock, CLUSTER_AUTHORIZATION_FAILED);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_SPOOLED);
	assert_true(rig_until(10 * INSTANT_SECOND, has_second_producer, &rig));
	assert_true(rig_until(10 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	rig_send(&rig, &two, "a", "2");
	assert_int_equal(rig_outcome(&two), OUTCOME_STORED);
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 ");
	free(all);
	rig_end(&rig);
}

static void write_secret(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_publish__makes_another_once_its_files_are_right(void **state)
{
	char path[] = "/tmp/publish-test-XXXXXX";
	const struct kafka_property rows[] = {
		{"client.rack-file", path}, {0, 0}};
	struct rig rig = {.draining = true, .properties = rows};
	struct parcel_sent one;
	char *all;

	(void)state;
	close(mkstemp(path));
	write_secret(path, "one");
	rig_begin(&rig);
	unlink(path);
	kafka_mock_fail_producer_id(rig.mock, CLUSTER_AUTHORIZATION_FAILED);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_SPOOLED);
	assert_false(rig_until(INSTANT_SECOND / 2, has_second_producer, &rig));
	write_secret(path, "one");
	assert_true(rig_until(10 * INSTANT_SECOND, has_second_producer, &rig));
	assert_true(rig_until(10 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 ");
	free(all);
	rig_end(&rig);
	unlink(path);
}

static void test_publish__takes_another_secret_of_kafka(void **state)
{
	char path[] = "/tmp/publish-test-XXXXXX";
	const struct kafka_property rows[] = {
		{"client.rack-file", path}, {0, 0}};
	struct rig rig = {.draining = true, .properties = rows};
	struct parcel_sent one, two;
	char *all;

	(void)state;
	close(mkstemp(path));
	write_secret(path, "one");
	rig_begin(&rig);
	rig_start(&rig);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(rig_outcome(&one), OUTCOME_STORED);
	assert_false(has_second_producer(&rig));
	write_secret(path, "another");
	assert_true(rig_until(10 * INSTANT_SECOND, has_second_producer, &rig));
	/* By the spool where the new one is not connected yet. */
	rig_send(&rig, &two, "a", "2");
	assert_int_not_equal(rig_outcome(&two), OUTCOME_FULL);
	assert_true(rig_until(10 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 ");
	free(all);
	rig_end(&rig);
	unlink(path);
}

static void test_publish__leaves_nothing_behind_when_it_stops(void **state)
{
	struct rig rig = {.ack_deadline = 20 * INSTANT_SECOND};
	struct parcel_sent sent[50];

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	kafka_mock_down(rig.mock, true);
	for (int i = 0; i < 50; i++)
		rig_send(&rig, &sent[i], "a", "1");
	rig_stop(&rig);
	for (int i = 0; i < 50; i++)
		assert_int_equal(rig_outcome(&sent[i]), OUTCOME_SPOOLED);
	assert_int_equal(spool_count(rig.spool), 50);
	rig_end(&rig);
}

static void test_publish__can_be_told_to_answer_early_for_a_bench(void **state)
{
	struct rig rig = {.answer_at_enqueue = true};
	struct parcel_sent one;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	kafka_mock_down(rig.mock, true);
	rig_send(&rig, &one, "a", "1");
	assert_int_equal(one.outcome, OUTCOME_STORED);
	rig_stop(&rig);
	assert_int_equal(one.times, 1);
	assert_int_equal(spool_count(rig.spool), 0);
	rig_end(&rig);
}
