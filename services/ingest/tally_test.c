/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

static void test_tally__counts_by_source_and_begins_anew(void **state)
{
	struct tally *tally = tally_new();
	struct arena *arena = arena_new(1u << 20);
	struct tally_row *rows;

	(void)state;
	tally_accepted(tally, "web", 30);
	tally_accepted(tally, "web", 20);
	tally_rejected(tally, "web");
	tally_unauthenticated(tally, "git");
	assert_int_equal(tally_take(tally, arena, &rows), 2);
	assert_string_equal(rows[0].source, "git");
	assert_int_equal(rows[0].unauthenticated, 1);
	assert_int_equal(rows[0].last_delivery, 0);
	assert_string_equal(rows[1].source, "web");
	assert_int_equal(rows[1].accepted, 2);
	assert_int_equal(rows[1].rejected, 1);
	assert_int_equal(rows[1].last_delivery, 30);
	assert_int_equal(tally_take(tally, arena, &rows), 0);
	arena_free(&arena);
	tally_free(&tally);
	assert_null(tally);
}

static void test_tally__adds_what_is_given_back(void **state)
{
	struct tally *tally = tally_new();
	struct arena *arena = arena_new(1u << 20);
	struct tally_row *rows;

	(void)state;
	tally_accepted(tally, "web", 30);
	assert_int_equal(tally_take(tally, arena, &rows), 1);
	tally_accepted(tally, "web", 40);
	tally_give_back(tally, &rows[0]);
	assert_int_equal(tally_take(tally, arena, &rows), 1);
	assert_int_equal(rows[0].accepted, 2);
	assert_int_equal(rows[0].last_delivery, 40);
	arena_free(&arena);
	tally_free(&tally);
}

static void test_tally__is_bounded(void **state)
{
	struct tally *tally = tally_new();
	struct arena *arena = arena_new(16u << 20);
	struct tally_row *rows;
	char name[20];

	(void)state;
	for (int i = 0; i < 20010; i++) {
		snprintf(name, sizeof(name), "s%06d", i);
		tally_rejected(tally, name);
	}
	assert_int_equal(tally_take(tally, arena, &rows), 20000);
	assert_string_equal(rows[19999].source, "s019999");
	arena_free(&arena);
	tally_free(&tally);
}
