/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"

static void test_overdue__nothing_that_waits_is_not_late(void **state)
{
	struct overdue overdue = {.count = 0};

	(void)state;
	assert_int_equal(overdue_note(&overdue, 0, 7, 100), 0);
	assert_int_equal(overdue_note(&overdue, 0, 9, 200), 0);
}

static void test_overdue__a_row_that_stays_grows_old(void **state)
{
	struct overdue overdue = {.count = 0};

	(void)state;
	assert_int_equal(overdue_note(&overdue, 5, 5, 100), 0);
	assert_int_equal(overdue_note(&overdue, 5, 5, 150), 50);
	assert_int_equal(overdue_note(&overdue, 5, 9, 300), 200);
}

static void test_overdue__what_moves_is_as_old_as_its_oldest(void **state)
{
	struct overdue overdue = {.count = 0};

	(void)state;
	overdue_note(&overdue, 1, 10, 100);
	overdue_note(&overdue, 4, 20, 200);
	/* 11 was there at 200 and not at 100. */
	assert_int_equal(overdue_note(&overdue, 11, 30, 300), 100);
	/* 40 is new. */
	assert_int_equal(overdue_note(&overdue, 40, 40, 400), 0);
}

static void test_overdue__full_it_says_less_but_never_too_much(void **state)
{
	struct overdue overdue = {.count = 0};

	(void)state;
	for (int64_t i = 1; i <= 1000; i++)
		assert_int_equal(overdue_note(&overdue, 1, i, i), i - 1);
	assert_true(overdue.count <= OVERDUE_MARKS);
	/* Row 500 came at 500; what is said lies at or after that. */
	assert_in_range(overdue_note(&overdue, 500, 1000, 1001), 1, 501);
}
