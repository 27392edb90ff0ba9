/* SPDX-License-Identifier: Apache-2.0 */
#include "model/evidence.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#define HEX16 "aaaaaaaaaaaaaaaa"
#define DIGEST "sha256:" HEX16 HEX16 HEX16 HEX16
#define ID "0000000000000000000000000000000000000000000000000000000000000001"
#define RECEIPT INT64_C(1795507200500000) /* 2026-11-24T08:00:00.5Z */

static struct arena *arena;
static struct json_maker *maker;
static struct reason why;

static void begin(void)
{
	arena = arena_new(64 << 20);
	maker = json_maker_new(arena);
}

static struct evidence push(void)
{
	struct evidence evidence = {
		.id = ID,
		.tenant = "default",
		.source = "github-acme",
		.tool = "github",
		.kind = "push",
		.class = CLASS_CHANGE,
		.subject = "default/repo/github.com/acme/shop",
		.adapter = "github/1",
		.delivery_id = "d1",
		.delivery_digest = DIGEST,
		.tool_time = RECEIPT - 1500000,
		.recorded_time = RECEIPT,
		.body_node = json_object(maker),
	};

	json_set_text(maker, evidence.body_node, "action", "push");
	evidence_settle_time(&evidence);
	return evidence;
}

static struct kafka_record encoded(const struct evidence *evidence)
{
	struct kafka_record record;

	assert_int_equal(
		evidence_encode(arena, maker, evidence, &record, &why), OK);
	return record;
}

static void test_evidence__id_follows_the_vectors(void **state)
{
	struct crypto *crypto = crypto_new();
	char id[EVIDENCE_ID];

	(void)state;
	evidence_id(crypto, "github-acme", DIGEST, NULL, -1, 0, id);
	assert_string_equal(id, "48b0662768c9ffa72406b4d788737ecd"
				"67d9092a672c9cddcf3625bd8ce07c49");
	evidence_id(crypto, "github-acme", DIGEST, "d-1", 7, 2, id);
	assert_string_equal(id, "4d982d5acd886075d5e94c49ca83c82c"
				"b0ac315d5b65ecf71350d1d815abbe21");
	crypto_free(&crypto);
}

static void test_evidence__id_keeps_parts_apart(void **state)
{
	struct crypto *crypto = crypto_new();
	char one[EVIDENCE_ID], other[EVIDENCE_ID];

	(void)state;
	evidence_id(crypto, "ab", "c", NULL, -1, 0, one);
	evidence_id(crypto, "a", "bc", NULL, -1, 0, other);
	assert_string_not_equal(one, other);
	evidence_id(crypto, "ab", "c", NULL, 0, 0, other);
	assert_string_not_equal(one, other);
	evidence_id(crypto, "ab", "c", "", -1, 0, other);
	assert_string_equal(one, other);
	crypto_free(&crypto);
}

