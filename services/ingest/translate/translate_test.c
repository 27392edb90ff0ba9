/* SPDX-License-Identifier: Apache-2.0 */
/* The loop against a Kafka inside the process: what comes in as deliveries must
 * come out as evidence, rejections and punctuation, and once only. */
#include "translate/translate.h"

#include "base/log.h"
#include "meters.h"
#include "model/evidence.h"
#include "model/punctuation.h"
#include "parcel.h"
#include "wire/kafka_in.h"
#include "wire/kafka_mock.h"
#include "wire/kafka_out.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#define LONG INSTANT_MINUTE
#define PARTITIONS 3
#define RECEIVED (1000000 * INSTANT_SECOND)
#define MARGIN (2 * INSTANT_SECOND)

struct world {
	struct arena *arena;
	struct kafka_mock *mock;
	struct kafka_out *out;
	struct crypto *crypto;
	struct service *service;
	struct translate *translate;
	struct health *health;
	struct metrics *metrics;
	struct tally *tally;
	struct clock clock;
	struct reason why;
	unsigned sent;
};

/* The mock lets a member that left hold its partitions until its time-out. */
static const struct kafka_property quick[] = {
	{"topic.metadata.propagation.max.ms", "100"},
	{"session.timeout.ms", "2000"}, {"heartbeat.interval.ms", "300"},
	{0, 0}};

static instant nothing_spooled(void *context)
{
	(void)context;
	return INSTANT_NEVER;
}

static struct kafka_settings kafka(struct world *world)
{
	return (struct kafka_settings){
		kafka_mock_brokers(world->mock), "test", quick};
}

static struct world *begin(void)
{
	struct arena *arena = arena_new(256u << 20);
	struct world *world = arena_alloc(arena, sizeof(*world));
	struct kafka_out_settings settings = {
		.deadline = LONG, .queue_bytes = 64u << 20};

	log_setup(LOG_ERROR, false);
	world->arena = arena;
	world->mock = kafka_mock_new(1);
	kafka_mock_topic(world->mock, "t.deliveries", 1);
	kafka_mock_topic(world->mock, "t.evidence", PARTITIONS);
	kafka_mock_topic(world->mock, "t.rejected", 1);
	kafka_mock_topic(world->mock, "t.parked", 1);
	settings.kafka = kafka(world);
	assert_int_equal(
		kafka_out_open(&settings, &world->out, &world->why), OK);
	world->crypto = crypto_new();
	world->clock = clock_held(RECEIVED + INSTANT_MINUTE);
	world->health = health_new(&clock_wall);
	world->metrics = meters_new();
	world->tally = tally_new();
	return world;
}

static void start(struct world *world)
{
	const struct translate_settings settings = {
		.kafka = kafka(world),
		.topic_prefix = "t",
		.group = "g",
		.punctuation_margin = MARGIN,
		.spool_oldest = nothing_spooled,
		.tally = world->tally,
		.clock = &world->clock,
		.health = world->health,
		.metrics = world->metrics,
	};

	assert_int_equal(
		translate_open(&settings, &world->translate, &world->why), OK);
	world->service = service_new("test");
	service_start(
		world->service, "translate", translate_loop, world->translate);
}

static void stop(struct world *world)
{
	const struct reason asked = {.sentence = "the test is over"};

	service_fail(world->service, OK, &asked);
	(void)service_wait(world->service);
	service_free(&world->service);
	translate_close(&world->translate);
}

static void end(struct world *world)
{
	struct arena *arena = world->arena;

	kafka_out_close(&world->out, LONG);
	kafka_mock_free(&world->mock);
	tally_free(&world->tally);
	metrics_free(&world->metrics);
	health_free(&world->health);
	crypto_free(&world->crypto);
	arena_free(&arena);
}

