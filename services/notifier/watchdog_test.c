/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

static void test_watchdog__is_due_until_it_was_taken(void **state)
{
	struct arena *arena = arena_new(1 << 12);
	struct watchdog watchdog;
	struct sink_notice out;
	instant now = clock_monotonic();

	(void)state;
	watchdog_init(&watchdog, arena, true);
	assert_true(watchdog_due(&watchdog, now));
	watchdog_fill(&watchdog, &out);
	assert_string_equal(out.labels,
		"{\"alertname\":\"PosternWatchdog\",\"severity\":\"none\"}");
	assert_null(out.verdict);
	out.outcome.result = SINK_AWAY;
	assert_false(watchdog_said(&watchdog, &out, INSTANT_MINUTE));
	assert_true(watchdog_due(&watchdog, now));
	out.outcome.result = SINK_DELIVERED;
	assert_true(watchdog_said(&watchdog, &out, INSTANT_MINUTE));
	assert_false(watchdog_due(&watchdog, now));
	watchdog_init(&watchdog, arena, false);
	assert_false(watchdog_due(&watchdog, now));
	arena_free(&arena);
}
