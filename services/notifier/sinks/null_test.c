/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

static void test_null__never_claims_to_have_told_anybody(void **state)
{
	const struct sink *sink = sink_find("null");
	struct sink_settings settings = {0};
	struct sink_notice notices[2] = {{0}};
	struct sink_line *line = NULL;
	struct reason reason;

	(void)state;
	assert_non_null(sink);
	assert_int_equal(sink->open(&settings, &line, &reason), OK);
	assert_int_equal(
		sink->send(line, NULL, NULL, 0, notices, 2, &reason), OK);
	assert_int_equal(notices[0].outcome.result, SINK_FAILED);
	assert_int_equal(notices[1].outcome.result, SINK_FAILED);
	sink->close(&line);
}

static void test_null__an_unknown_sink_is_none(void **state)
{
	(void)state;
	assert_null(sink_find("pager"));
}