/* All but `skip` of the chunks. */
static void deliver_but(
	struct world *world, const char *body, size_t size, size_t skip)
{
	const struct kafka_header headers[] = {
		{"content-type", "application/cloudevents+json", 28}};
	struct parcel parcel = {
		.source = "ledger-eu",
		.tool = "cloudevents",
		.tenant = "default",
		.received = RECEIVED,
		.headers = headers,
		.header_count = 1,
		.traceparent = TRACE,
	};
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX], id[PARCEL_ID];
	struct kafka_record *records;
	size_t count;

	sha256(world->crypto, body, size, digest);
	hex_encode(digest, sizeof(digest), hex);
	parcel.digest = arena_printf(world->arena, "sha256:%s", hex);
	snprintf(id, sizeof(id), "%032x", world->sent++);
	parcel.id = id;
	assert_int_equal(parcel_encode(world->arena, &parcel, body, size,
				 &records, &count, &world->why),
		OK);
	for (size_t i = 0; i < count; i++) {
		records[i].topic = "t.deliveries";
		if (i != skip)
			assert_int_equal(kafka_out_send(world->out, &records[i],
						 NULL, &world->why),
				OK);
	}
	assert_true(kafka_out_flush(world->out, LONG));
}

static void deliver(struct world *world, const char *body)
{
	deliver_but(world, body, strlen(body), SIZE_MAX);
}

static const char *push(struct world *world, const char *revision)
{
	return arena_printf(world->arena,
		"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\","
		"\"type\":\"dev.postern.evidence.change.v1\",\"data\":{"
		"\"subject\":\"default/repo/github.com/acme/shop\","
		"\"change\":{\"action\":\"push\",\"revision\":\"%s\"}}}",
		revision);
}

typedef bool is_wanted(const struct kafka_record *record);

static bool is_any(const struct kafka_record *record)
{
	(void)record;
	return true;
}

static bool is_evidence(const struct kafka_record *record)
{
	return !punctuation_is(record);
}

/* Reads a topic from its beginning until `count` records of the kind are
 * there; all of them are kept in the arena. */
static struct kafka_record *wait_for(struct world *world, const char *topic,
	int partitions, is_wanted *wanted, size_t count)
{
	struct kafka_in_settings settings = {
		.kafka = kafka(world), .fetch_bytes = 16u << 20};
	struct kafka_record *got =
		arena_array(world->arena, count, sizeof(*got));
	instant until = clock_monotonic() + LONG;
	struct kafka_in *in;
	size_t n = 0;

	assert_int_equal(kafka_in_open(&settings, &in, &world->why), OK);
	for (int i = 0; i < partitions; i++)
		assert_int_equal(
			kafka_in_assign(in, topic, i, -2, &world->why), OK);
	while (n < count) {
		struct kafka_batch batch;
		enum status status = kafka_in_batch(in, world->arena, 100,
			8u << 20, 100000, &batch, &world->why);

		if (clock_monotonic() > until)
			fail_msg("%zu of %zu records came on %s", n, count,
				topic);
		for (size_t i = 0; status == OK && i < batch.count; i++)
			if (n < count && wanted(&batch.records[i]))
				got[n++] = batch.records[i];
	}
	kafka_in_close(&in);
	return got;
}

static size_t records_on(struct world *world, const char *topic)
{
	struct kafka_in_settings settings = {
		.kafka = kafka(world), .fetch_bytes = 1u << 20};
	struct kafka_in *in;
	int64_t first, last;

	assert_int_equal(kafka_in_open(&settings, &in, &world->why), OK);
	assert_int_equal(
		kafka_in_bounds(in, topic, 0, &first, &last, &world->why), OK);
	kafka_in_close(&in);
	return (size_t)(last - first);
}