static void test_evidence__leaf_follows_the_vector(void **state)
{
	struct crypto *crypto = crypto_new();
	uint8_t leaf[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct evidence evidence;

	(void)state;
	begin();
	evidence = push();
	evidence_leaf(crypto, &evidence, "{}", 2, leaf);
	hex_encode(leaf, sizeof(leaf), hex);
	assert_string_equal(hex, "56bbf5659e547ae47d596436cb14a79e"
				 "25317d7b5e07e69a8c9a03af39daab4a");
	crypto_free(&crypto);
	arena_free(&arena);
}

static void test_evidence__never_takes_a_tool_ahead_at_its_word(void **state)
{
	struct evidence evidence = {.recorded_time = RECEIPT};

	(void)state;
	evidence.tool_time = RECEIPT + EVIDENCE_SKEW;
	evidence_settle_time(&evidence);
	assert_int_equal(evidence.effective_time, RECEIPT);
	assert_false(evidence.skewed);
	evidence.tool_time++;
	evidence_settle_time(&evidence);
	assert_int_equal(evidence.effective_time, RECEIPT);
	assert_true(evidence.skewed);
	evidence.tool_time = INSTANT_NEVER;
	evidence_settle_time(&evidence);
	assert_int_equal(evidence.effective_time, RECEIPT);
	assert_false(evidence.skewed);
	evidence.tool_time = RECEIPT - INSTANT_DAY;
	evidence_settle_time(&evidence);
	assert_int_equal(evidence.effective_time, RECEIPT - INSTANT_DAY);
	assert_false(evidence.skewed);
}

static void test_evidence__comes_back_as_it_went(void **state)
{
	const struct label labels[] = {{"service", "shop"}};
	const struct related related[] = {{"default/org/-/-", "runs"}};
	struct evidence in, out;
	struct kafka_record record;

	(void)state;
	begin();
	in = push();
	in.labels = labels;
	in.label_count = 1;
	in.related = related;
	in.related_count = 1;
	in.ordinal = 3;
	in.unmapped = "no rule maps it";
	in.traceparent = TRACE;
	record = encoded(&in);
	assert_string_equal(record.key, in.subject);
	assert_string_equal(kafka_header_of(&record, "ce_type"),
		"dev.postern.evidence.change.v1");
	assert_string_equal(kafka_header_of(&record, "ce_dataschema"),
		"https://postern.dev/schemas/events/"
		"evidence.change.v1.schema.json");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), OK);
	assert_string_equal(out.id, ID);
	assert_string_equal(out.tenant, "default");
	assert_int_equal(out.class, CLASS_CHANGE);
	assert_int_equal(out.ordinal, 3);
	assert_int_equal(out.tool_time, in.tool_time);
	assert_int_equal(out.effective_time, in.effective_time);
	assert_int_equal(out.recorded_time, RECEIPT);
	assert_false(out.skewed);
	assert_string_equal(evidence_label(&out, "service"), "shop");
	assert_null(evidence_label(&out, "environment"));
	assert_string_equal(out.related[0].relation, "runs");
	assert_string_equal(out.unmapped, "no rule maps it");
	assert_string_equal(out.traceparent, TRACE);
	assert_null(out.snapshot.id);
	assert_null(out.body_node);
	assert_string_equal(json_text_at(out.body, "action", ""), "push");
	arena_free(&arena);
}

static void test_evidence__carries_a_part_of_a_snapshot(void **state)
{
	struct evidence in, out;
	struct kafka_record record;

	(void)state;
	begin();
	in = push();
	in.class = CLASS_SCAN;
	in.tool_time = INSTANT_NEVER;
	in.skewed = true;
	in.snapshot = (struct snapshot){ID, 2, 3, true, DIGEST, "image"};
	in.body_node = json_object(maker);
	json_set_node(maker, in.body_node, "findings", json_array(maker));
	record = encoded(&in);
	assert_int_equal(evidence_decode(arena, &record, &out, &why), OK);
	assert_int_equal(out.snapshot.part, 2);
	assert_int_equal(out.snapshot.parts, 3);
	assert_true(out.snapshot.complete);
	assert_string_equal(out.snapshot.digest, DIGEST);
	assert_string_equal(out.snapshot.target, "image");
	assert_int_equal(out.tool_time, INSTANT_NEVER);
	assert_true(out.skewed);
	arena_free(&arena);
}

static void test_evidence__refuses_a_record_that_is_too_large(void **state)
{
	struct evidence in;
	struct kafka_record record;
	char *large;

	(void)state;
	begin();
	in = push();
	large = arena_alloc(arena, KAFKA_RECORD_MAX + 1);
	memset(large, 'x', KAFKA_RECORD_MAX);
	json_set_text(maker, in.body_node, "large", large);
	assert_int_equal(
		evidence_encode(arena, maker, &in, &record, &why), REJECT);
	assert_non_null(strstr(why.sentence, "900000"));
	arena_free(&arena);
}

/* The record with one header replaced. */
static struct kafka_record with_header(
	struct kafka_record record, const char *name, const char *value)
{
	struct kafka_header *headers =
		arena_array(arena, record.header_count, sizeof(*headers));

