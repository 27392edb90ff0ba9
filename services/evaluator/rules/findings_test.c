/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_testing.h"

#define IMAGE "default/image/oci/sha256:aa"
#define SHOP "default/service/prod/shop"
#define DESK "default/service/prod/desk"
#define CLOCKS                                                                 \
	"profiles:\n"                                                          \
	"- {name: plain, rows: [{severity: critical, within: 10s}, "           \
	"{severity: info, within: never}, {within: 50s}]}\n"                   \
	"- name: full\n"                                                       \
	"  text: unverified\n"                                                 \
	"  fallback: plain\n"                                                  \
	"  assume: {automatable: false, total_impact: true}\n"                 \
	"  rows:\n"                                                            \
	"  - {known_exploited: true, exposed: true, total_impact: true, "      \
	"within: 3s, triage: true}\n"                                          \
	"  - {known_exploited: true, within: 20s}\n"                           \
	"  - {known_exploited: false, exposed: true, automatable: true, "      \
	"within: 30s}\n"                                                       \
	"  - {known_exploited: false, exposed: true, within: 40s}\n"           \
	"  - {known_exploited: false, exposed: false, next_upgrade: true}\n"
#define FULL                                                                   \
	"{clock: full, stale_after: 100s, settle: 5s, exposed: {field: "       \
	"label.exposed, equals: 'true'}, unexposed: {field: label.exposed, "   \
	"equals: 'false'}, upgrades: {evidence: deployment, entries: "         \
	"deployment.history, time: deployed_at}}"

static const struct label open_to_all = {"exposed", "true"};
static const struct label closed = {"exposed", "false"};

static void begin(struct bench *b, const char *parameters)
{
	bench_begin(b, IMAGE);
	bench_clocks(b, CLOCKS);
	bench_rule(b, "findings", parameters);
}

static void used(struct bench *b, const char *by, const struct label *label)
{
	struct window_relation *row = bench_relation(b, "<runs", by, 1, -1);

	row->labels = label;
	row->label_count = label ? 1 : 0;
}

static void test_findings__is_unknown_where_no_scan_ever_came(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_wants(&b, 3, VERDICT_UNKNOWN, -1);
	used(&b, SHOP, NULL);
	bench_wants(&b, 3, VERDICT_UNKNOWN, 6);
	assert_true(b.said.pending);
	bench_wants(&b, 6, VERDICT_UNKNOWN, -1);
	assert_false(b.said.pending);
	bench_says(&b, "no complete scan", "a scanner");
	bench_end(&b);
}

static void test_findings__passes_until_the_first_is_due(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "{clock: plain, stale_after: 100s}");
	bench_scan(&b, 10);
	bench_wants(&b, 10, VERDICT_PASS, 110);
	assert_string_equal(b.said.profile, "plain");
	bench_finding(&b, "CVE-2", "high", 10, -1, "{}")->fixed_version = "2.1";
	bench_finding(&b, "CVE-1", "critical", 10, -1, "{}");
	bench_finding(&b, "CVE-3", "info", 10, -1, "{}");
	bench_wants(&b, 10, VERDICT_PASS, 20);
	bench_says(&b, "3 open findings",
		"next finding is due 1970-01-01T00:00:20Z");
	bench_wants(&b, 20, VERDICT_FAIL, -1);
	bench_says(&b,
		"1 finding past its due date: CVE-1 in "
		"pkg:deb/debian/openssl (1970-01-01T00:00:20Z)",
		"no version without CVE-1");
	assert_true(bench_observes(&b, "vulnerability", "CVE-1"));
	assert_false(bench_observes(&b, "vulnerability", "CVE-2"));
	assert_true(bench_observes(&b, "digest", "sha256:aa"));
	bench_wants(&b, 60, VERDICT_FAIL, -1);
	bench_says(&b, "2 findings past their", "openssl is 2.1");
	assert_int_equal(b.said.deciding_count, 2);
	assert_string_equal(b.said.deciding[0].name,
		"finding.CVE-1 pkg:deb/debian/openssl");
	assert_string_equal(b.said.deciding[0].evidence, "f");
	bench_end(&b);
}

