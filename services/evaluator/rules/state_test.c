/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_testing.h"

#define SHOP "default/service/prod/shop"
#define SYNCED "{\"sync\": \"synced\", \"revision\": \"r1\"}"
#define ADRIFT "{\"sync\": \"out-of-sync\", \"initiator\": \"ann\"}"
#define BLIND "{\"sync\": \"unknown\"}"
#define PLAIN                                                                  \
	"{evidence: deployment, holds: {field: deployment.sync, equals: "      \
	"synced}}"
#define FULL                                                                   \
	"{evidence: deployment, where: {field: deployment.sync, in: [synced, " \
	"out-of-sync]}, holds: {field: deployment.sync, equals: synced}, "     \
	"stale_after: 100s, grace: [{when: {field: label.environment, "        \
	"equals: prod}, for: 30s}, {for: 80s}], observe: [{kind: user, "       \
	"field: deployment.initiator}], remedy: sync it}"

static void evidence(struct bench *b, int64_t at, const char *body)
{
	bench_evidence(b, at, CLASS_DEPLOYMENT, "sync", body);
}

static void test_state__is_unknown_where_nothing_ever_came(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", PLAIN);
	bench_evidence(&b, 1, CLASS_SCAN, "scan", "{}");
	bench_wants(&b, 5, VERDICT_UNKNOWN, -1);
	assert_null(b.said.source);
	bench_says(&b, "no deployment evidence", "a source that sends");
	bench_end(&b);
}

static void test_state__follows_the_newest_evidence(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", PLAIN);
	evidence(&b, 10, SYNCED);
	evidence(&b, 20, ADRIFT);
	evidence(&b, 30, SYNCED);
	bench_wants(&b, 9, VERDICT_UNKNOWN, -1);
	bench_wants(&b, 19, VERDICT_PASS, -1);
	bench_wants(&b, 20, VERDICT_FAIL, -1);
	bench_says(&b, "deployment.sync is out-of-sync, wanted synced",
		"newer deployment evidence from source-a");
	assert_string_equal(b.said.deciding[0].name, "deployment.sync");
	assert_string_equal(b.said.deciding[0].value, "out-of-sync");
	assert_non_null(b.said.deciding[0].evidence);
	bench_wants(&b, 30, VERDICT_PASS, -1);
	bench_end(&b);
}

static void test_state__goes_stale_and_names_whose_silence_it_is(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 10, SYNCED);
	bench_wants(&b, 10, VERDICT_PASS, 110);
	bench_wants(&b, 109, VERDICT_PASS, 110);
	bench_wants(&b, 110, VERDICT_STALE, -1);
	assert_string_equal(b.said.source, "source-a");
	bench_says(&b, "that counts within 100s", "newer deployment evidence");
	bench_end(&b);
}

static void test_state__a_fail_that_is_too_old_is_stale(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state",
		"{evidence: deployment, holds: {field: deployment.sync, "
		"equals: synced}, stale_after: 50s}");
	evidence(&b, 10, ADRIFT);
	bench_wants(&b, 10, VERDICT_FAIL, 60);
	bench_wants(&b, 60, VERDICT_STALE, -1);
	bench_end(&b);
}

static void test_state__what_does_not_count_changes_nothing(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 10, SYNCED);
	evidence(&b, 50, BLIND);
	bench_wants(&b, 60, VERDICT_PASS, 110);
	bench_wants(&b, 110, VERDICT_STALE, -1);
	bench_end(&b);
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 10, BLIND);
	bench_wants(&b, 10, VERDICT_STALE, -1);
	bench_end(&b);
}

static void test_state__tolerates_from_when_it_began_to_fail(void **state)
{
	static const struct label prod = {"environment", "prod"};
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	b.window.labels = &prod;
	b.window.label_count = 1;
	evidence(&b, 10, SYNCED);
	evidence(&b, 20, ADRIFT);
	evidence(&b, 40, ADRIFT);
	evidence(&b, 60, ADRIFT);
	bench_wants(&b, 20, VERDICT_PASS, 50);
	bench_says(&b, "tolerated until 1970-01-01T00:00:50Z", "sync it");
	bench_wants(&b, 49, VERDICT_PASS, 50);
	bench_wants(&b, 50, VERDICT_FAIL, 140);
	bench_says(&b, "longer than the 30s", "sync it");
	assert_true(bench_observes(&b, "user", "ann"));
	bench_wants(&b, 70, VERDICT_FAIL, 160);
	bench_end(&b);
}

static void test_state__the_grace_is_the_first_that_fits(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 20, ADRIFT);
	bench_wants(&b, 20, VERDICT_PASS, 100);
	bench_wants(&b, 100, VERDICT_FAIL, 120);
	bench_end(&b);
}

static void test_state__a_gap_begins_the_grace_anew(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 10, ADRIFT);
	evidence(&b, 111, ADRIFT);
	bench_wants(&b, 111, VERDICT_PASS, 191);
	bench_end(&b);
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", FULL);
	evidence(&b, 10, ADRIFT);
	evidence(&b, 110, ADRIFT);
	bench_wants(&b, 110, VERDICT_FAIL, 210);
	bench_end(&b);
}

static void test_state__an_image_is_observed_by_its_digest(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, "default/image/oci/sha256:aa");
	bench_rule(&b, "state", PLAIN);
	evidence(&b, 10, ADRIFT);
	bench_wants(&b, 10, VERDICT_FAIL, -1);
	assert_true(bench_observes(&b, "digest", "sha256:aa"));
	bench_end(&b);
}

static void test_state__refuses_what_it_cannot_do(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_refuses(&b, "state", "{}", ":1:1", "\"evidence\" is missing");
	bench_refuses(
		&b, "state", "{evidence: x}", ":1:12", "no evidence class");
	bench_refuses(&b, "state", "{evidence: scan}", ":1:1", "\"holds\"");
	bench_refuses(&b, "state", "{evidence: scan, holds: {}}", ":1:25",
		"a condition");
	bench_refuses(&b, "state", "{evidence: scan, relation: runs}", ":1:28",
		"not known");
	bench_refuses(&b, "state",
		"{evidence: scan, where: {field: a, exists: true}, holds: "
		"{field: a, exists: true}}",
		":1:1", "needs stale_after");
	bench_refuses(&b, "state",
		"{evidence: scan, holds: {field: a, exists: true}, "
		"stale_after: 0}",
		":1:64", "longer than nothing");
	bench_refuses(&b, "state",
		"{evidence: scan, holds: {field: a, exists: true}, grace: "
		"soon}",
		":1:58", "grace");
	bench_refuses(&b, "state",
		"{evidence: scan, holds: {field: a, exists: true}, grace: "
		"[{when: {}}]}",
		":1:59", "\"for\" is missing");
	bench_refuses(&b, "state",
		"{evidence: scan, holds: {field: a, exists: true}, grace: {}}",
		":1:58", "\"grace\" is");
	bench_refuses(&b, "state",
		"{evidence: scan, holds: {field: a, exists: true}, observe: "
		"[{kind: shoe, field: a}]}",
		":1:68", "an observable is");
	bench_end(&b);
}
