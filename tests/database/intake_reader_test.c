/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intake behind the reader, from a real topic to the tables: the broker is
 * named by POSTERN_TEST_KAFKA, without which these tests count as skipped.
 */
#include "intake.h"

#include "base/log.h"
#include "database.h"
#include "evidence_sample.h"
#include "meters.h"
#include "wire/kafka_out.h"

#include <unistd.h>

#define SCHEMA "test_intake_reader"
#define SUBJECT "default/service/prod/shop"

struct stand {
	struct kafka_settings kafka;
	char topic[60];
	struct pg *owner;
	struct reader_user user; /* in place of the intake's own, if set */
};

static struct stand set_up(const char *name)
{
	struct stand stand = {.owner = NULL};
	struct kafka_admin *admin = NULL;
	struct kafka_topic topic = {.name = stand.topic,
		.partitions = 1,
		.replication = 1,
		.min_insync = 1,
		.retention = INSTANT_NEVER};
	struct reason reason = {0};

	stand.kafka.brokers = getenv("POSTERN_TEST_KAFKA");
	stand.kafka.client_id = "intake_reader_test";
	db_conninfo();
	if (!stand.kafka.brokers || !*stand.kafka.brokers) {
		print_message("POSTERN_TEST_KAFKA is not set: tests with a "
			      "real broker are SKIPPED\n");
		skip();
	}
	log_setup(LOG_ERROR, false);
	snprintf(stand.topic, sizeof(stand.topic), "%s-%d-%lld.evidence", name,
		(int)getpid(), (long long)clock_monotonic());
	db_ok(kafka_admin_open(&stand.kafka, &admin, &reason), &reason);
	topic.name = stand.topic;
	db_ok(kafka_topic_create(admin, &topic, &reason), &reason);
	kafka_admin_close(&admin);
	db_fresh(SCHEMA, "evaluator");
	stand.owner = db_open(SCHEMA, "intake_reader_test");
	return stand;
}

static void tear_down(struct stand *stand)
{
	pg_close(&stand->owner);
	db_drop(SCHEMA);
}

static void produce(const struct stand *stand, struct sample *sample)
{
	struct kafka_out_settings settings = {.kafka = stand->kafka,
		.deadline = 20 * INSTANT_SECOND,
		.queue_bytes = 16 << 20};
	struct kafka_out *out = NULL;
	struct reason reason = {0};

	db_ok(kafka_out_open(&settings, &out, &reason), &reason);
	for (size_t i = 0; i < sample->count; i++) {
		sample->records[i].topic = stand->topic;
		sample->records[i].partition = 0;
		db_ok(kafka_out_send(out, &sample->records[i], NULL, &reason),
			&reason);
	}
	assert_true(kafka_out_flush(out, 20 * INSTANT_SECOND));
	kafka_out_close(&out, 0);
}

/* An intake to which things happen. */
struct troubled {
	struct intake *intake;
	struct pg *owner;
	int applied, read_ahead; /* calls */
	int refused, cut_off;    /* at which call; 0: never */
};

static enum status troubled_apply(void *context, struct pg *pg,
	struct arena *arena, const struct kafka_batch *batch,
	size_t *ret_culprit, struct reason *reterr)
{
	struct troubled *troubled = context;
	enum status status = intake_apply(
		troubled->intake, pg, arena, batch, ret_culprit, reterr);
	char sql[80];

	troubled->applied++;
	if (status == OK && troubled->applied == troubled->refused) {
		reason_set(reterr, NULL, "the test refuses this one");
		return RETRY;
	}
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d)::int",
		pg_backend(pg));
	if (status == OK && troubled->applied == troubled->cut_off)
		assert_int_equal(db_number(troubled->owner, sql), 1);
	return status;
}

static bool troubled_read_ahead(
	void *context, struct arena *arena, struct kafka_batch *batch)
{
	struct troubled *troubled = context;

	troubled->read_ahead++;
	return intake_read_ahead(troubled->intake, arena, batch);
}