	memcpy(headers, record.headers, record.header_count * sizeof(*headers));
	for (size_t i = 0; i < record.header_count; i++)
		if (strcmp(headers[i].name, name) == 0)
			headers[i] = (struct kafka_header){
				name, value, strlen(value)};
	record.headers = headers;
	return record;
}

static void test_evidence__stops_at_a_version_it_does_not_know(void **state)
{
	struct evidence in, out;
	struct kafka_record record;

	(void)state;
	begin();
	in = push();
	record = with_header(
		encoded(&in), "ce_type", "dev.postern.evidence.change.v2");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), RETRY);
	record = with_header(record, "ce_type", "dev.postern.punctuation.v1");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), IGNORED);
	record = with_header(record, "ce_type", "dev.postern.verdict.v1");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), REJECT);
	record = with_header(
		record, "ce_type", "dev.postern.evidence.gossip.v1");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), REJECT);
	assert_string_equal(why.place, "ce_type");
	record = with_header(
		record, "ce_type", "dev.postern.evidence.policy.v1");
	assert_int_equal(evidence_decode(arena, &record, &out, &why), REJECT);
	assert_string_equal(why.place, "$.class");
	arena_free(&arena);
}

/* The data with `from` replaced by `to`, and where that must be refused. */
static void refuses(const char *from, const char *to, const char *place)
{
	struct evidence in = push(), out;
	struct kafka_record record = encoded(&in);
	const char *at = strstr(record.value, from);

	assert_non_null(at);
	record.value = arena_printf(arena, "%.*s%s%s", (int)(at - record.value),
		record.value, to, at + strlen(from));
	record.value_length = strlen(record.value);
	if (evidence_decode(arena, &record, &out, &why) != REJECT)
		fail_msg("%s is taken", to);
	assert_string_equal(why.place, place);
}

static void test_evidence__names_the_member_that_is_wrong(void **state)
{
	(void)state;
	begin();
	refuses("\"github-acme\"", "7", "$.source");
	refuses("\"id\":\"0", "\"id\":\"X", "$.id");
	refuses("\"ordinal\":0", "\"ordinal\":-1", "$.delivery.ordinal");
	refuses("sha256:aa", "sha256:a", "$.delivery.digest");
	refuses("github.com", "github com", "$.subject");
	refuses("T08:00:00.5", "T09:00:00+", "$.recorded_time");
	refuses("effective_time\":\"2026", "effective_time\":\"2027",
		"$.effective_time");
	refuses("\"action\":\"push\"", "\"action\":1", "$.change.action");
	refuses("\"change\":{\"action\":\"push\"}", "\"x\":1", "$.change");
	refuses("\"change\":{", "\"labels\":[],\"change\":{", "$.labels");
	refuses("\"change\":{", "\"labels\":{\"a\":1},\"change\":{",
		"$.labels");
	refuses("\"change\":{", "\"related\":[{}],\"change\":{", "$.related.0");
	refuses("\"change\":{", "\"snapshot\":{},\"change\":{",
		"$.snapshot.id");
	refuses("\"id\":\"" ID, "\"id\":\"1" ID, "$.id");
	refuses("default/repo", "other/repo", "ce_subject");
	arena_free(&arena);
}

static void test_evidence__refuses_data_that_is_no_object(void **state)
{
	struct evidence in, out;
	struct kafka_record record;

	(void)state;
	begin();
	in = push();
	record = encoded(&in);
	record.value = "[]";
	record.value_length = 2;
	assert_int_equal(evidence_decode(arena, &record, &out, &why), REJECT);
	assert_string_equal(why.place, "$");
	record.value = NULL;
	assert_int_equal(evidence_decode(arena, &record, &out, &why), REJECT);
	arena_free(&arena);
}

static void test_evidence__names_its_classes_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < CLASSES; i++)
		assert_int_equal(evidence_class_parse(evidence_class_name(
					 (enum evidence_class)i)),
			i);
	assert_int_equal(evidence_class_parse("gossip"), CLASSES);
}