static void test_translate__a_delivery_becomes_evidence(void **state)
{
	struct world *world = begin();
	struct evidence evidence;
	struct kafka_record *got;

	(void)state;
	deliver(world, push(world, "r1"));
	start(world);
	got = wait_for(world, "t.evidence", PARTITIONS, is_evidence, 1);
	assert_int_equal(
		evidence_decode(world->arena, got, &evidence, &world->why), OK);
	assert_string_equal(evidence.source, "ledger-eu");
	assert_string_equal(
		evidence.subject, "default/repo/github.com/acme/shop");
	assert_string_equal(
		evidence.delivery_id, "00000000000000000000000000000000");
	assert_int_equal(evidence.recorded_time, RECEIVED);
	assert_string_equal(evidence.traceparent, TRACE);
	assert_string_equal(got->key, evidence.subject);
	stop(world);
	assert_int_equal(
		metric_value(world->metrics, METER_TRANSLATED, "ledger-eu"), 1);
	end(world);
}

static void test_translate__what_is_refused_is_told_with_its_path(void **state)
{
	struct world *world = begin();
	struct kafka_record foreign = {.topic = "t.deliveries",
		.partition = 0,
		.key = "k",
		.key_length = 1,
		.value = "x",
		.value_length = 1};
	struct kafka_record *got;
	struct tally_row *rows;

	(void)state;
	deliver(world, "{\"specversion\":");
	deliver(world, "{\"specversion\":\"1.0\",\"id\":\"1\","
		       "\"source\":\"/s\",\"type\":\"com.example.x\"}");
	deliver_but(world, "", 0, SIZE_MAX);
	assert_int_equal(
		kafka_out_send(world->out, &foreign, NULL, &world->why), OK);
	deliver(world, push(world, "r1"));
	start(world);
	got = wait_for(world, "t.rejected", 1, is_any, 3);
	assert_non_null(strstr(got[0].value, "\"path\":\"byte 15\""));
	assert_non_null(strstr(got[0].value, "\"adapter\":\"cloudevents/1\""));
	assert_string_equal(got[0].key, "ledger-eu");
	assert_non_null(strstr(got[1].value, "the document is empty"));
	assert_non_null(strstr(got[2].value, "\"path\":\"delivery\""));
	wait_for(world, "t.evidence", PARTITIONS, is_evidence, 1);
	stop(world);
	assert_int_equal(
		metric_value(world->metrics, METER_IGNORED, "cloudevents"), 1);
	assert_int_equal(tally_take(world->tally, world->arena, &rows), 1);
	assert_int_equal(rows[0].rejected, 2);
	end(world);
}

static void test_translate__begins_where_it_ended(void **state)
{
	struct world *world = begin();

	(void)state;
	deliver(world, "1");
	start(world);
	wait_for(world, "t.rejected", 1, is_any, 1);
	stop(world);
	deliver(world, "2");
	start(world);
	wait_for(world, "t.rejected", 1, is_any, 2);
	stop(world);
	assert_int_equal(records_on(world, "t.rejected"), 2);
	end(world);
}

static void test_translate__chunks_become_one_delivery(void **state)
{
	struct world *world = begin();
	size_t size = 3 * (size_t)PARCEL_CHUNK;
	char *text = arena_alloc(world->arena, size + 1);
	struct kafka_record *got;

	(void)state;
	memset(text, ' ', size);
	memcpy(text, push(world, "r1"), strlen(push(world, "r1")));
	deliver_but(world, text, size, 0);
	deliver(world, text);
	start(world);
	got = wait_for(world, "t.evidence", PARTITIONS, is_evidence, 1);
	assert_non_null(strstr(got->value, "\"revision\":\"r1\""));
	got = wait_for(world, "t.rejected", 1, is_any, 1);
	assert_non_null(strstr(got->value, "the first chunk is missing"));
	stop(world);
	assert_int_equal(records_on(world, "t.rejected"), 1);
	end(world);
}

static bool is_r1(const struct kafka_record *record)
{
	return strstr(record->value, "\"revision\":\"r1\"") != NULL;
}

static bool is_r2(const struct kafka_record *record)
{
	return strstr(record->value, "\"revision\":\"r2\"") != NULL;
}

/* 7 is REQUEST_TIMED_OUT, 45 OUT_OF_ORDER_SEQUENCE_NUMBER: the first passes,
 * the second ends an idempotent producer. What was stored may come twice. */
