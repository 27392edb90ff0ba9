/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

static void test_throttle__fresh_news_go_at_once_old_ones_wait(void **state)
{
	instant now = 1000 * INSTANT_HOUR;

	(void)state;
	assert_int_equal(throttle_due(now - INSTANT_SECOND, now), now);
	assert_int_equal(throttle_due(now + INSTANT_HOUR, now), now);
	assert_true(throttle_due(now - INSTANT_HOUR, now) > now);
	assert_true(
		throttle_due(now - INSTANT_HOUR, now) <= now + INSTANT_MINUTE);
}

static void test_throttle__back_off_grows_to_its_most(void **state)
{
	(void)state;
	assert_int_equal(
		throttle_back_off(1, INSTANT_MINUTE, 0, 0), INSTANT_SECOND / 2);
	assert_int_equal(
		throttle_back_off(3, INSTANT_MINUTE, 0, 0), 2 * INSTANT_SECOND);
	assert_int_equal(throttle_back_off(1000, INSTANT_MINUTE, 0, 0),
		30 * INSTANT_SECOND);
	for (uint64_t dice = 0; dice < 50; dice++) {
		instant wait = throttle_back_off(
			50, INSTANT_MINUTE, 0, dice * 123456789);

		assert_true(wait >= 30 * INSTANT_SECOND);
		assert_true(wait <= INSTANT_MINUTE);
	}
}

static void test_throttle__waits_as_asked_but_not_for_ever(void **state)
{
	(void)state;
	assert_int_equal(
		throttle_back_off(1, INSTANT_MINUTE, 90 * INSTANT_SECOND, 0),
		90 * INSTANT_SECOND);
	assert_int_equal(
		throttle_back_off(1, INSTANT_MINUTE, 30 * INSTANT_DAY, 0),
		INSTANT_HOUR);
}

static void test_throttle__an_instance_goes_and_comes_back(void **state)
{
	struct throttle throttle = {0};

	(void)state;
	assert_false(throttle_well(&throttle));
	throttle_failed(&throttle, 100, false, 0, 0);
	assert_int_equal(throttle.until, 100 + INSTANT_SECOND / 2);
	throttle_failed(&throttle, 100, true, 0, 0);
	assert_int_equal(throttle.until, 100 + 20 * INSTANT_SECOND);
	for (int i = 0; i < 100; i++)
		throttle_failed(&throttle, 100, true, 0, 0);
	assert_int_equal(throttle.until, 100 + 5 * INSTANT_MINUTE);
	assert_true(throttle_well(&throttle));
	assert_false(throttle_well(&throttle));
	assert_int_equal(throttle.until, 0);
}
