/* SPDX-License-Identifier: Apache-2.0 */
#include "model/topics.h"

static void test_topics__put_the_prefix_first(void **state)
{
	struct arena *arena = arena_new(4096);

	(void)state;
	assert_string_equal(
		topic_name(arena, "x", TOPIC_DELIVERIES), "x.deliveries");
	assert_string_equal(
		topic_name(arena, "a.b", TOPIC_NOTICES), "a.b.notices");
	arena_free(&arena);
}

static void test_topics__all_have_a_name_and_a_retention(void **state)
{
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	for (int i = 0; i < TOPICS; i++) {
		struct kafka_topic wanted =
			topic_wanted(arena, "p", (enum topic)i, 6, 1, true);

		assert_true(strlen(wanted.name) > 2);
		assert_true(wanted.retention > 0);
		assert_int_equal(wanted.partitions, 6);
		assert_true(wanted.compacted == (i == TOPIC_STATE));
	}
	arena_free(&arena);
}

static void test_topics__flush_only_where_one_broker_holds_them(void **state)
{
	struct arena *arena = arena_new(4096);
	struct kafka_topic one =
		topic_wanted(arena, "p", TOPIC_DELIVERIES, 6, 1, true);
	struct kafka_topic three =
		topic_wanted(arena, "p", TOPIC_DELIVERIES, 6, 3, true);

	(void)state;
	assert_true(one.flush_each);
	assert_int_equal(one.min_insync, 1);
	assert_false(three.flush_each);
	assert_int_equal(three.min_insync, 2);
	arena_free(&arena);
}
