/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

#include "base/arena.h"
#include "wire/json.h"

#include <string.h>

static void digest_of(const char *const *bodies, size_t count, char *ret)
{
	struct crypto *crypto = crypto_new();
	size_t lengths[4];

	for (size_t i = 0; i < count; i++)
		lengths[i] = strlen(bodies[i]);
	snapshot_digest(crypto, bodies, lengths, count, ret);
	crypto_free(&crypto);
}

/* Vectors by another implementation (Python's hashlib). */
static void test_snapshot__has_the_documented_digest(void **state)
{
	static const char *const bodies[] = {
		"{\"findings\":[]}", "{\"findings\":[1]}"};
	char got[SNAPSHOT_DIGEST];

	(void)state;
	digest_of(bodies, 1, got);
	assert_string_equal(got, "sha256:"
				 "b41dc9f393c6509e204ff3f1dd2be74c3cb27f7b26ccc"
				 "ec328bf897ac519c467");
	digest_of(bodies, 2, got);
	assert_string_equal(got, "sha256:"
				 "51f167dbfb57260b3e956b075aae9487bb69900bae9a9"
				 "48c6942d3d476a3cce3");
}

static void test_snapshot__differs_by_order_and_by_a_missing_part(void **state)
{
	static const char *const there[] = {"{\"a\":1}", "{\"a\":2}"};
	static const char *const turned[] = {"{\"a\":2}", "{\"a\":1}"};
	char a[SNAPSHOT_DIGEST], b[SNAPSHOT_DIGEST], c[SNAPSHOT_DIGEST];

	(void)state;
	digest_of(there, 2, a);
	digest_of(turned, 2, b);
	digest_of(there, 1, c);
	assert_string_not_equal(a, b);
	assert_string_not_equal(a, c);
}

static void test_snapshot__is_the_same_for_who_makes_and_who_reads(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *node = json_object(maker);
	const struct json *read = NULL;
	struct reason reason;
	const char *made[1], *again[1];
	char a[SNAPSHOT_DIGEST], b[SNAPSHOT_DIGEST];
	size_t length;

	(void)state;
	json_set_text(maker, node, "text", "a/\"\\\n\x01 \xc3\xa9");
	json_set_integer(maker, node, "number", -9007199254740992);
	json_set_double(maker, node, "fraction", 0.1);
	made[0] = json_write(maker, node, &length);
	assert_int_equal(json_read(arena, made[0], length, &read, &reason), OK);
	again[0] = json_rewrite(arena, read, &length);
	digest_of(made, 1, a);
	digest_of(again, 1, b);
	assert_string_equal(a, b);
	arena_free(&arena);
}
