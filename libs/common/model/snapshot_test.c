/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

#include <string.h>

static void digest_of(const char *const *parts, size_t count, char *ret)
{
	struct arena *arena = arena_new(1 << 16);
	struct crypto *crypto = crypto_new();

	snapshot_digest_begin(crypto);
	for (size_t i = 0; i < count; i++) {
		const struct json *items = NULL;
		struct reason reason;

		assert_int_equal(json_read(arena, parts[i], strlen(parts[i]),
					 &items, &reason),
			OK);
		snapshot_digest_add(crypto, arena, items);
	}
	snapshot_digest_end(crypto, ret);
	crypto_free(&crypto);
	arena_free(&arena);
}

/* Vector by another implementation (Python's hashlib). */
static void test_snapshot__has_the_documented_digest(void **state)
{
	static const char *const parts[] = {"[{\"key\": \"a\"}, 1]", "[2.5]"};
	char got[SNAPSHOT_DIGEST];

	(void)state;
	digest_of(parts, 2, got);
	assert_string_equal(got, "sha256:"
				 "e27cfe98b2a8fc3039d74f11438f375ecf92e7a20061c"
				 "09fe25731e3f19a82ec");
}

static void test_snapshot__depends_on_items_not_on_where_it_is_cut(void **state)
{
	static const char *const whole[] = {"[1,2,3]"};
	static const char *const cut[] = {"[1]", "[2,3]"};
	static const char *const turned[] = {"[2,3]", "[1]"};
	char a[SNAPSHOT_DIGEST], b[SNAPSHOT_DIGEST], c[SNAPSHOT_DIGEST];
	char d[SNAPSHOT_DIGEST];

	(void)state;
	digest_of(whole, 1, a);
	digest_of(cut, 2, b);
	digest_of(turned, 2, c);
	digest_of(cut, 1, d);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	assert_string_not_equal(a, d);
}
