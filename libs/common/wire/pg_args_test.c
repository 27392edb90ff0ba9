/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_private.h"

static void test_pg_args__writes_scalars_as_the_server_reads_them(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_text(&args, NULL);
	pg_integer(&args, -9223372036854775807);
	pg_bool(&args, true);
	pg_instant(&args, 0);
	pg_instant(&args, INSTANT_NEVER);
	pg_instant(&args, INT64_MIN);
	pg_bytea(&args, "\x00\xff\x5c", 3);
	pg_bytea(&args, NULL, 0);
	assert_int_equal(args.count, 8);
	assert_null(args.values[0]);
	assert_string_equal(args.values[1], "-9223372036854775807");
	assert_string_equal(args.values[2], "t");
	assert_string_equal(args.values[3], "1970-01-01T00:00:00Z");
	assert_string_equal(args.values[4], "infinity");
	assert_string_equal(args.values[5], "-infinity");
	assert_string_equal(args.values[6], "\\x00ff5c");
	assert_null(args.values[7]);
	arena_free(&arena);
}

static void test_pg_args__escapes_what_an_array_would_misread(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_array *array = pg_array_new(arena, 1000);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_array_text(array, "a,b{}");
	pg_array_text(array, "say \"hi\" \\n");
	pg_array_text(array, "NULL");
	pg_array_text(array, "");
	pg_array_text(array, NULL);
	pg_array_bytea(array, "\x01\xab", 2);
	pg_array_bytea(array, NULL, 0);
	pg_array_integer(array, -7);
	pg_array_bool(array, false);
	pg_array_instant(array, INSTANT_NEVER);
	assert_int_equal(pg_array_count(array), 10);
	pg_array_arg(&args, array);
	assert_string_equal(args.values[0],
		"{\"a,b{}\",\"say \\\"hi\\\" \\\\n\",\"NULL\",\"\",NULL,"
		"\"\\\\x01ab\",NULL,\"-7\",\"f\",\"infinity\"}");
	arena_free(&arena);
}

static void test_pg_args__an_empty_array_is_still_one(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	pg_array_arg(&args, pg_array_new(arena, 10));
	assert_string_equal(args.values[0], "{}");
	arena_free(&arena);
}

static void test_pg_args__arrays_grow_and_keep_what_they_had(void **state)
{
	struct arena *arena = arena_new(1 << 22);
	struct pg_array *array = pg_array_new(arena, 100000);
	struct pg_args args;

	(void)state;
	pg_args_init(&args, arena);
	for (int i = 0; i < 10000; i++)
		pg_array_integer(array, 1234);
	pg_array_arg(&args, array);
	assert_int_equal(strlen(args.values[0]), 10000 * 7 + 1);
	assert_memory_equal(args.values[0], "{\"1234\",\"1234\",", 15);
	arena_free(&arena);
}

static void overfill_array(void)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_array *array = pg_array_new(arena, 20);

	for (int i = 0; i < 10; i++)
		pg_array_text(array, "four");
}

static void overfill_args(void)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg_args args;

	pg_args_init(&args, arena);
	for (int i = 0; i < 33; i++)
		pg_bool(&args, true);
}

static void test_pg_args__over_their_room_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(overfill_array);
	assert_aborts(overfill_args);
}

static void test_pg_state__gives_each_class_its_consequence(void **state)
{
	(void)state;
	assert_int_equal(pg_state_status(""), RETRY);
	assert_int_equal(pg_state_status(NULL), RETRY);
	assert_int_equal(pg_state_status("40001"), RETRY);
	assert_int_equal(pg_state_status("40P01"), RETRY);
	assert_int_equal(pg_state_status("57P01"), RETRY);
	assert_int_equal(pg_state_status("57014"), RETRY);
	assert_int_equal(pg_state_status("55P03"), RETRY);
	assert_int_equal(pg_state_status("53300"), RETRY);
	assert_int_equal(pg_state_status("25P03"), RETRY);
	assert_int_equal(pg_state_status("22P02"), REJECT);
	assert_int_equal(pg_state_status("23514"), REJECT);
	assert_int_equal(pg_state_status("P0001"), REJECT);
	assert_int_equal(pg_state_status("42P01"), CONFIG);
	assert_int_equal(pg_state_status("42501"), CONFIG);
	assert_int_equal(pg_state_status("28P01"), CONFIG);
	assert_int_equal(pg_state_status("3D000"), CONFIG);
}
