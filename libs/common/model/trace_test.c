/* SPDX-License-Identifier: Apache-2.0 */
#include "model/trace.h"

#include <string.h>

#define ID "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"

static const char *taken(struct arena *arena, const char *text)
{
	return trace_parent(arena, text);
}

static void test_trace__a_well_formed_one_is_kept(void **state)
{
	struct arena *arena = arena_new(10000);
	char id[TRACE_ID];

	(void)state;
	assert_string_equal(taken(arena, "00-" ID "-" PARENT "-01"),
		"00-" ID "-" PARENT "-01");
	trace_id("00-" ID "-" PARENT "-00", id);
	assert_string_equal(id, ID);
	arena_free(&arena);
}

static void test_trace__a_later_version_is_cut_to_ours(void **state)
{
	struct arena *arena = arena_new(10000);

	(void)state;
	assert_string_equal(taken(arena, "cc-" ID "-" PARENT "-01"),
		"00-" ID "-" PARENT "-01");
	assert_string_equal(taken(arena, "cc-" ID "-" PARENT "-01-what"),
		"00-" ID "-" PARENT "-01");
	assert_null(taken(arena, "cc-" ID "-" PARENT "-01what"));
	arena_free(&arena);
}

static void test_trace__any_other_form_is_dropped(void **state)
{
	static const char *const wrong[] = {NULL, "", "00",
		"00-" ID "-" PARENT "-0", "00-" ID "-" PARENT "-011",
		"00-" ID "-" PARENT "-01-what", "ff-" ID "-" PARENT "-01",
		"00-00000000000000000000000000000000-" PARENT "-01",
		"00-" ID "-0000000000000000-01",
		"00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
		"00_" ID "-" PARENT "-01", "0x-" ID "-" PARENT "-01",
		"00-" ID "-" PARENT "-zz", "00-" ID "-b7ad6b716920333\n-01"};
	struct arena *arena = arena_new(10000);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(taken(arena, wrong[i]));
	arena_free(&arena);
}
