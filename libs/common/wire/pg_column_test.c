/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_private.h"

/* Whether the database reads it as we mean it: tests/database/pg_test.c. */

static void test_pg_column__counts_bytes_and_elements(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_column *column = pg_column_new(arena, PG_TEXT, 0);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_column_text(column, "ab");
	pg_column_text(column, NULL);
	pg_column_text(column, "");
	pg_column_arg(&args, column);
	assert_int_equal(pg_column_count(column), 3);
	assert_int_equal(args.count, 1);
	assert_int_equal(args.formats[0], 1);
	assert_int_equal(args.lengths[0], 34);
	assert_memory_equal(args.values[0],
		"\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\3\0\0\0\1"
		"\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0",
		34);
	arena_free(&arena);
}

static void test_pg_column__an_empty_one_has_no_dimension(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_column_arg(&args, pg_column_new(arena, PG_BYTEA, 100));
	assert_int_equal(args.lengths[0], 12);
	assert_memory_equal(args.values[0], "\0\0\0\0\0\0\0\0\0\0\0\21", 12);
	arena_free(&arena);
}

static void test_pg_column__times_count_from_2000(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_column *at = pg_column_new(arena, PG_INSTANT, 8);
	struct pg_column *json = pg_column_new(arena, PG_JSONB, 8);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_column_instant(at, 946684800 * INSTANT_SECOND + 1);
	pg_column_instant(at, INSTANT_NEVER);
	pg_column_instant(at, INT64_MIN);
	pg_column_text(json, "{}");
	pg_column_arg(&args, at);
	pg_column_arg(&args, json);
	assert_memory_equal(args.values[0] + 20,
		"\0\0\0\10\0\0\0\0\0\0\0\1"
		"\0\0\0\10\x7f\xff\xff\xff\xff\xff\xff\xff"
		"\0\0\0\10\x80\0\0\0\0\0\0\0",
		36);
	assert_memory_equal(args.values[1] + 20, "\0\0\0\3\1{}", 7);
	arena_free(&arena);
}

static void text_as_time(void)
{
	struct arena *arena = arena_new(1 << 16);

	pg_column_text(pg_column_new(arena, PG_INSTANT, 8), "now");
}

static void time_as_text(void)
{
	struct arena *arena = arena_new(1 << 16);

	pg_column_instant(pg_column_new(arena, PG_TEXT, 8), 0);
}

static void test_pg_column__another_type_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(text_as_time);
	assert_aborts(time_as_text);
}
