/* SPDX-License-Identifier: Apache-2.0 */
#include "label_set.h"

static void prints(const char *hex, const struct label *labels, size_t count)
{
	char got[FINGERPRINT];

	label_fingerprint(labels, count, got);
	assert_string_equal(got, hex);
}

/* What a server printed for these sets. */
static void test_label_set__fingerprints_are_the_servers(void **state)
{
	const struct label a1[] = {{"alertname", "A1"}, {"x", "1"}};
	const struct label e[] = {{"alertname", "E"}};
	const struct label good[] = {{"alertname", "GOOD"}};
	const struct label c[] = {{"alertname", "C"}};

	(void)state;
	prints("1d102bcbc091daeb", a1, 2);
	prints("d2b8efc389d2cbcb", e, 1);
	prints("aac5f95f0f6a987b", good, 1);
	prints("d2beefc389d73779", c, 1);
}

static struct verdict_record sample(void)
{
	return (struct verdict_record){.tenant = "default",
		.criterion = "PO.3.2-a",
		.subject = "default/image/oci/sha256:ab",
		.severity = SEVERITY_CRITICAL,
		.role = "service-owner"};
}

static void test_label_set__is_sorted_and_leaves_out_what_is_empty(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct label more[] = {{"team", "shop"}, {"area", ""}, {"page", "yes"}};
	struct party party = {.name = "shop", .labels = more, .label_count = 3};
	struct verdict_record verdict = sample();
	size_t count;
	struct label *labels = label_set(arena, &verdict, &party, &count);

	(void)state;
	assert_string_equal(label_write(arena, labels, count),
		"{\"alertname\":\"Postern_PO_3_2_a\","
		"\"criterion\":\"PO.3.2-a\",\"owner\":\"shop\","
		"\"page\":\"yes\",\"role\":\"service-owner\","
		"\"severity\":\"critical\","
		"\"subject\":\"default/image/oci/sha256:ab\","
		"\"team\":\"shop\",\"tenant\":\"default\"}");
	arena_free(&arena);
}

static void test_label_set__what_passes_changes_no_label(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	struct party party = {.name = "shop"};
	struct verdict_record verdict = sample();
	char one[FINGERPRINT], other[FINGERPRINT];
	struct label *labels;
	size_t count;

	(void)state;
	labels = label_set(arena, &verdict, &party, &count);
	label_fingerprint(labels, count, one);
	verdict.summary = "2 findings";
	verdict.since = verdict.episode_opened = INSTANT_DAY;
	verdict.n = 9;
	verdict.verdict = VERDICT_STALE;
	labels = label_set(arena, &verdict, &party, &count);
	label_fingerprint(labels, count, other);
	assert_string_equal(one, other);
	arena_free(&arena);
}

static void test_label_set__knows_a_label_name(void **state)
{
	(void)state;
	assert_true(label_name_is_well("_a9"));
	assert_false(label_name_is_well(""));
	assert_false(label_name_is_well("9a"));
	assert_false(label_name_is_well("a-b"));
	assert_true(label_is_ours("env"));
	assert_false(label_is_ours("team"));
}
