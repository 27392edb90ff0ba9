/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/split.h"

#include "wire/json.h"

#define RECEIVED (1000000 * INSTANT_SECOND)
#define DIGEST                                                                 \
	"sha256:"                                                              \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct world {
	struct arena *arena;
	struct crypto *crypto;
	struct delivery delivery;
	struct event event;
	struct evidence evidence;
	struct split_work work;
	struct json_node *findings;
	struct reason why;
};

static struct world *begin(void)
{
	struct arena *arena = arena_new((size_t)1 << 30);
	struct world *world = arena_alloc(arena, sizeof(*world));
	struct json_maker *maker = json_maker_new(arena);

	world->arena = arena;
	world->crypto = crypto_new();
	world->delivery = (struct delivery){
		.arena = arena, .source = "s", .digest = DIGEST};
	world->event = (struct event){.class = CLASS_SCAN,
		.body = json_object(maker),
		.snapshot = true,
		.complete = true,
		.split = "findings"};
	world->findings = json_array(maker);
	json_set_text(maker, world->event.body, "scanner", "own");
	json_set_node(maker, world->event.body, "findings", world->findings);
	world->evidence = (struct evidence){.tenant = "default",
		.source = "s",
		.tool = "cloudevents",
		.kind = "scan",
		.class = CLASS_SCAN,
		.subject = "default/org/-/-",
		.adapter = "cloudevents/1",
		.delivery_id = "d",
		.delivery_digest = DIGEST,
		.tool_time = INSTANT_NEVER,
		.recorded_time = RECEIVED,
		.body_node = world->event.body,
		.snapshot = {.complete = true}};
	evidence_settle_time(&world->evidence);
	world->work = (struct split_work){.crypto = world->crypto,
		.delivery = &world->delivery,
		.maker = maker,
		.event = &world->event,
		.window = -1};
	return world;
}

static void end(struct world *world)
{
	struct arena *arena = world->arena;

	crypto_free(&world->crypto);
	arena_free(&arena);
}

static void add_finding(struct world *world, int number, size_t padding)
{
	struct json_node *finding = json_object(world->work.maker);
	char *path = arena_alloc(world->arena, padding + 1);

	memset(path, 'p', padding);
	json_set_text(world->work.maker, finding, "key",
		arena_printf(world->arena, "k%d", number));
	json_set_text(world->work.maker, finding, "vulnerability", "v");
	json_set_text(world->work.maker, finding, "package", "p");
	json_set_text(world->work.maker, finding, "severity", "low");
	json_set_text(world->work.maker, finding, "path", path);
	json_add_node(world->work.maker, world->findings, finding);
}

static enum status encode(struct world *world, size_t number)
{
	return split_encode(
		&world->work, number, &world->evidence, &world->why);
}

static void test_split__what_fits_is_one_part(void **state)
{
	struct world *world = begin();
	struct evidence got;

	(void)state;
	add_finding(world, 0, 10);
	assert_int_equal(encode(world, 4), OK);
	assert_int_equal(world->work.count, 1);
	assert_int_equal(evidence_decode(world->arena, world->work.records,
				 &got, &world->why),
		OK);
	assert_int_equal(got.ordinal, 4);
	assert_string_equal(got.snapshot.id, got.id);
	assert_int_equal(got.snapshot.parts, 1);
	assert_null(got.snapshot.digest);
	end(world);
}

/* Every item once, in order, no record too large, all of one set. */
static void test_split__parts_hold_every_item_once(void **state)
{
	struct world *world = begin();
	const char *set = NULL, *digest = NULL;
	int next = 0;

	(void)state;
	for (int i = 0; i < 3000; i++)
		add_finding(world, i, (size_t)(i % 1500));
	assert_int_equal(encode(world, 7), OK);
	assert_true(world->work.count > 1 && world->work.count < 5);
	for (size_t i = 0; i < world->work.count; i++) {
		struct kafka_record *record = &world->work.records[i];
		struct evidence got;

		assert_true(kafka_record_size(record) <= KAFKA_RECORD_MAX);
		assert_int_equal(evidence_decode(world->arena, record, &got,
					 &world->why),
			OK);
		assert_int_equal(got.snapshot.part, i + 1);
		assert_int_equal(got.snapshot.parts, world->work.count);
		assert_int_equal(got.ordinal, split_ordinal(7, i));
		set = set ? set : got.id;
		digest = digest ? digest : got.snapshot.digest;
		assert_string_equal(got.snapshot.id, set);
		assert_string_equal(got.snapshot.digest, digest);
		assert_string_equal(
			json_text_at(got.body, "scanner", ""), "own");
		JSON_EACH (json_get(got.body, "findings"), walk) {
			char key[20];

			snprintf(key, sizeof(key), "k%d", next++);
			assert_string_equal(
				json_text_at(walk.value, "key", ""), key);
		}
	}
	assert_int_equal(next, 3000);
	end(world);
}

/* Another set of the same size has another digest. */
static void test_split__the_digest_is_of_the_set(void **state)
{
	const char *digests[2];

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct world *world = begin();
		struct evidence got;

		for (int i = 0; i < 3; i++)
			add_finding(world, i + run, 400000);
		assert_int_equal(encode(world, 0), OK);
		assert_int_equal(
			evidence_decode(world->arena, world->work.records, &got,
				&world->why),
			OK);
		digests[run] = strdup(got.snapshot.digest);
		end(world);
	}
	assert_string_not_equal(digests[0], digests[1]);
	free((void *)(uintptr_t)digests[0]);
	free((void *)(uintptr_t)digests[1]);
}

static void test_split__an_item_too_large_is_named(void **state)
{
	struct world *world = begin();

	(void)state;
	add_finding(world, 0, 10);
	add_finding(world, 1, KAFKA_RECORD_MAX);
	assert_int_equal(encode(world, 0), REJECT);
	assert_string_equal(world->why.place, "$.findings[1]");
	end(world);
}

static void test_split__what_cannot_be_spread_is_refused(void **state)
{
	struct world *world = begin();

	(void)state;
	add_finding(world, 0, KAFKA_RECORD_MAX);
	assert_int_equal(encode(world, 0), REJECT);
	assert_non_null(strstr(world->why.sentence, "900000"));
	world->event.split = NULL;
	assert_int_equal(encode(world, 0), REJECT);
	world->event.snapshot = false;
	assert_int_equal(encode(world, 0), REJECT);
	end(world);
}

static void test_split__ordinals_of_parts_do_not_meet(void **state)
{
	(void)state;
	assert_int_equal(split_ordinal(3, 0), 3);
	assert_int_equal(split_ordinal(3, 1), 10003);
	assert_int_equal(split_ordinal(9999, 0) + 1, split_ordinal(0, 1));
}
