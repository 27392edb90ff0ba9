/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_testing.h"

#define IMAGE "default/image/oci/sha256:aa"
#define WHOLE "{\"complete\": true}"
#define PART "{\"complete\": false}"
#define PARAMETERS                                                             \
	"{evidence: scan, where: {field: scan.complete, equals: true}, "       \
	"within: 100s, settle: 20s}"

static void scan(struct bench *b, int64_t at, const char *body)
{
	bench_evidence(b, at, CLASS_SCAN, "report", body);
}

static void test_freshness__passes_while_it_is_young_enough(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, IMAGE);
	bench_rule(&b, "freshness", PARAMETERS);
	scan(&b, 10, WHOLE);
	scan(&b, 60, PART);
	bench_wants(&b, 10, VERDICT_PASS, 110);
	bench_wants(&b, 109, VERDICT_PASS, 110);
	bench_says(&b, "is of 1970-01-01T00:00:10Z", "1970-01-01T00:01:50Z");
	assert_true(bench_observes(&b, "digest", "sha256:aa"));
	bench_wants(&b, 110, VERDICT_STALE, -1);
	assert_string_equal(b.said.source, "source-a");
	bench_says(&b, "within 100s", "newer scan evidence from source-a");
	scan(&b, 200, WHOLE);
	bench_wants(&b, 200, VERDICT_PASS, 300);
	bench_end(&b);
}

static void test_freshness__is_unknown_where_nothing_ever_came(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, IMAGE);
	bench_rule(&b, "freshness", PARAMETERS);
	bench_wants(&b, 5, VERDICT_UNKNOWN, -1);
	assert_false(b.said.pending);
	assert_null(b.said.source);
	scan(&b, 10, PART);
	bench_wants(&b, 10, VERDICT_STALE, -1);
	bench_end(&b);
}

static void test_freshness__a_new_image_has_time_to_be_scanned(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, IMAGE);
	b.criterion.in_use_by = "<runs";
	bench_rule(&b, "freshness", PARAMETERS);
	bench_relation(&b, "<runs", "default/service/prod/a", 50, -1);
	bench_relation(&b, "<runs", "default/service/prod/b", 40, -1);
	bench_relation(&b, "<runs", "default/service/prod/c", 1, 30);
	bench_wants(&b, 50, VERDICT_UNKNOWN, 60);
	assert_true(b.said.pending);
	bench_wants(&b, 60, VERDICT_UNKNOWN, -1);
	assert_false(b.said.pending);
	bench_end(&b);
}

static void test_freshness__refuses_what_it_cannot_do(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, IMAGE);
	bench_refuses(&b, "freshness", "{evidence: scan}", ":1:1",
		"\"within\" is missing");
	bench_refuses(&b, "freshness", "{within: 1s}", ":1:1", "\"evidence\"");
	bench_refuses(&b, "freshness", "{evidence: scan, within: later}",
		":1:26", "within");
	bench_refuses(&b, "freshness",
		"{evidence: scan, within: 1s, settle: 0s}", ":1:38", "longer");
	bench_refuses(&b, "freshness", "{evidence: scan, within: 1s, x: 1}",
		":1:33", "not known");
	bench_end(&b);
}
