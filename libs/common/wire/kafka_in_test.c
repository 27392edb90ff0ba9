/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_in.h"

#include "base/log.h"
#include "wire/kafka_mock.h"
#include "wire/kafka_out.h"

#define LONG (10 * INSTANT_SECOND)

struct world {
	struct kafka_mock *mock;
	struct kafka_out *out;
	struct kafka_in *in;
	struct arena *arena;
	int gained, lost;
	struct reason reason;
};

static void moved(
	void *context, const char *topic, int32_t partition, bool gained)
{
	struct world *world = context;

	(void)topic;
	(void)partition;
	world->gained += gained;
	world->lost += !gained;
}

static struct kafka_in *open_in(struct world *world, const char *group)
{
	static const char *const topics[] = {"t", NULL};
	static const struct kafka_property quick[] = {
		{"topic.metadata.propagation.max.ms", "100"}, {0, 0}};
	const struct kafka_in_settings settings = {
		.kafka = {kafka_mock_brokers(world->mock), "test", quick},
		.group = group,
		.topics = group ? topics : NULL,
		.fetch_bytes = 1 << 20,
		.moved = moved,
		.context = world,
	};
	struct kafka_in *in = NULL;

	assert_int_equal(kafka_in_open(&settings, &in, &world->reason), OK);
	return in;
}

static void world_begin(struct world *world, int partitions, const char *group)
{
	*world = (struct world){.mock = kafka_mock_new(1)};
	log_setup(LOG_ERROR, false);
	kafka_mock_topic(world->mock, "t", partitions);
	const struct kafka_out_settings settings = {
		.kafka = {kafka_mock_brokers(world->mock), "test", NULL},
		.deadline = LONG,
		.queue_bytes = 1 << 20,
	};

	assert_int_equal(
		kafka_out_open(&settings, &world->out, &world->reason), OK);
	world->arena = arena_new(8 << 20);
	world->in = open_in(world, group);
}

static void world_end(struct world *world)
{
	kafka_in_close(&world->in);
	kafka_out_close(&world->out, LONG);
	arena_free(&world->arena);
	kafka_mock_free(&world->mock);
}

static void put(struct world *world, int32_t partition, int count)
{
	static const struct kafka_header headers[] = {{"h", "x", 1}};

	for (int i = 0; i < count; i++) {
		char value[16];
		struct kafka_record record = {
			.topic = "t",
			.partition = partition,
			.key = "k",
			.key_length = 1,
			.value = value,
			.headers = headers,
			.header_count = 1,
		};

		snprintf(value, sizeof(value), "%d-%05d", (int)partition, i);
		record.value_length = strlen(value);
		assert_int_equal(kafka_out_send(world->out, &record, NULL,
					 &world->reason),
			OK);
	}
	assert_true(kafka_out_flush(world->out, LONG));
}

/* The next batch; nothing for ten seconds is a failed test. */
static struct kafka_batch batch(
	struct world *world, size_t records, size_t bytes)
{
	struct kafka_batch got = {0};
	instant until = clock_monotonic() + LONG;
	enum status status = IGNORED;

	while (status != OK && clock_monotonic() < until)
		status = kafka_in_batch(world->in, world->arena, records, bytes,
			100000, &got, &world->reason);
	assert_int_equal(status, OK);
	return got;
}

static void assign(struct world *world, int32_t partition, int64_t offset)
{
	assert_int_equal(kafka_in_assign(world->in, "t", partition, offset,
				 &world->reason),
		OK);
}

static void test_kafka_in__reads_a_partition_to_its_end(void **state)
{
	struct world world;
	struct kafka_batch got;
	int count = 0;

	(void)state;
	world_begin(&world, 2, NULL);
	put(&world, 1, 7);
	assign(&world, 1, -2);
	do {
		got = batch(&world, 100, 100000);
		for (size_t i = 0; i < got.count; i++)
			assert_int_equal(got.records[i].offset, count++);
		if (got.count > 0) {
			assert_string_equal(got.records[0].key, "k");
			assert_string_equal(
				kafka_header_of(&got.records[0], "h"), "x");
			assert_true(got.records[0].timestamp > 0);
		}
	} while (!got.at_end);
	assert_int_equal(count, 7);
	assert_int_equal(got.next, 7);
	assert_int_equal(got.partition, 1);
	assert_string_equal(got.topic, "t");
	assert_int_equal(kafka_in_batch(world.in, world.arena, 10, 1000, 1000,
				 &got, &world.reason),
		IGNORED);
	world_end(&world);
}

