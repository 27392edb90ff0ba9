/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every tool: nothing crashes, and what comes out is either a
 * record that readers take or a reason. */
#include "translate/normalise.h"
#include "translate/translation.h"

#include "model/evidence.h"

#define RECEIVED (1000000 * INSTANT_SECOND)

static struct reason why;

static enum status told(struct arena *arena, const char *tool, const char *body,
	size_t size, struct normalised *ret)
{
	const struct kafka_header headers[] = {
		{"Content-Type", "application/cloudevents+json", 28},
		{"X-GitHub-Event", "push", 4}};
	const struct normalise_input input = {.tool = tool,
		.headers = headers,
		.header_count = 2,
		.body = body,
		.size = size,
		.received = RECEIVED};

	return normalise(arena, &input, ret, &why);
}

static void hostile(const char *body, size_t size)
{
	for (size_t i = 0; i < adapter_table_size; i++) {
		struct arena *arena = arena_new(TRANSLATION_ARENA);
		struct normalised made;
		enum status status =
			told(arena, adapter_table[i]->name, body, size, &made);

		assert_true(status == REJECT || status == IGNORED);
		if (status == REJECT)
			assert_true(why.sentence[0] != '\0');
		arena_free(&arena);
	}
}

static void test_translation__hostile_bytes_are_refused_by_each(void **state)
{
	static const char *const bodies[] = {"", " ", "{", "[]", "{}", "null",
		"0", "\"\"", "true", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}",
		"{\"a\":\"\\ud800\"}", "{\"a\":\"\xff\"}", "{\"a\":1e999}",
		"{\"a\":9007199254740993}", "{\"a\":-9223372036854775809}",
		"[1,2,3", "{\"a\":nan}", "\xef\xbb\xbf{}",
		"[{\"specversion\":\"1.0\"}]", "{\"\":\"\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		hostile(bodies[i], strlen(bodies[i]));
	hostile("{\"a\":\"\0\"}", 9);
	hostile("\0\0\0", 3);
}

static void test_translation__deep_and_wide_bodies_are_refused(void **state)
{
	size_t size = 9u << 20;
	char *body = malloc(size);

	(void)state;
	assert_non_null(body);
	memset(body, '[', size);
	hostile(body, 1000000);
	for (size_t i = 0; i < size; i++)
		body[i] = i == 0          ? '['
			  : i == size - 1 ? ']'
			  : i % 2         ? '1'
					  : ',';
	hostile(body, size);
	assert_non_null(strstr(why.sentence, "values"));
	free(body);
}

static void test_translation__a_tool_without_adapter_is_refused(void **state)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	struct delivery delivery = {.arena = arena, .tool = "x\ny"};
	const struct translation_needs needs = {0};
	struct translation made;
	struct normalised ignored;

	(void)state;
	assert_int_equal(
		translation_make(&needs, &delivery, &made, &why), REJECT);
	assert_string_equal(why.place, "tool");
	assert_null(made.adapter);
	assert_int_equal(told(arena, "nothing", "", 0, &ignored), CONFIG);
	arena_free(&arena);
}

static const char event[] =
	"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\","
	"\"type\":\"dev.postern.evidence.change.v1\",\"data\":{"
	"\"subject\":\"default/repo/github.com/acme/shop\","
	"\"change\":{\"action\":\"push\"}}}";

static void test_translation__the_same_bytes_are_the_same_evidence(void **state)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	struct normalised one, other;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(told(arena, "cloudevents", event,
					 strlen(event), i ? &one : &other),
			OK);
	assert_string_equal(one.adapter, "cloudevents/1");
	assert_int_equal(one.count, 1);
	assert_string_equal(one.records[0].value, other.records[0].value);
	arena_free(&arena);
}

/* A retry has the same id; another observation of the same bytes has not,
 * where the sender signs an id of its own. */
static void test_translation__a_signed_id_is_part_of_the_identity(void **state)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	const char *ids[3] = {"msg_1", "msg_2", "msg_1"}, *made[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const struct kafka_header headers[] = {
			{"content-type", "application/cloudevents+json", 28},
			{"webhook-id", ids[i], 5},
			{"webhook-timestamp", i ? "1" : "2", 1},
			{"webhook-signature", "v1,x", 4}};
		const struct normalise_input input = {.tool = "cloudevents",
			.headers = headers,
			.header_count = 4,
			.body = event,
			.size = strlen(event),
			.received = RECEIVED + i * INSTANT_DAY};
		struct normalised got;

		assert_int_equal(normalise(arena, &input, &got, &why), OK);
		made[i] = kafka_header_of(got.records, "ce_id");
	}
	assert_string_equal(made[0], made[2]);
	assert_string_not_equal(made[0], made[1]);
	arena_free(&arena);
}