static void test_findings__what_is_gone_no_longer_counts(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "{clock: plain, stale_after: 100s}");
	bench_scan(&b, 10);
	bench_scan(&b, 40);
	bench_finding(&b, "CVE-1", "critical", 10, 40, "{}");
	bench_wants(&b, 39, VERDICT_FAIL, -1);
	bench_wants(&b, 40, VERDICT_PASS, 140);
	bench_end(&b);
}

static void test_findings__only_what_is_not_overdue_goes_stale(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "{clock: plain, stale_after: 15s}");
	bench_scan(&b, 10);
	bench_finding(&b, "CVE-1", "high", 10, -1, "{}");
	bench_wants(&b, 10, VERDICT_PASS, 25);
	bench_wants(&b, 25, VERDICT_STALE, 60);
	assert_string_equal(b.said.source, "trivy-a");
	bench_wants(&b, 60, VERDICT_FAIL, -1);
	bench_says(&b, "which is stale", "deploy an image");
	bench_end(&b);
}

static void test_findings__the_clock_begins_with_the_listing(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	/* Not exposed as far as known: the second row. */
	bench_finding(&b, "CVE-1", "low", 10, -1,
		"{\"kev_date\": \"1970-01-01T00:00:05Z\"}");
	bench_wants(&b, 10, VERDICT_PASS, 25);
	assert_string_equal(b.said.profile, "full (unverified text)");
	bench_finding(
		&b, "CVE-2", "low", 10, -1, "{\"kev_date\": \"1970-01-01\"}");
	bench_wants(&b, 10, VERDICT_PASS, 20);
	bench_end(&b);
}

static void test_findings__exposure_is_who_runs_it(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	bench_finding(
		&b, "CVE-1", "low", 10, -1, "{\"known_exploited\": true}");
	used(&b, SHOP, &closed);
	bench_wants(&b, 10, VERDICT_PASS, 30);
	used(&b, DESK, &open_to_all);
	bench_wants(&b, 10, VERDICT_PASS, 13);
	assert_false(b.said.triage);
	bench_wants(&b, 13, VERDICT_FAIL, -1);
	bench_says(&b, "CVE-1", "forensic triage before patching");
	assert_true(b.said.triage);
	bench_end(&b);
}

static void test_findings__says_when_it_falls_back(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	bench_finding(&b, "CVE-1", "critical", 10, -1, "{}");
	used(&b, SHOP, NULL);
	bench_wants(&b, 10, VERDICT_PASS, 20);
	assert_string_equal(
		b.said.profile, "plain (no exploit or exposure data for full)");
	bench_finding(
		&b, "CVE-2", "low", 10, -1, "{\"known_exploited\": true}");
	bench_wants(&b, 10, VERDICT_PASS, 20);
	assert_string_equal(b.said.profile,
		"plain (no exploit or exposure data for full); full "
		"(unverified text)");
	bench_end(&b);
}

static void test_findings__one_finding_by_two_scanners_is_one(void **state)
{
	struct window_finding *row;
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	used(&b, SHOP, &closed);
	bench_finding(
		&b, "CVE-1", "low", 12, -1, "{\"known_exploited\": true}");
	row = bench_finding(&b, "CVE-1", "high", 15, -1, "{\"exposed\": true}");
	row->source = "grype-a";
	row->evidence = "g";
	bench_wants(&b, 12, VERDICT_PASS, 32);
	/* Together: exploited and exposed, since the earlier of the two. */
	bench_wants(&b, 15, VERDICT_FAIL, -1);
	bench_says(&b, "1 finding past its due date", "");
	assert_string_equal(b.said.deciding[0].evidence, "g");
	bench_end(&b);
}

static void test_findings__a_change_of_it_begins_no_new_clock(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, "{clock: plain, stale_after: 100s}");
	bench_scan(&b, 10);
	bench_finding(&b, "CVE-1", "high", 10, 30, "{}");
	bench_finding(&b, "CVE-1", "low", 30, -1, "{}")->since = 10 * S;
	bench_wants(&b, 30, VERDICT_PASS, 60);
	bench_wants(&b, 60, VERDICT_FAIL, -1);
	bench_end(&b);
}

