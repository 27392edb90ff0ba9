/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/assembly.h"

#define ONE "0123456789abcdef0123456789abcdef"
#define TWO "fedcba9876543210fedcba9876543210"
#define LARGE (3 * (size_t)PARCEL_CHUNK - 7)

struct world {
	struct arena *arena;
	struct crypto *crypto;
	struct assembly *assembly;
	struct assembled got;
	struct reason why;
	int64_t offset;
};

static struct world *begin(void)
{
	struct arena *arena = arena_new(64u << 20);
	struct world *world = arena_alloc(arena, sizeof(*world));

	world->arena = arena;
	world->crypto = crypto_new();
	world->assembly = assembly_new();
	return world;
}

static void end(struct world *world)
{
	struct arena *arena = world->arena;

	assembly_free(&world->assembly);
	crypto_free(&world->crypto);
	arena_free(&arena);
}

static char *body_of(struct world *world, size_t size, char fill)
{
	char *body = arena_alloc(world->arena, size + 1);

	memset(body, fill, size);
	return body;
}

static struct kafka_record *chunks_of(struct world *world, const char *id,
	const char *body, size_t size, size_t *ret_count)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct parcel parcel = {.id = id,
		.source = "s",
		.tool = "cloudevents",
		.tenant = "default",
		.received = 1000};
	struct kafka_record *records;

	sha256(world->crypto, body, size, digest);
	hex_encode(digest, sizeof(digest), hex);
	parcel.digest = arena_printf(world->arena, "sha256:%s", hex);
	assert_int_equal(parcel_encode(world->arena, &parcel, body, size,
				 &records, ret_count, &world->why),
		OK);
	return records;
}

static enum status take(struct world *world, struct kafka_record *record)
{
	record->offset = world->offset++;
	assembled_release(&world->got);
	return assembly_take(world->assembly, world->arena, world->crypto,
		record, 0, &world->got, &world->why);
}

static void test_assembly__one_chunk_is_whole_at_once(void **state)
{
	struct world *world = begin();
	size_t count;
	struct kafka_record *records = chunks_of(world, ONE, "{}", 2, &count);

	(void)state;
	assert_int_equal(count, 1);
	assert_int_equal(take(world, records), OK);
	assert_int_equal(world->got.size, 2);
	assert_memory_equal(world->got.body, "{}", 2);
	assert_int_equal(assembly_safe(world->assembly, 1), 1);
	assert_int_equal(assembly_oldest(world->assembly), INSTANT_NEVER);
	records = chunks_of(world, ONE, "", 0, &count);
	assert_int_equal(take(world, records), OK);
	assert_int_equal(world->got.size, 0);
	end(world);
}

static void test_assembly__chunks_of_two_deliveries_may_mix(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	const char *b = body_of(world, LARGE, 'b');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);
	struct kafka_record *two = chunks_of(world, TWO, b, LARGE, &count);

	(void)state;
	assert_int_equal(count, 3);
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(take(world, &two[0]), IGNORED);
	assert_int_equal(take(world, &two[1]), IGNORED);
	assert_int_equal(take(world, &one[1]), IGNORED);
	assert_int_equal(assembly_safe(world->assembly, 4), 0);
	assert_int_equal(assembly_oldest(world->assembly), 1000);
	assert_int_equal(take(world, &one[2]), OK);
	assert_int_equal(world->got.size, LARGE);
	assert_memory_equal(world->got.body, a, LARGE);
	assert_string_equal(world->got.parcel.id, ONE);
	assert_int_equal(assembly_safe(world->assembly, 5), 1);
	assert_int_equal(take(world, &two[2]), OK);
	assert_memory_equal(world->got.body, b, LARGE);
	assert_int_equal(assembly_safe(world->assembly, 6), 6);
	assembled_release(&world->got);
	end(world);
}

/* The edge met no acknowledgement and sent the whole delivery once more. */
static void test_assembly__a_delivery_sent_again_begins_anew(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);

	(void)state;
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(take(world, &one[1]), IGNORED);
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(assembly_safe(world->assembly, 3), 2);
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(take(world, &one[1]), IGNORED);
	assert_int_equal(take(world, &one[1]), IGNORED);
	assert_int_equal(take(world, &one[2]), OK);
	assert_memory_equal(world->got.body, a, LARGE);
	assembled_release(&world->got);
	end(world);
}

