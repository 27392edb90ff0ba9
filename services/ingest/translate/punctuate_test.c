/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/punctuate.h"

#define MARGIN (3 * INSTANT_SECOND)
#define T (1000 * INSTANT_SECOND)

static void test_punctuate__says_nothing_before_anything_is_known(void **state)
{
	struct reached reached = {0};

	(void)state;
	assert_int_equal(reached_say(&reached, 0, INSTANT_NEVER, MARGIN), 0);
}

static void test_punctuate__at_the_end_the_wall_clock_counts(void **state)
{
	struct reached reached = {.translated = T / 2};

	(void)state;
	assert_int_equal(
		reached_say(&reached, T, INSTANT_NEVER, MARGIN), T - MARGIN);
}

static void test_punctuate__in_a_backlog_the_last_receipt_counts(void **state)
{
	struct reached reached = {.translated = T};

	(void)state;
	assert_int_equal(
		reached_say(&reached, 0, INSTANT_NEVER, MARGIN), T - MARGIN);
}

static void test_punctuate__never_goes_back(void **state)
{
	struct reached reached = {.translated = T};

	(void)state;
	reached_say(&reached, 2 * T, INSTANT_NEVER, MARGIN);
	assert_int_equal(reached_say(&reached, 0, INSTANT_NEVER, MARGIN),
		2 * T - MARGIN);
	assert_int_equal(
		reached_say(&reached, T, T / 2, MARGIN), 2 * T - MARGIN);
}

static void test_punctuate__stays_before_what_is_incomplete(void **state)
{
	struct reached reached = {.translated = T};

	(void)state;
	assert_int_equal(reached_say(&reached, 2 * T, T + 5, MARGIN), T + 4);
	assert_int_equal(reached_say(&reached, 2 * T, INSTANT_NEVER, MARGIN),
		2 * T - MARGIN);
}