static void trouble(struct stand *stand, struct troubled *troubled)
{
	troubled->owner = stand->owner;
	stand->user = (struct reader_user){.apply = troubled_apply,
		.read_ahead = troubled_read_ahead,
		.context = troubled};
}

struct until {
	struct pg *pg;
	const char *sql; /* true: enough was seen */
	struct metrics *metrics;
	int64_t held; /* by then */
};

/* Ends the service once the database is as wanted, or after its time. */
static enum status end_when(
	void *context, struct service *service, struct reason *reterr)
{
	struct until *until = context;
	instant deadline = clock_monotonic() + 30 * INSTANT_SECOND;

	while (clock_monotonic() < deadline &&
		!db_number(until->pg, until->sql))
		clock_sleep(50000);
	until->held = metric_value(until->metrics, METER_HELD, NULL);
	reason_set(reterr, NULL, "the test has seen enough");
	service_fail(service, RETRY, reterr);
	return OK;
}

/* Runs the reader until `sql` gives 1; returns how many records it parked. */
static int64_t run_until(const struct stand *stand, const char *sql)
{
	struct metrics *metrics = meters_new();
	const struct intake_settings intake_settings = {
		.clock = &clock_wall, .retention = INSTANT_NEVER};
	struct intake *intake = intake_new(&intake_settings);
	struct reader_settings settings = {.service = "evaluator",
		.topic = stand->topic,
		.parked_topic = "postern.parked",
		.kafka = stand->kafka,
		.pg = {.conninfo = db_conninfo(),
			.name = "intake_reader_test",
			.schema = SCHEMA,
			.statement_timeout = 20 * INSTANT_SECOND},
		.lease_time = 5 * INSTANT_SECOND,
		.batch_records = 100,
		.batch_bytes = 4 << 20,
		.user = stand->user.apply ? &stand->user : intake_user(intake),
		.meters = {metrics, METER_PARTITIONS, METER_HELD, METER_LAG,
			METER_FENCED, METER_PARKED}};
	struct service *service = service_new("intake_reader_test");
	struct until until = {stand->owner, sql, metrics, 0};
	struct troubled *troubled = stand->user.context;
	struct reader *reader = NULL;
	struct reason reason = {0};
	int64_t parked;

	if (troubled)
		troubled->intake = intake;

	db_ok(reader_open(&settings, &reader, &reason), &reason);
	service_start(service, "intake", reader_loop, reader);
	service_start(service, "until", end_when, &until);
	service_wait(service);
	assert_int_equal(db_number(stand->owner, sql), 1);
	assert_int_equal(until.held, 1);
	assert_int_equal(metric_value(metrics, METER_PARTITIONS, NULL), 1);
	assert_int_equal(metric_value(metrics, METER_HELD, NULL), 0);
	assert_int_equal(metric_value(metrics, METER_LAG, "0"), 0);
	parked = metric_value(metrics, METER_PARKED, NULL);
	reader_close(&reader);
	intake_free(&intake);
	service_free(&service);
	metrics_free(&metrics);
	return parked;
}

static void add_change(struct sample *sample, int number)
{
	struct evidence evidence = sample_evidence(sample,
		arena_printf(sample->arena, "c%d", number), CLASS_CHANGE,
		SUBJECT, SAMPLE_DAY - number * INSTANT_MINUTE);

	evidence.recorded_time = SAMPLE_DAY - INSTANT_DAY;
	if (evidence.effective_time > evidence.recorded_time)
		evidence.effective_time = evidence.recorded_time;
	evidence.body_node = sample_body(sample, "{\"action\":\"push\"}");
	sample_add(sample, &evidence);
}

