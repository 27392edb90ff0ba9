/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_testing.h"

#define TOOL "default/tool/postern/github-acme"

static void says(
	struct bench *b, int64_t at, const char *state, const char *more)
{
	bench_evidence(b, at, CLASS_TOOLSTATE, state,
		arena_printf(b->arena, "{\"state\": \"%s\"%s}", state, more));
}

static void begin(struct bench *b)
{
	bench_begin(b, TOOL);
	bench_rule(b, "silence", "{interval: 500s}");
}

#define EVERY_10 ", \"interval_seconds\": 10"
#define HEARD_AT(clock)                                                        \
	", \"accepted\": 3, \"last_delivery\": \"1970-01-01T00:" clock "Z\""

static void test_silence__is_not_asked_of_what_nobody_declared(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	bench_wants(&b, 5, VERDICT_NOT_APPLICABLE, -1);
	says(&b, 10, "heartbeat", "");
	bench_wants(&b, 50, VERDICT_NOT_APPLICABLE, -1);
	bench_end(&b);
}

static void test_silence__waits_twice_the_interval_for_the_first(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	bench_wants(&b, 10, VERDICT_UNKNOWN, 30);
	assert_true(b.said.pending);
	bench_wants(&b, 30, VERDICT_FAIL, -1);
	assert_false(b.said.pending);
	bench_says(&b, "nothing was ever delivered", "let the source deliver");
	bench_end(&b);
}

static void test_silence__passes_while_deliveries_come(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	says(&b, 60, "counts", HEARD_AT("00:55"));
	bench_wants(&b, 60, VERDICT_PASS, 75);
	bench_says(&b, "last delivered at 1970-01-01T00:00:55Z", "00:01:15Z");
	bench_wants(&b, 75, VERDICT_FAIL, -1);
	bench_says(&b,
		"silent since 1970-01-01T00:00:55Z, which is longer than 20s",
		"credential");
	assert_string_equal(b.said.deciding[0].value, "1970-01-01T00:00:55Z");
	assert_null(b.said.source);
	says(&b, 90, "counts", HEARD_AT("01:29"));
	bench_wants(&b, 90, VERDICT_PASS, 109);
	bench_end(&b);
}

static void test_silence__strangers_are_no_sign_of_life(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	says(&b, 20, "counts", HEARD_AT("00:20"));
	says(&b, 70, "counts",
		", \"accepted\": 0, \"unauthenticated\": 9, "
		"\"last_delivery\": \"1970-01-01T00:01:09Z\"");
	says(&b, 75, "counts", ", \"unauthenticated\": 9");
	says(&b, 76, "heartbeat", "");
	bench_wants(&b, 80, VERDICT_FAIL, -1);
	bench_end(&b);
}

static void test_silence__takes_the_newest_interval(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	says(&b, 20, "counts", HEARD_AT("00:20"));
	says(&b, 30, "changed", ", \"interval_seconds\": 100");
	bench_wants(&b, 29, VERDICT_PASS, 40);
	bench_wants(&b, 30, VERDICT_PASS, 220);
	says(&b, 40, "declared", "");
	bench_wants(&b, 40, VERDICT_PASS, 1020);
	bench_end(&b);
}

static void test_silence__ends_with_removal_and_begins_anew(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	says(&b, 20, "counts", HEARD_AT("00:20"));
	says(&b, 30, "removed", "");
	bench_wants(&b, 30, VERDICT_NOT_APPLICABLE, -1);
	bench_says(&b, "removed at", "sources.yaml");
	says(&b, 100, "declared", EVERY_10);
	bench_wants(&b, 100, VERDICT_UNKNOWN, 120);
	assert_true(b.said.pending);
	bench_wants(&b, 120, VERDICT_FAIL, -1);
	bench_end(&b);
}

static void test_silence__a_delivery_is_not_later_than_its_count(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", EVERY_10);
	says(&b, 20, "counts", HEARD_AT("59:00"));
	bench_wants(&b, 20, VERDICT_PASS, 40);
	says(&b, 30, "counts", ", \"accepted\": 1, \"last_delivery\": \"x\"");
	bench_wants(&b, 30, VERDICT_PASS, 50);
	bench_end(&b);
}

static void test_silence__an_absurd_interval_never_ends(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	says(&b, 10, "declared", ", \"interval_seconds\": 9000000000000");
	says(&b, 20, "counts", HEARD_AT("00:20"));
	bench_wants(&b, 20, VERDICT_PASS, -1);
	bench_end(&b);
}

static void test_silence__refuses_what_it_cannot_do(void **state)
{
	struct bench b;

	(void)state;
	bench_begin(&b, TOOL);
	bench_refuses(&b, "silence", "{factor: 0}", ":1:10", "between 1 and");
	bench_refuses(&b, "silence", "{interval: 0s}", ":1:12", "longer");
	bench_refuses(&b, "silence", "{evidence: scan}", ":1:12", "not known");
	bench_end(&b);
}
