/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/spooled.h"

#include "base/memory.h"

static const struct kafka_header headers[] = {
	{"delivery", "0123", 4}, {"h-x", "", 0}};
static const struct kafka_record whole = {.topic = "p.deliveries",
	.partition = -1,
	.timestamp = 1700000000123456,
	.key = "web",
	.key_length = 3,
	.value = "a\0b",
	.value_length = 3,
	.headers = headers,
	.header_count = 2};

static void test_spooled__gives_back_the_whole_record(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct kafka_record record;
	struct reason reason;
	const void *bytes;
	size_t size;

	(void)state;
	spooled_write(arena, &whole, &bytes, &size);
	assert_int_equal(
		spooled_read(arena, bytes, size, &record, &reason), OK);
	assert_string_equal(record.topic, "p.deliveries");
	assert_int_equal(record.partition, -1);
	assert_int_equal(record.timestamp, whole.timestamp);
	assert_memory_equal(record.key, "web", 4);
	assert_int_equal(record.value_length, 3);
	assert_memory_equal(record.value, "a\0b", 3);
	assert_int_equal(record.header_count, 2);
	assert_string_equal(record.headers[0].name, "delivery");
	assert_string_equal(record.headers[0].value, "0123");
	assert_int_equal(record.headers[1].length, 0);
	arena_free(&arena);
}

/* Each byte cut off, and each byte changed: an error or another record, but
 * never a read beyond the end (the sanitizer watches). */
static void test_spooled__survives_any_cut_and_any_change(void **state)
{
	struct arena *arena = arena_new(4u << 20);
	struct kafka_record record;
	struct reason reason;
	const void *bytes;
	size_t size;

	(void)state;
	spooled_write(arena, &whole, &bytes, &size);
	for (size_t i = 0; i < size; i++) {
		char *copy = memory_new(size);
		enum status status;

		memcpy(copy, bytes, i);
		assert_int_equal(
			spooled_read(arena, copy, i, &record, &reason), REJECT);
		memcpy(copy, bytes, size);
		copy[i] = (char)(copy[i] ^ 0xff);
		status = spooled_read(arena, copy, size, &record, &reason);
		assert_true(status == OK || status == REJECT);
		memory_free(copy);
	}
	arena_free(&arena);
}

static void test_spooled__knows_the_oldest(void **state)
{
	char folder[] = "/tmp/spooled-test-XXXXXX", command[100];
	struct arena *arena = arena_new(1u << 20);
	struct spool *spool;
	struct spool_item item = {.lane = "web"};
	struct reason reason;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(spool_open(folder, 1u << 20, &spool, &reason), OK);
	assert_true(spooled_oldest(spool) == INSTANT_NEVER);
	spooled_write(arena, &whole, &item.bytes, &item.size);
	assert_int_equal(spool_put(spool, &item, 1, &reason), OK);
	assert_true(spooled_oldest(spool) == whole.timestamp);
	spool_close(&spool);
	arena_free(&arena);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {
			"data.mdb", "lock.mdb", "owner"};

		snprintf(command, sizeof(command), "%s/%s", folder, names[i]);
		unlink(command);
	}
	rmdir(folder);
}
