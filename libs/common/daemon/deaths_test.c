/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/deaths.h"

/* What a process that starts anew sees, and what it begins. */
static bool start_and_die(struct deaths *row, int64_t next, size_t records)
{
	size_t count = deaths_limit(row, next, records);

	deaths_resume(row, next);
	if (deaths_park(row, next))
		return false;
	count = deaths_limit(row, next, records);
	deaths_begin(row, next, next + (int64_t)count, count);
	return true;
}

static void test_deaths__a_killer_is_found_and_parked(void **state)
{
	struct deaths row = {0};
	int died = 0;
	int64_t next = 100;

	(void)state;
	/* 110 kills whoever works on it; batches are of fifty. */
	for (;;) {
		size_t count;

		deaths_resume(&row, next);
		if (deaths_park(&row, next))
			break;
		count = deaths_limit(&row, next, 50);
		deaths_begin(&row, next, next + (int64_t)count, count);
		if (next <= 110 && next + (int64_t)count > 110) {
			died++;
			continue;
		}
		next += (int64_t)count;
		deaths_survived(&row, next);
		assert_true(died < 20);
	}
	assert_int_equal(next, 110);
	assert_int_equal(died, 2 * DEATHS_MOST);
	/* Parked: the rest of the suspects go alone, then all is as before. */
	assert_true(deaths_survived(&row, 111));
	assert_int_equal(deaths_limit(&row, 111, 50), 1);
	assert_false(deaths_survived(&row, 150));
	assert_int_equal(deaths_limit(&row, 150, 50), 50);
}

static void test_deaths__a_batch_of_one_needs_no_second_round(void **state)
{
	struct deaths row = {0};

	(void)state;
	for (int i = 0; i < DEATHS_MOST; i++)
		assert_true(start_and_die(&row, 7, i ? 50 : 1));
	assert_false(start_and_die(&row, 7, 50));
}

static void test_deaths__an_orderly_end_is_no_death(void **state)
{
	struct deaths row = {0};

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_true(start_and_die(&row, 7, 1));
		deaths_left(&row);
	}
	deaths_resume(&row, 7);
	assert_false(deaths_park(&row, 7));
}

static void test_deaths__forgets_what_was_passed(void **state)
{
	struct deaths row = {.first = 5, .until = 9, .deaths = 3};

	(void)state;
	deaths_resume(&row, 6);
	assert_int_equal(deaths_limit(&row, 6, 50), 50);
	row = (struct deaths){
		.first = 5, .until = 9, .deaths = 3, .alone = true};
	deaths_resume(&row, 6);
	assert_int_equal(deaths_limit(&row, 6, 50), 1);
	assert_false(deaths_park(&row, 6));
	deaths_resume(&row, 9);
	assert_int_equal(deaths_limit(&row, 9, 50), 50);
}