/* A heartbeat says the same again and is another observation each second. */
static void test_translation__a_repeat_window_makes_new_evidence(void **state)
{
	static const char body[] = "{\"state\":\"heartbeat\"}";
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	const instant at[3] = {
		RECEIVED, RECEIVED + 500000, RECEIVED + INSTANT_SECOND};
	const char *made[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		const struct normalise_input input = {.tool = "toolstate",
			.source = "github-acme",
			.body = body,
			.size = strlen(body),
			.received = at[i]};
		struct normalised got;

		assert_int_equal(normalise(arena, &input, &got, &why), OK);
		made[i] = kafka_header_of(got.records, "ce_id");
	}
	assert_string_equal(made[0], made[1]);
	assert_string_not_equal(made[0], made[2]);
	arena_free(&arena);
}

static void test_translation__labels_of_the_source_name_a_service(void **state)
{
	static const char body[] =
		"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\","
		"\"type\":\"dev.postern.evidence.deployment.v1\",\"data\":{"
		"\"subject\":{\"kind\":\"service\",\"name\":\"x\"},"
		"\"deployment\":{}}}";
	const struct label labels[] = {
		{"service", "shop"}, {"environment", "prod"}};
	const struct kafka_header header = {
		"content-type", "application/cloudevents+json", 28};
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	struct normalise_input input = {.tool = "cloudevents",
		.labels = labels,
		.label_count = 2,
		.headers = &header,
		.header_count = 1,
		.body = body,
		.size = strlen(body),
		.received = RECEIVED};
	struct normalised got;

	(void)state;
	assert_int_equal(normalise(arena, &input, &got, &why), OK);
	assert_string_equal(got.records[0].key, "default/service/prod/shop");
	assert_null(strstr(got.records[0].value, "unmapped"));
	input.labels = &labels[1];
	input.label_count = 1;
	assert_int_equal(normalise(arena, &input, &got, &why), OK);
	assert_string_equal(
		got.records[0].key, "default/service/prod/cloudevents:x");
	assert_non_null(strstr(got.records[0].value, "\"unmapped\":"));
	arena_free(&arena);
}

/* Each batch event becomes one record; together they may be far more than one
 * record holds. */
#define TRACE(digit)                                                           \
	"00-0af7651916cd43dd8448eb211c80319" digit "-b7ad6b7169203331-01"
#define TRACED(id, traceparent)                                                \
	"{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/x\","        \
	"\"type\":\"dev.postern.evidence.policy.v1\"," traceparent             \
	"\"data\":{\"subject\":\"default/cluster/x/" id "\","                  \
	"\"policy\":{\"policy\":\"p\",\"mode\":\"audit\"}}}"

/* Of a batch each event may be in a trace of its own. */
static void test_translation__an_event_has_its_own_trace(void **state)
{
	static const char body[] = "[" TRACED(
		"a", "\"traceparent\":\"" TRACE("a") "\",") "," TRACED("b",
		"\"traceparent\":\"nonsense\",") "," TRACED("c", "") "]";
	const struct kafka_header headers[] = {
		{"Content-Type", "application/cloudevents-batch+json", 34},
		{"traceparent", TRACE("9"), 55}};
	const struct normalise_input input = {.tool = "cloudevents",
		.headers = headers,
		.header_count = 2,
		.body = body,
		.size = strlen(body),
		.received = RECEIVED};
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	struct normalised made;

	(void)state;
	if (normalise(arena, &input, &made, &why) != OK)
		fail_msg("%s: %s", why.place, why.sentence);
	assert_int_equal(made.count, 3);
	assert_string_equal(
		kafka_header_of(&made.records[0], "traceparent"), TRACE("a"));
	assert_string_equal(
		kafka_header_of(&made.records[1], "traceparent"), TRACE("9"));
	assert_string_equal(
		kafka_header_of(&made.records[2], "traceparent"), TRACE("9"));
	arena_free(&arena);
}

static void test_translation__a_batch_of_ten_thousand_is_taken(void **state)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	const struct kafka_header header = {
		"content-type", "application/cloudevents-batch+json", 34};
	size_t one = strlen(event) + 1;
	char *body = malloc(EVENTS_MAX * one + 2);
	struct normalise_input input = {.tool = "cloudevents",
		.headers = &header,
		.header_count = 1,
		.body = body,
		.size = EVENTS_MAX * one + 1,
		.received = RECEIVED};
	struct normalised got;

	(void)state;
	assert_non_null(body);
	body[0] = '[';
	for (size_t i = 0; i < EVENTS_MAX; i++) {
		memcpy(body + 1 + i * one, event, one - 1);
		body[i * one + one] = i + 1 < EVENTS_MAX ? ',' : ']';
	}
	assert_int_equal(normalise(arena, &input, &got, &why), OK);
	assert_int_equal(got.count, EVENTS_MAX);
	free(body);
	arena_free(&arena);
}
