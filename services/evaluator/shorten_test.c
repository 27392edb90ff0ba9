/* SPDX-License-Identifier: Apache-2.0 */
#include "shorten.h"

#include "base/testing.h"

static void test_shorten__keeps_what_fits_and_tells_others_apart(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct crypto *crypto = crypto_new();
	char one[200], two[200];
	const char *short_one, *short_two;

	(void)state;
	memset(one, 'a', sizeof(one));
	one[199] = '\0';
	memcpy(two, one, sizeof(two));
	two[198] = 'b';
	assert_ptr_equal(shorten(arena, crypto, one, 199), one);
	short_one = shorten(arena, crypto, one, 100);
	short_two = shorten(arena, crypto, two, 100);
	assert_in_range(strlen(short_one), 90, 100);
	assert_memory_equal(short_one, one, 30);
	assert_string_not_equal(short_one, short_two);
	crypto_free(&crypto);
	arena_free(&arena);
}