static void test_kafka_in__never_mixes_partitions(void **state)
{
	struct world world;
	int64_t next[3] = {0};
	int ends = 0;

	(void)state;
	world_begin(&world, 3, NULL);
	for (int32_t p = 0; p < 3; p++)
		put(&world, p, 200);
	for (int32_t p = 0; p < 3; p++)
		assign(&world, p, -2);
	while (ends < 3) {
		struct kafka_batch got = batch(&world, 17, 100000);

		assert_true(got.count <= 17);
		for (size_t i = 0; i < got.count; i++) {
			assert_int_equal(
				got.records[i].partition, got.partition);
			assert_int_equal(
				got.records[i].offset, next[got.partition]++);
		}
		assert_int_equal(got.next, next[got.partition]);
		ends += got.at_end;
	}
	for (int p = 0; p < 3; p++)
		assert_int_equal(next[p], 200);
	world_end(&world);
}

static void test_kafka_in__bounds_a_batch_by_bytes(void **state)
{
	struct world world;
	struct kafka_batch got;

	(void)state;
	world_begin(&world, 1, NULL);
	put(&world, 0, 20);
	assign(&world, 0, -2);
	/* 8 bytes each: seven and a key, so three fit in 25. */
	got = batch(&world, 100, 25);
	assert_in_range(got.count, 1, 3);
	assert_true(got.bytes <= 25);
	/* One record at least, however large. */
	got = batch(&world, 100, 1);
	assert_int_equal(got.count, 1);
	world_end(&world);
}

static void test_kafka_in__goes_back(void **state)
{
	struct world world;
	struct kafka_batch got;

	(void)state;
	world_begin(&world, 1, NULL);
	put(&world, 0, 20);
	assign(&world, 0, 5);
	got = batch(&world, 3, 100000);
	assert_int_equal(got.records[0].offset, 5);
	assert_int_equal(kafka_in_seek(world.in, "t", 0, 2, &world.reason), OK);
	got = batch(&world, 3, 100000);
	assert_int_equal(got.records[0].offset, 2);
	world_end(&world);
}

static void test_kafka_in__stops_where_an_offset_is_out_of_range(void **state)
{
	struct world world;
	struct kafka_batch got;
	enum status status = IGNORED;
	instant until = clock_monotonic() + LONG;

	(void)state;
	world_begin(&world, 1, NULL);
	put(&world, 0, 3);
	assign(&world, 0, 99);
	while (status != CONFIG && clock_monotonic() < until)
		status = kafka_in_batch(world.in, world.arena, 10, 1000, 100000,
			&got, &world.reason);
	assert_int_equal(status, CONFIG);
	assert_true(world.reason.sentence[0] != '\0');
	world_end(&world);
}

static void test_kafka_in__knows_the_bounds(void **state)
{
	struct world world;
	int64_t first = -1, end = -1;

	(void)state;
	world_begin(&world, 1, NULL);
	put(&world, 0, 3);
	assert_int_equal(
		kafka_in_bounds(world.in, "t", 0, &first, &end, &world.reason),
		OK);
	assert_int_equal(first, 0);
	assert_int_equal(end, 3);
	world_end(&world);
}

static void test_kafka_in__forgets_what_it_gave_back(void **state)
{
	struct world world;
	struct kafka_batch got;

	(void)state;
	world_begin(&world, 2, NULL);
	put(&world, 0, 50);
	put(&world, 1, 50);
	assign(&world, 0, -2);
	assign(&world, 1, -2);
	got = batch(&world, 1, 100000);
	kafka_in_unassign(world.in, "t", 1 - got.partition);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			batch(&world, 5, 100000).partition, got.partition);
	world_end(&world);
}
