/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter.h"

static struct reason why;

static void test_adapter__descriptors_are_all_well(void **state)
{
	(void)state;
	if (adapter_check_all(&why) != OK)
		fail_msg("%s: %s", why.place, why.sentence);
	assert_true(adapter_table_size >= 3);
}

static void test_adapter__is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < adapter_table_size; i++)
		assert_ptr_equal(
			adapter_find(adapter_table[i]->name), adapter_table[i]);
	assert_null(adapter_find("no-such-tool"));
	assert_null(adapter_find(""));
}

static void test_adapter__lists_grow_and_keep_their_order(void **state)
{
	struct arena *arena = arena_new(32 << 20);
	struct event_list list = {.arena = arena};

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct event *event = event_add(&list);

		assert_int_equal(event->tool_time, INSTANT_NEVER);
		for (int k = 0; k < i; k++) {
			event_match(&list, event, "n",
				arena_printf(arena, "%d", k));
			event_relate(&list, event,
				arena_printf(arena, "s%d", k), "runs");
		}
	}
	assert_int_equal(list.count, 100);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(list.events[i].match_count, i);
		for (int k = 0; k < i; k++) {
			char text[20];

			snprintf(text, sizeof(text), "%d", k);
			assert_string_equal(
				list.events[i].match[k].value, text);
			assert_string_equal(
				list.events[i].related[k].subject + 1, text);
		}
	}
	arena_free(&arena);
}

static void one_too_many(void)
{
	struct arena *arena = arena_new(64 << 20);
	struct event_list list = {.arena = arena};

	for (int i = 0; i <= EVENTS_MAX; i++)
		event_add(&list);
}

static void test_adapter__aborts_over_the_bound_of_events(void **state)
{
	(void)state;
	assert_aborts(one_too_many);
}

static void test_adapter__finds_a_header(void **state)
{
	const struct kafka_header headers[] = {{"a", "1", 1}, {"b", "2", 1}};
	const struct delivery delivery = {
		.headers = headers, .header_count = 2};

	(void)state;
	assert_string_equal(delivery_header(&delivery, "b"), "2");
	assert_null(delivery_header(&delivery, "c"));
}