static void test_intake_reader__parks_the_malformed_and_goes_on(void **state)
{
	struct stand stand = set_up("park");
	struct sample *sample = sample_new();
	char *why;

	(void)state;
	for (int i = 0; i < 40; i++)
		add_change(sample, i);
	sample->records[7].value = "{\"source\": 1}";
	sample->records[7].value_length = 13;
	sample->records[20].value = "not JSON";
	sample->records[20].value_length = 8;
	sample_punctuation(sample, 0, SAMPLE_DAY, INSTANT_NEVER);
	produce(&stand, sample);
	assert_int_equal(run_until(&stand, "SELECT (max(next) >= 41)::int"
					   " FROM consumer_offset"),
		2);
	assert_int_equal(
		db_number(stand.owner, "SELECT count(*) FROM evidence"), 38);
	assert_int_equal(
		db_number(stand.owner, "SELECT count(*) FROM punctuation"), 1);
	assert_int_equal(
		db_number(stand.owner, "SELECT count(*) FROM outbox"), 2);
	why = db_value(stand.owner, "SELECT convert_from(value, 'UTF8')"
				    " FROM outbox ORDER BY seq LIMIT 1");
	assert_non_null(strstr(why, "$.source"));
	memory_free(why);
	sample_free(&sample);
	tear_down(&stand);
}

static void test_intake_reader__reads_each_once_over_restarts(void **state)
{
	struct stand stand = set_up("once");
	struct sample *sample = sample_new();

	(void)state;
	for (int i = 0; i < 30; i++)
		add_change(sample, i);
	produce(&stand, sample);
	run_until(&stand, "SELECT (max(next) >= 30)::int FROM consumer_offset");
	produce(&stand, sample); /* ingest sent all of it again */
	run_until(&stand, "SELECT (max(next) >= 60)::int FROM consumer_offset");
	assert_int_equal(
		db_number(stand.owner, "SELECT count(*) FROM evidence"), 30);
	assert_int_equal(
		db_number(stand.owner, "SELECT count(data) FROM evidence"), 30);
	assert_int_equal(db_number(stand.owner,
				 "SELECT count(*) FROM evidence_conflict"),
		0);
	sample_free(&sample);
	tear_down(&stand);
}

#define MANY 900

static void produce_many(struct stand *stand)
{
	for (int from = 0; from < MANY; from += 300) {
		struct sample *sample = sample_new();

		for (int i = from; i < from + 300; i++)
			add_change(sample, i);
		if (from) {
			sample->records[33].value = "{\"source\": 1}";
			sample->records[33].value_length = 13;
		}
		produce(stand, sample);
		sample_free(&sample);
	}
}

static void assert_many_taken(const struct stand *stand)
{
	assert_int_equal(
		db_number(stand->owner, "SELECT count(*) FROM evidence"),
		MANY - 2);
	assert_int_equal(
		db_number(stand->owner, "SELECT next FROM consumer_offset"),
		MANY);
	assert_int_equal(
		db_number(stand->owner, "SELECT count(*) FROM outbox"), 2);
}

/* What was fetched and read before its turn is neither lost nor taken twice
 * when the batch before it fails, shrinks or loses its connection. */
static void test_intake_reader__forgets_what_it_read_too_early(void **state)
{
	struct stand stand = set_up("ahead");
	struct troubled troubled = {.refused = 2, .cut_off = 7};

	(void)state;
	trouble(&stand, &troubled);
	produce_many(&stand);
	assert_int_equal(run_until(&stand, "SELECT (max(next) >= 900)::int"
					   " FROM consumer_offset"),
		2);
	assert_many_taken(&stand);
	assert_true(troubled.read_ahead > 0);
	tear_down(&stand);
}

/* It might be the batch read ahead that kills, and another's account. */
static void test_intake_reader__reads_nothing_ahead_after_a_death(void **state)
{
	struct stand stand = set_up("careful");
	struct troubled troubled = {.refused = 0};
	char sql[300];

	(void)state;
	trouble(&stand, &troubled);
	produce_many(&stand);
	snprintf(sql, sizeof(sql),
		"INSERT INTO consumer_offset (topic, part, topic_id)"
		" VALUES ('%s', 0, '');"
		"INSERT INTO death (topic, part, first, until, deaths, alone)"
		" VALUES ('%s', 0, 0, 100, 1, false)",
		stand.topic, stand.topic);
	db_script(stand.owner, sql);
	run_until(
		&stand, "SELECT (max(next) >= 900)::int FROM consumer_offset");
	assert_many_taken(&stand);
	assert_int_equal(troubled.read_ahead, 0);
	tear_down(&stand);
}
