/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/publish_testing.h"

#define MESSAGE_TOO_LARGE 10
#define TOPIC_AUTHORIZATION_FAILED 29

static void test_drain__keeps_order_and_lets_new_ones_follow(void **state)
{
	struct rig rig = {.draining = true, .ack_deadline = INSTANT_SECOND / 2};
	struct parcel_sent sent[60];
	char text[12], *all, *at;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	kafka_mock_down(rig.mock, true);
	for (int i = 0; i < 30; i++) {
		snprintf(text, sizeof(text), "%02d", i);
		rig_send(&rig, &sent[i], "a", text);
		assert_int_equal(rig_outcome(&sent[i]), OUTCOME_SPOOLED);
	}
	kafka_mock_down(rig.mock, false);
	for (int i = 30; i < 60; i++) {
		snprintf(text, sizeof(text), "%02d", i);
		rig_send(&rig, &sent[i], "a", text);
		assert_int_not_equal(rig_outcome(&sent[i]), OUTCOME_FULL);
	}
	assert_true(rig_until(20 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	/* What timed out may be there twice; the first of each is in order. */
	at = all;
	for (int i = 0; i < 60; i++) {
		char *found;

		snprintf(text, sizeof(text), "%02d ", i);
		found = strstr(all, text);
		assert_non_null(found);
		assert_true(found >= at);
		at = found;
	}
	free(all);
	rig_end(&rig);
}

/* "1", "2", ... of the sources that the letters of `sources` name are in the
 * spool, and nobody drains it yet. */
static void leave_spooled(struct rig *rig, const char *sources)
{
	struct parcel_sent sent[9];

	assert_in_range(strlen(sources), 1, 9);
	rig->brokers = "127.0.0.1:1";
	rig_begin(rig);
	service_start(rig->service, "ack", publish_ack_loop, rig->publish);
	service_start(rig->service, "spool", publish_spool_loop, rig->publish);
	for (int i = 0; sources[i]; i++)
		rig_send(rig, &sent[i], (char[]){sources[i], 0},
			(char[]){(char)('1' + i), 0});
	for (int i = 0; sources[i]; i++)
		assert_int_equal(rig_outcome(&sent[i]), OUTCOME_SPOOLED);
	rig_stop(rig);
	service_free(&rig->service);
	rig->service = service_new("test");
	rig->brokers = NULL;
	rig->draining = true;
	rig_open_publish(rig);
}

static void test_drain__takes_up_what_an_earlier_process_left(void **state)
{
	struct rig rig = {0};
	char *all;

	(void)state;
	leave_spooled(&rig, "aba");
	rig_start(&rig);
	assert_true(rig_until(20 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 3 ");
	free(all);
	assert_int_equal(metric_value(rig.metrics, METER_DRAINED, NULL), 3);
	rig_end(&rig);
}

static bool waits(void *context)
{
	struct rig *rig = context;
	struct strbuf out;
	bool found;

	strbuf_init(&out, 10000);
	health_report(rig->health, &out);
	found = strstr(out.text, "no record") || strstr(out.text, "be read");
	strbuf_release(&out);
	return found;
}

static void test_drain__keeps_and_names_what_it_cannot_read(void **state)
{
	struct rig rig = {.draining = true};
	struct spool_item item = {.lane = "a", .bytes = "x", .size = 1};
	struct reason reason;

	(void)state;
	rig_begin(&rig);
	assert_int_equal(spool_put(rig.spool, &item, 1, &reason), OK);
	rig_start(&rig);
	assert_true(rig_until(10 * INSTANT_SECOND, waits, &rig));
	rig_stop(&rig);
	assert_int_equal(spool_count(rig.spool), 1);
	rig_end(&rig);
}

static bool is_put_aside(void *context)
{
	struct rig *rig = context;

	return spool_parked(rig->spool) == 1 && spool_count(rig->spool) == 0 &&
	       metric_value(rig->metrics, METER_SPOOL_PARKED, NULL) == 1;
}

static bool is_gone(void *context)
{
	struct rig *rig = context;

	return spool_parked(rig->spool) == 0 && spool_count(rig->spool) == 0;
}

static void test_drain__puts_aside_what_is_refused_for_good(void **state)
{
	struct rig rig = {.draining = true};
	struct parcel_sent sent[2];
	struct strbuf out;
	char *all;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	/* Refused on its way past the spool, and out of it. */
	kafka_mock_fail_produce(rig.mock, MESSAGE_TOO_LARGE);
	kafka_mock_fail_produce(rig.mock, MESSAGE_TOO_LARGE);
	rig_send(&rig, &sent[0], "a", "bad");
	assert_int_equal(rig_outcome(&sent[0]), OUTCOME_SPOOLED);
	assert_true(rig_until(20 * INSTANT_SECOND, is_put_aside, &rig));
	strbuf_init(&out, 10000);
	health_report(rig.health, &out);
	assert_non_null(strstr(out.text, "ok drain: 1 records are put aside"));
	strbuf_release(&out);
	/* Its source goes on. */
	rig_send(&rig, &sent[1], "a", "good");
	assert_int_not_equal(rig_outcome(&sent[1]), OUTCOME_FULL);
	assert_true(rig_until(20 * INSTANT_SECOND, is_put_aside, &rig));
	drain_retry(rig.drain);
	assert_true(rig_until(20 * INSTANT_SECOND, is_gone, &rig));
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "good bad ");
	free(all);
	rig_end(&rig);
}

static bool waits_for_a_right(void *context)
{
	struct rig *rig = context;
	struct strbuf out;
	bool found;

	strbuf_init(&out, 10000);
	health_report(rig->health, &out);
	found = strstr(out.text, "ok drain: waits: ") &&
		strstr(out.text, "Topic authorization failed");
	strbuf_release(&out);
	return found;
}

static void test_drain__waits_for_the_right_to_write(void **state)
{
	struct rig rig = {.draining = true};
	struct parcel_sent sent[3];
	char *all;

	(void)state;
	rig_begin(&rig);
	rig_start(&rig);
	/* Far more than there will be attempts. */
	for (int i = 0; i < 200; i++)
		kafka_mock_fail_produce(rig.mock, TOPIC_AUTHORIZATION_FAILED);
	/* Alone in its request: what is to blame would be put aside. */
	rig_send(&rig, &sent[0], "a", "1");
	assert_int_equal(rig_outcome(&sent[0]), OUTCOME_SPOOLED);
	assert_true(rig_until(20 * INSTANT_SECOND, waits_for_a_right, &rig));
	for (int i = 1; i < 3; i++) {
		rig_send(&rig, &sent[i], "a", (char[]){(char)('1' + i), 0});
		assert_int_equal(rig_outcome(&sent[i]), OUTCOME_SPOOLED);
	}
	assert_int_equal(spool_count(rig.spool), 3);
	assert_int_equal(spool_parked(rig.spool), 0);
	kafka_mock_heal_produce(rig.mock);
	assert_true(rig_until(20 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	assert_int_equal(spool_parked(rig.spool), 0);
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 3 ");
	free(all);
	rig_end(&rig);
}

static void test_drain__blames_none_that_shared_a_request(void **state)
{
	static const struct kafka_property together[] = {
		{"linger.ms", "100"}, {0, 0}};
	struct rig rig = {.properties = together};
	char *all;

	(void)state;
	/* All there before the first goes: alone it would be to blame. */
	leave_spooled(&rig, "aaaaa");
	kafka_mock_fail_produce(rig.mock, MESSAGE_TOO_LARGE);
	rig_start(&rig);
	assert_true(rig_until(20 * INSTANT_SECOND, rig_spool_is_empty, &rig));
	assert_int_equal(spool_parked(rig.spool), 0);
	rig_stop(&rig);
	all = rig_read(&rig, TOPIC);
	assert_string_equal(all, "1 2 3 4 5 ");
	free(all);
	rig_end(&rig);
}