static void test_translate__nothing_is_lost_when_kafka_fails(void **state)
{
	static const int codes[] = {7, 45};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world *world = begin();

		deliver(world, push(world, "r1"));
		deliver(world, push(world, "r2"));
		kafka_mock_fail_produce(world->mock, codes[i]);
		start(world);
		wait_for(world, "t.evidence", PARTITIONS, is_r1, 1);
		wait_for(world, "t.evidence", PARTITIONS, is_r2, 1);
		stop(world);
		end(world);
	}
}

static bool of_partition_two(const struct kafka_record *record)
{
	return punctuation_is(record) && record->partition == 2;
}

static void test_translate__says_how_far_it_is_on_each_partition(void **state)
{
	struct world *world = begin();
	struct punctuation said;
	struct kafka_record *got;

	(void)state;
	deliver(world, push(world, "r1"));
	start(world);
	got = wait_for(world, "t.evidence", PARTITIONS, of_partition_two, 2);
	assert_int_equal(
		punctuation_decode(world->arena, &got[1], &said, &world->why),
		OK);
	assert_int_equal(said.partition, 0);
	assert_int_equal(said.spool_oldest, INSTANT_NEVER);
	/* Read to its end: the clock counts, not the last receipt. */
	assert_int_equal(said.received_to, RECEIVED + INSTANT_MINUTE - MARGIN);
	stop(world);
	end(world);
}

/* Where a partition of a group begins is what somebody committed before. */
static void commit(struct world *world, int64_t next, const char *metadata)
{
	static const char *const topics[] = {"t.deliveries", NULL};
	struct kafka_in_settings settings = {.kafka = kafka(world),
		.group = "g",
		.topics = topics,
		.fetch_bytes = 1u << 20};
	instant until = clock_monotonic() + LONG;
	struct kafka_batch batch;
	struct kafka_in *in;

	assert_int_equal(kafka_in_open(&settings, &in, &world->why), OK);
	while (kafka_in_batch(in, world->arena, 1, 1u << 20, 100000, &batch,
		       &world->why) != OK)
		assert_true(clock_monotonic() < until);
	assert_int_equal(kafka_in_commit(in, "t.deliveries", 0, next, metadata,
				 &world->why),
		OK);
	kafka_in_close(&in);
}

static void test_translate__a_record_deadly_alone_is_parked(void **state)
{
	struct world *world = begin();
	struct kafka_record *got;

	(void)state;
	deliver(world, push(world, "deadly"));
	deliver(world, push(world, "r2"));
	commit(world, 0, "1 0 1 3 1");
	start(world);
	got = wait_for(world, "t.parked", 1, is_any, 1);
	assert_non_null(strstr(got->value, "\"reason\":\"crashed\""));
	assert_non_null(strstr(got->value, "\"deaths\":3"));
	assert_non_null(strstr(got->value, "\"offset\":0"));
	got = wait_for(world, "t.evidence", PARTITIONS, is_evidence, 1);
	assert_non_null(strstr(got->value, "\"r2\""));
	stop(world);
	assert_int_equal(records_on(world, "t.parked"), 1);
	end(world);
}

static void test_translate__refuses_rules_that_are_wrong(void **state)
{
	struct world *world = begin();
	struct translate_settings settings = {
		.kafka = kafka(world),
		.topic_prefix = "t",
		.group = "g",
		.subjects = "/no/such/file",
		.spool_oldest = nothing_spooled,
		.clock = &world->clock,
		.health = world->health,
		.metrics = world->metrics,
	};

	(void)state;
	assert_int_equal(translate_check("/no/such/file", &world->why), CONFIG);
	assert_int_equal(translate_check(NULL, &world->why), OK);
	assert_int_equal(
		translate_open(&settings, &world->translate, &world->why),
		CONFIG);
	settings.subjects = NULL;
	assert_int_equal(
		translate_open(&settings, &world->translate, &world->why), OK);
	assert_int_equal(translate_reload(world->translate, &world->why), OK);
	translate_close(&world->translate);
	translate_close(&world->translate);
	end(world);
}