static void test_assembly__a_missing_first_chunk_is_told_once(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);

	(void)state;
	assert_int_equal(take(world, &one[1]), REJECT);
	assert_non_null(strstr(world->why.sentence, "first chunk is missing"));
	assert_string_equal(world->got.parcel.source, "s");
	assert_int_equal(world->got.size, LARGE);
	assert_int_equal(assembly_safe(world->assembly, 1), 1);
	assert_int_equal(take(world, &one[2]), IGNORED);
	for (int i = 0; i < 2; i++)
		assert_int_equal(take(world, &one[i]), IGNORED);
	assert_int_equal(take(world, &one[2]), OK);
	assembled_release(&world->got);
	end(world);
}

static void test_assembly__a_hole_is_told_with_both_numbers(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);

	(void)state;
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(take(world, &one[2]), REJECT);
	assert_non_null(strstr(world->why.sentence, "chunk 2, due was 1 of 3"));
	assert_int_equal(assembly_safe(world->assembly, 2), 2);
	end(world);
}

static void test_assembly__bytes_must_have_their_digest(void **state)
{
	struct world *world = begin();
	size_t count;
	char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);
	struct kafka_record *two = chunks_of(world, TWO, "x", 1, &count);

	(void)state;
	a[10] = 'b';
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(take(world, &one[1]), IGNORED);
	assert_int_equal(take(world, &one[2]), REJECT);
	assert_string_equal(world->why.place, "digest");
	assert_null(world->got.owned);
	two->value = "y";
	assert_int_equal(take(world, two), REJECT);
	assert_string_equal(world->why.place, "digest");
	two->value_length = 0;
	assert_int_equal(take(world, two), REJECT);
	end(world);
}

static void test_assembly__what_is_no_delivery_has_no_id(void **state)
{
	struct world *world = begin();
	struct kafka_record record = {.value = "x", .value_length = 1};

	(void)state;
	assert_int_equal(take(world, &record), REJECT);
	assert_null(world->got.parcel.id);
	assert_string_equal(world->why.place, "delivery");
	end(world);
}

static enum status give_up(
	struct world *world, int64_t next, bool at_end, instant now)
{
	return assembly_give_up(world->assembly, world->arena, next, at_end,
		now, &world->got, &world->why);
}

static void test_assembly__gives_up_what_never_completes(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);

	(void)state;
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(give_up(world, 1, true, ASSEMBLY_PATIENCE), OK);
	assert_int_equal(give_up(world, 1, false, INSTANT_DAY), OK);
	assert_int_equal(
		give_up(world, 1, true, ASSEMBLY_PATIENCE + 1), REJECT);
	assert_string_equal(world->got.parcel.id, ONE);
	assert_int_equal(world->got.size, LARGE);
	assert_string_equal(world->why.sentence,
		"chunk 1 of 3 did not come within ten minutes");
	assert_int_equal(give_up(world, 1, true, INSTANT_DAY), OK);
	assert_int_equal(take(world, &one[0]), IGNORED);
	assert_int_equal(give_up(world, 1 + ASSEMBLY_DISTANCE, false, 0), OK);
	assert_int_equal(
		give_up(world, 2 + ASSEMBLY_DISTANCE, false, 0), REJECT);
	end(world);
}

static void test_assembly__memory_is_bounded(void **state)
{
	struct world *world = begin();
	size_t count, kept = 0;
	const char *a = body_of(world, LARGE, 'a');

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		char id[PARCEL_ID];
		struct kafka_record *records;

		snprintf(id, sizeof(id), "%032x", i);
		records = chunks_of(world, id, a, LARGE, &count);
		assert_int_equal(take(world, &records[0]), IGNORED);
		kept++;
		while (give_up(world, i, false, 0) == REJECT)
			kept--;
	}
	assert_true(kept < 100);
	assert_true(kept * (size_t)(2u << 20) <= ASSEMBLY_BYTES_MAX);
	end(world);
}

static void test_assembly__a_parked_delivery_is_forgotten(void **state)
{
	struct world *world = begin();
	size_t count;
	const char *a = body_of(world, LARGE, 'a');
	struct kafka_record *one = chunks_of(world, ONE, a, LARGE, &count);

	(void)state;
	assert_int_equal(take(world, &one[0]), IGNORED);
	assembly_drop(world->assembly, TWO);
	assert_int_equal(assembly_safe(world->assembly, 1), 0);
	assembly_drop(world->assembly, ONE);
	assert_int_equal(assembly_safe(world->assembly, 1), 1);
	end(world);
}
