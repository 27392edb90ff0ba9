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

#define MATCHED                                                                \
	"{evidence: deployment, holds: {field: deployment.sync, equals: "      \
	"synced}, stale_after: 100s, matched_by: {name: deployment event, "    \
	"shown: observation, told: operation, where: {field: "                 \
	"deployment.phase, equals: succeeded}, same: [deployment.revision], "  \
	"began: {entries: deployment.history, time: deployed_at}, time: "      \
	"deployment.finished_at, settle: 10s, remedy: deploy it again}}"

/* An observation of what runs since `began`, by an operation that ended
 * `finished`. */
static void shows(struct bench *b, int64_t at, const char *revision, int began,
	const char *phase, int finished)
{
	bench_evidence(b, at, CLASS_DEPLOYMENT, "observation",
		arena_printf(b->arena,
			"{\"sync\": \"synced\", \"revision\": \"%s\", "
			"\"phase\": \"%s\", \"finished_at\": "
			"\"1970-01-01T00:%02d:%02dZ\", \"history\": [{"
			"\"deployed_at\": \"1970-01-01T00:00:01Z\"}, {"
			"\"deployed_at\": \"1970-01-01T00:%02d:%02dZ\"}]}",
			revision, phase, finished / 60, finished % 60,
			began / 60, began % 60));
}

static void tells(
	struct bench *b, int64_t at, const char *revision, const char *phase)
{
	bench_evidence(b, at, CLASS_DEPLOYMENT, "operation",
		arena_printf(b->arena,
			"{\"sync\": \"synced\", \"revision\": \"%s\", "
			"\"phase\": \"%s\", \"finished_at\": "
			"\"1970-01-01T00:%02d:%02dZ\"}",
			revision, phase, (int)at / 60, (int)at % 60));
}

static void test_state__what_is_shown_must_have_been_told(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	shows(&b, 70, "r2", 60, "failed", 50);
	bench_wants(&b, 70, VERDICT_FAIL, 170);
	bench_says(&b,
		"deployment.revision r2 is so since 1970-01-01T00:01:00Z, and "
		"no deployment event tells of it",
		"deploy it again");
	assert_string_equal(b.said.deciding[0].name, "no deployment event");
	tells(&b, 59, "r2", "succeeded");
	bench_wants(&b, 70, VERDICT_PASS, 170);
	bench_end(&b);
}

static void test_state__waits_a_while_for_the_event(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	shows(&b, 62, "r2", 60, "failed", 50);
	bench_wants(&b, 62, VERDICT_PASS, 70);
	bench_wants(&b, 70, VERDICT_FAIL, 162);
	tells(&b, 71, "r2", "succeeded");
	bench_wants(&b, 71, VERDICT_PASS, 171);
	bench_end(&b);
}

static void test_state__an_event_of_something_else_is_none(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	shows(&b, 80, "r2", 60, "running", 50);
	tells(&b, 20, "r2", "succeeded"); /* of the first time it ran */
	tells(&b, 60, "r1", "succeeded");
	tells(&b, 61, "r2", "failed");
	/* Once the window does not reach back to it, nobody can know. */
	bench_wants(&b, 80, VERDICT_FAIL, 160);
	bench_wants(&b, 159, VERDICT_FAIL, 160);
	bench_end(&b);
}

static void test_state__a_row_that_shows_may_tell_itself(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	shows(&b, 80, "r2", 60, "succeeded", 59);
	bench_wants(&b, 80, VERDICT_PASS, 180);
	shows(&b, 85, "r2", 82, "succeeded", 59); /* changed past operations */
	bench_wants(&b, 92, VERDICT_FAIL, 185);
	bench_end(&b);
}

static void test_state__what_began_before_anybody_listened(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	b.window.first_seen = 61 * S;
	shows(&b, 80, "r2", 60, "failed", 50);
	bench_wants(&b, 80, VERDICT_PASS, 180);
	b.window.first_seen = 60 * S;
	bench_wants(&b, 80, VERDICT_FAIL, 180);
	bench_end(&b);
}

static void test_state__drift_counts_beside_a_match(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_rule(&b, "state", MATCHED);
	shows(&b, 80, "r2", 60, "succeeded", 60);
	bench_evidence(&b, 85, CLASS_DEPLOYMENT, "observation", ADRIFT);
	bench_wants(&b, 85, VERDICT_FAIL, 185);
	bench_says(&b, "deployment.sync is out-of-sync", "newer");
	bench_end(&b);
}

static void test_state__refuses_half_a_match(void **state)
{
#define MATCH_OF(text)                                                         \
	"{evidence: deployment, stale_after: 1h, holds: {field: "              \
	"deployment.sync, equals: synced},\n matched_by: {" text "}}"
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	bench_refuses(&b, "state", MATCH_OF("shown: a, told: b"), "x.yaml:2:14",
		"\"name\"");
	bench_refuses(&b, "state", MATCH_OF("name: n, shown: a, told: a"),
		"x.yaml:2:40", "another kind");
	bench_refuses(&b, "state", MATCH_OF("name: n, shown: a, told: b"),
		"x.yaml:2:14", "\"same\" is a list of 1 to 4");
	bench_refuses(&b, "state",
		MATCH_OF("name: n, shown: a, told: b, same: [deployment.x]"),
		"x.yaml:2:14", "\"began\" is missing");
	bench_refuses(&b, "state",
		MATCH_OF("name: n, shown: a, told: b, same: [deployment.x], "
			 "began: {entries: deployment.history}"),
		"x.yaml", "\"time\"");
	bench_refuses(&b, "state",
		MATCH_OF("name: n, shown: a, told: b, magic: c"), "x.yaml:2",
		"magic");
	bench_refuses(&b, "state",
		"{evidence: deployment, holds: {field: deployment.sync, "
		"equals: synced}, matched_by: {name: n, shown: a, told: b, "
		"same: [deployment.x], began: {entries: deployment.history, "
		"time: at}}}",
		"x.yaml:1", "\"matched_by\" needs stale_after");
	bench_end(&b);
}
