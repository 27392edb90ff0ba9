/* SPDX-License-Identifier: Apache-2.0 */
#include "flaw.h"

#include "base/testing.h"

#define AT(second) ((instant)(second)*INSTANT_SECOND)
#define IMAGE "default/image/oci/sha256:aa"
#define OTHER "default/image/oci/sha256:bb"

static const struct window_flaw missing = {.subject = IMAGE,
	.source = "trivy-a",
	.snapshot = "0123456789abcdef",
	.effective = AT(10),
	.from = AT(70),
	.until = AT(200),
	.what = "part 2 of 3 never came",
	.evidence = "e1"};

struct fixture {
	struct arena *arena;
	struct window_flaw flaws[2];
	struct window window;
	struct judgement said;
};

static struct fixture begin(void)
{
	return (struct fixture){.arena = arena_new(1 << 20),
		.flaws = {missing},
		.window = {.subject = IMAGE, .flaw_count = 1}};
}

static void end(struct fixture *f)
{
	arena_free(&f->arena);
}

/* What becomes of this verdict, due to change at 500. */
static void apply(struct fixture *f, enum verdict verdict, int at)
{
	f->said = (struct judgement){.verdict = verdict,
		.next_change = AT(500),
		.summary = "as the rule said",
		.would_change = "something"};
	f->window.flaws = f->flaws;
	flaw_apply(&f->window, AT(at), f->arena, &f->said);
}

static void test_flaw__is_an_error_that_names_the_snapshot(void **state)
{
	struct fixture f = begin();

	(void)state;
	apply(&f, VERDICT_PASS, 70);
	assert_int_equal(f.said.verdict, VERDICT_ERROR);
	assert_string_equal(f.said.summary,
		"snapshot 0123456789ab.. of trivy-a, 1970-01-01T00:00:10Z, is "
		"not whole: part 2 of 3 never came");
	assert_non_null(strstr(f.said.would_change, "trivy-a"));
	assert_string_equal(f.said.source, "trivy-a");
	assert_int_equal(f.said.next_change, AT(500));
	assert_int_equal(f.said.deciding_count, 1);
	assert_string_equal(
		f.said.deciding[0].name, "snapshot 0123456789abcdef");
	assert_string_equal(f.said.deciding[0].evidence, "e1");
	end(&f);
}

static void test_flaw__counts_from_its_time_to_its_end(void **state)
{
	struct fixture f = begin();

	(void)state;
	apply(&f, VERDICT_PASS, 69);
	assert_int_equal(f.said.verdict, VERDICT_PASS);
	assert_int_equal(f.said.next_change, AT(70));
	apply(&f, VERDICT_STALE, 199);
	assert_int_equal(f.said.verdict, VERDICT_ERROR);
	apply(&f, VERDICT_STALE, 200);
	assert_int_equal(f.said.verdict, VERDICT_STALE);
	assert_int_equal(f.said.next_change, AT(500));
	f.flaws[0].until = AT(60);
	apply(&f, VERDICT_PASS, 20);
	assert_int_equal(f.said.next_change, AT(500));
	apply(&f, VERDICT_PASS, 75);
	assert_int_equal(f.said.verdict, VERDICT_PASS);
	end(&f);
}

static void test_flaw__closes_no_failure(void **state)
{
	struct fixture f = begin();

	(void)state;
	apply(&f, VERDICT_FAIL, 100);
	assert_int_equal(f.said.verdict, VERDICT_FAIL);
	assert_string_equal(f.said.would_change, "something");
	assert_non_null(
		strstr(f.said.summary, "as the rule said; snapshot 0123"));
	end(&f);
}

static void test_flaw__ends_what_was_pending(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.said = (struct judgement){.verdict = VERDICT_UNKNOWN,
		.pending = true,
		.next_change = AT(500)};
	f.window.flaws = f.flaws;
	flaw_apply(&f.window, AT(100), f.arena, &f.said);
	assert_int_equal(f.said.verdict, VERDICT_ERROR);
	assert_false(f.said.pending);
	end(&f);
}

static void test_flaw__is_nothing_where_nothing_applies(void **state)
{
	struct fixture f = begin();

	(void)state;
	apply(&f, VERDICT_NOT_APPLICABLE, 100);
	assert_int_equal(f.said.verdict, VERDICT_NOT_APPLICABLE);
	assert_string_equal(f.said.summary, "as the rule said");
	end(&f);
}

static void test_flaw__of_a_neighbour_counts_while_it_is_one(void **state)
{
	const struct window_relation runs = {
		.other = OTHER, .from = AT(0), .until = AT(90)};
	struct fixture f = begin();

	(void)state;
	f.flaws[0].subject = OTHER;
	f.window.relations = &runs;
	f.window.relation_count = 1;
	apply(&f, VERDICT_PASS, 89);
	assert_int_equal(f.said.verdict, VERDICT_ERROR);
	apply(&f, VERDICT_PASS, 90);
	assert_int_equal(f.said.verdict, VERDICT_PASS);
	end(&f);
}

static void test_flaw__several_are_counted(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.flaws[1] = missing;
	f.window.flaw_count = 2;
	apply(&f, VERDICT_PASS, 100);
	assert_non_null(strstr(f.said.summary, "never came; so is 1 more"));
	end(&f);
}

static void test_flaw__decides_also_where_the_list_is_full(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.said = (struct judgement){.verdict = VERDICT_PASS,
		.next_change = INSTANT_NEVER,
		.deciding_count = VERDICT_LIST_MAX};
	f.window.flaws = f.flaws;
	flaw_apply(&f.window, AT(100), f.arena, &f.said);
	assert_int_equal(f.said.deciding_count, VERDICT_LIST_MAX);
	assert_string_equal(
		f.said.deciding[VERDICT_LIST_MAX - 1].evidence, "e1");
	end(&f);
}
