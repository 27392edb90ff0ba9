/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

static void test_arena__gives_zeroed_memory_again_after_reset(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	unsigned char *bytes = arena_alloc(arena, 100);

	(void)state;
	memset(bytes, 0xff, 100);
	arena_reset(arena);
	bytes = arena_alloc(arena, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(bytes[i], 0);
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void test_arena__grows_past_its_first_block(void **state)
{
	struct arena *arena = arena_new(10 << 20);
	char *a = arena_alloc(arena, 10000);
	char *b = arena_alloc(arena, 3000000);

	(void)state;
	memset(a, 'a', 10000);
	memset(b, 'b', 3000000);
	assert_int_equal(a[9999], 'a');
	assert_true(arena_used(arena) >= 3010000);
	arena_free(&arena);
}

static void test_arena__formats_and_copies(void **state)
{
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	assert_string_equal(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(arena_copy(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	assert_string_equal(arena_string(arena, "q"), "q");
	arena_free(&arena);
}

static void overfill(void)
{
	struct arena *arena = arena_new(64);

	arena_alloc(arena, 65);
}

static void test_arena__over_its_maximum_is_a_bug(void **state)
{
	(void)state;
	assert_aborts(overfill);
}