static void deployed(
	struct bench *b, int64_t at, const char *by, const char *history)
{
	bench_neighbour(b, at, "<runs", by, CLASS_DEPLOYMENT, "sync",
		arena_printf(b->arena, "{\"history\": [%s]}", history));
}

#define ENTRY(clock) "{\"deployed_at\": \"1970-01-01T00:" clock "Z\"}"

static void test_findings__the_next_upgrade_must_bring_the_fix(void **state)
{
	struct window_finding *row;
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	used(&b, SHOP, &closed);
	row = bench_finding(
		&b, "CVE-1", "low", 10, -1, "{\"known_exploited\": false}");
	deployed(&b, 12, SHOP, ENTRY("00:11"));
	/* Without a fix no upgrade can bring it. */
	bench_wants(&b, 12, VERDICT_PASS, 110);
	row->fixed_version = "2.1";
	row->fixed_since = 20 * S;
	bench_wants(&b, 25, VERDICT_PASS, 110);
	deployed(&b, 30, SHOP,
		ENTRY("00:11") ", " ENTRY("00:29") ", " ENTRY("00:30"));
	bench_wants(&b, 30, VERDICT_FAIL, -1);
	bench_says(&b, "(1970-01-01T00:00:29Z)", "openssl is 2.1");
	bench_end(&b);
}

static void test_findings__an_upgrade_of_another_is_none_of_it(void **state)
{
	struct window_finding *row;
	struct bench b;

	(void)state;
	begin(&b, FULL);
	bench_scan(&b, 10);
	used(&b, SHOP, &closed);
	row = bench_finding(
		&b, "CVE-1", "low", 10, -1, "{\"known_exploited\": false}");
	row->fixed_version = "2.1";
	deployed(&b, 30, DESK, ENTRY("00:29"));
	bench_wants(&b, 30, VERDICT_PASS, 110);
	/* What a row says of later is taken as of the row. */
	deployed(&b, 31, SHOP, ENTRY("59:00"));
	bench_wants(&b, 31, VERDICT_FAIL, -1);
	bench_says(&b, "(1970-01-01T00:00:31Z)", "");
	bench_end(&b);
}

static void test_findings__lists_no_more_than_a_record_holds(void **state)
{
	struct bench b;
	char *name;

	(void)state;
	begin(&b, "{clock: plain, stale_after: 100s}");
	bench_scan(&b, 10);
	for (int i = 0; i < 60; i++) {
		name = arena_printf(b.arena, "CVE-%02d", i);
		bench_finding(&b, name, "critical", 10, -1, "{}");
	}
	bench_wants(&b, 30, VERDICT_FAIL, -1);
	bench_says(&b, "60 findings past their due date: CVE-00", "57 more");
	assert_int_equal(b.said.deciding_count, VERDICT_LIST_MAX);
	assert_int_equal(b.said.observable_count, VERDICT_LIST_MAX);
	bench_end(&b);
}

static void test_findings__refuses_what_it_cannot_do(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, IMAGE);
	bench_refuses(&b, "findings", "{stale_after: 1s}", ":1:1",
		"no profile \"bod-26-04\"");
	bench_clocks(&b, CLOCKS);
	bench_refuses(&b, "findings", "{clock: other}", ":1:9", "no profile");
	bench_refuses(
		&b, "findings", "{clock: full}", ":1:1", "\"stale_after\"");
	bench_refuses(&b, "findings",
		"{clock: full, stale_after: 1s, exposed: {}}", ":1:41",
		"a condition");
	bench_refuses(&b, "findings",
		"{clock: full, stale_after: 1s, upgrades: {evidence: "
		"deployment}}",
		":1:42", "\"entries\"");
	bench_refuses(&b, "findings", "{clock: full, stale_after: 1s, x: 1}",
		":1:35", "not known");
	bench_end(&b);
}
