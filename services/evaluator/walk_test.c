/* SPDX-License-Identifier: Apache-2.0 */
#include "walk.h"

#include "base/testing.h"

/* A rule for tests: the newest change's action is the verdict's word, with a
 * limit in seconds in `number` after which it is stale; "settling" is pending
 * for that long, then a fail. */
static void judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct window_evidence *row =
		window_newest(window, CLASS_CHANGE, NULL, at);
	const char *action = row ? row->kind : "unknown";
	int64_t limit = 0;
	instant until;

	(void)criterion, (void)plan;
	if (row)
		json_integer(json_get(row->data, "number"), &limit);
	until = row && limit ? row->effective + limit * INSTANT_SECOND
			     : INSTANT_NEVER;
	ret->summary = arena_string(arena, action);
	if (strcmp(action, "past") == 0) {
		ret->next_change = at;
		ret->verdict = VERDICT_PASS;
	} else if (strcmp(action, "settling") == 0) {
		ret->pending = at < until;
		ret->verdict = VERDICT_FAIL;
		ret->next_change = at < until ? until : INSTANT_NEVER;
	} else if (at >= until) {
		ret->verdict = VERDICT_STALE;
	} else {
		ret->verdict = verdict_parse(action);
		ret->next_change = until;
	}
}

static const struct rule rule = {.name = "test", .judge = judge};
static const struct criterion criterion = {
	.id = "PO.1.1-a", .subject = SUBJECT_REPO, .rule = &rule};

#define AT(second) ((instant)(second)*INSTANT_SECOND)

struct fixture {
	struct arena *arena, *scratch;
	struct window_evidence rows[16];
	struct window window;
	struct walk walk;
	instant now;
	size_t points;
	instant until;
};

static struct fixture begin(void)
{
	return (struct fixture){.arena = arena_new(1 << 24),
		.scratch = arena_new(1 << 20),
		.now = AT(1000),
		.points = 100,
		.until = INSTANT_NEVER};
}

static void end(struct fixture *f)
{
	arena_free(&f->arena);
	arena_free(&f->scratch);
}

/* Newest first, as windows are: add them so. */
static void add(struct fixture *f, int second, const char *kind, int limit)
{
	struct reason reason;
	const char *text = arena_printf(f->arena, "{\"number\":%d}", limit);
	struct window_evidence *row = &f->rows[f->window.evidence_count++];

	*row = (struct window_evidence){.id = "",
		.class = CLASS_CHANGE,
		.kind = kind,
		.effective = AT(second)};
	assert_int_equal(
		json_read(f->arena, text, strlen(text), &row->data, &reason),
		OK);
}

static const struct walk *run(
	struct fixture *f, const struct criterion *of, int from)
{
	const struct walk_settings settings = {.from = AT(from),
		.now = f->now,
		.until = f->until,
		.points = f->points,
		.scratch = f->scratch,
		.arena = f->arena};

	f->window.evidence = f->rows;
	f->window.from = AT(from);
	walk_run(of, &f->window, &settings, &f->walk);
	return &f->walk;
}

static void expect(
	const struct walk *walk, size_t i, int second, enum verdict verdict)
{
	assert_true(i < walk->count);
	assert_int_equal(walk->segments[i].from, AT(second));
	assert_false(walk->segments[i].kept);
	assert_int_equal(walk->segments[i].judgement->verdict, verdict);
}

static void test_walk__goes_from_point_to_point(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	add(&f, 50, "fail", 0);
	add(&f, 30, "pass", 0);
	add(&f, 20, "pass", 0);
	add(&f, 10, "fail", 0);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 3);
	expect(walk, 0, 10, VERDICT_FAIL);
	expect(walk, 1, 20, VERDICT_PASS);
	expect(walk, 2, 50, VERDICT_FAIL);
	assert_string_equal(walk->last->summary, "fail");
	assert_int_equal(walk->judged_to, AT(50));
	assert_true(walk->until == INSTANT_NEVER);
	assert_true(walk->due == INSTANT_NEVER);
	end(&f);
}

static void test_walk__takes_points_of_time_up_to_now(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	f.now = AT(100);
	add(&f, 10, "pass", 60);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 2);
	expect(walk, 1, 70, VERDICT_STALE);
	f.now = AT(69);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->due, AT(70));
	assert_int_equal(walk->next_change, AT(70));
	end(&f);
}

static void test_walk__judges_evidence_beyond_now(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	f.now = AT(5);
	add(&f, 20, "fail", 0);
	add(&f, 10, "pass", 60);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 2);
	expect(walk, 1, 20, VERDICT_FAIL);
	end(&f);
}

static void test_walk__waits_for_now_at_a_point_of_time(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	f.now = AT(65);
	add(&f, 80, "fail", 0);
	add(&f, 10, "pass", 60);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->due, AT(70));
	f.now = AT(70);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 3);
	expect(walk, 1, 70, VERDICT_STALE);
	expect(walk, 2, 80, VERDICT_FAIL);
	end(&f);
}

static void test_walk__settling_keeps_what_was(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	f.now = AT(12);
	add(&f, 10, "settling", 60);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 1);
	assert_true(walk->segments[0].kept);
	assert_null(walk->last);
	assert_int_equal(walk->due, AT(70));
	f.now = AT(100);
	add(&f, 5, "pass", 0);
	walk = run(&f, &criterion, 5);
	assert_int_equal(walk->count, 2);
	expect(walk, 0, 5, VERDICT_PASS);
	expect(walk, 1, 70, VERDICT_FAIL);
	walk = run(&f, &criterion, 10);
	assert_true(walk->segments[0].kept);
	expect(walk, 1, 70, VERDICT_FAIL);
	end(&f);
}

static void test_walk__says_where_it_must_go_on(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	add(&f, 40, "pass", 0);
	add(&f, 30, "fail", 0);
	add(&f, 20, "pass", 0);
	add(&f, 10, "fail", 0);
	f.points = 2;
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 2);
	assert_int_equal(walk->until, AT(30));
	f.points = 100;
	f.until = AT(40);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 3);
	assert_int_equal(walk->until, AT(40));
	end(&f);
}

static void test_walk__a_change_that_is_past_is_an_error(void **state)
{
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	add(&f, 10, "past", 0);
	walk = run(&f, &criterion, 10);
	expect(walk, 0, 10, VERDICT_ERROR);
	assert_string_equal(walk->last->summary,
		"rule test gave a next change that is not later");
	end(&f);
}

static void test_walk__what_is_not_in_use_is_not_asked(void **state)
{
	struct fixture f = begin();
	struct criterion used = criterion;
	const struct window_relation relation = {.relation = "<runs",
		.other = "default/service/prod/shop",
		.from = AT(20),
		.until = AT(30)};
	const struct walk *walk;

	(void)state;
	used.in_use_by = "<runs";
	add(&f, 10, "fail", 0);
	f.window.relations = &relation;
	f.window.relation_count = 1;
	walk = run(&f, &used, 10);
	assert_int_equal(walk->count, 3);
	expect(walk, 0, 10, VERDICT_NOT_APPLICABLE);
	expect(walk, 1, 20, VERDICT_FAIL);
	expect(walk, 2, 30, VERDICT_NOT_APPLICABLE);
	end(&f);
}

static void test_walk__an_unmapped_service_is_unknown(void **state)
{
	struct fixture f = begin();
	struct criterion service = criterion;
	const struct walk *walk;

	(void)state;
	service.subject = SUBJECT_SERVICE;
	add(&f, 10, "pass", 0);
	f.window.unmapped = "no rule maps argocd application shop";
	walk = run(&f, &service, 10);
	expect(walk, 0, 10, VERDICT_UNKNOWN);
	assert_string_equal(walk->last->summary, f.window.unmapped);
	walk = run(&f, &criterion, 10);
	expect(walk, 0, 10, VERDICT_PASS);
	end(&f);
}

static void test_walk__a_missing_part_waits_for_now(void **state)
{
	const struct window_flaw flaw = {.subject = "default/repo/a/b",
		.source = "s",
		.snapshot = "1234",
		.effective = AT(15),
		.from = AT(75),
		.until = AT(90),
		.what = "part 1 of 2 never came"};
	struct fixture f = begin();
	const struct walk *walk;

	(void)state;
	f.window.subject = "default/repo/a/b";
	f.window.flaws = &flaw;
	f.window.flaw_count = 1;
	f.now = AT(74);
	add(&f, 10, "pass", 0);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 1);
	assert_int_equal(walk->due, AT(75));
	f.now = AT(75);
	walk = run(&f, &criterion, 10);
	assert_int_equal(walk->count, 3);
	expect(walk, 1, 75, VERDICT_ERROR);
	expect(walk, 2, 90, VERDICT_PASS);
	end(&f);
}

/* From whatever time it begins, a walk finds the same from there on. */
static void test_walk__is_the_same_from_any_start(void **state)
{
	struct fixture f = begin();

	(void)state;
	add(&f, 90, "fail", 0);
	add(&f, 60, "settling", 15);
	add(&f, 40, "pass", 10);
	add(&f, 20, "fail", 7);
	add(&f, 10, "pass", 0);
	for (int from = 11; from < 100; from++) {
		struct walk whole = *run(&f, &criterion, 10);
		const struct walk *part = run(&f, &criterion, from);
		size_t skip = 0;

		while (skip < whole.count &&
			whole.segments[skip].from < AT(from))
			skip++;
		if (skip == whole.count || whole.segments[skip].from > AT(from))
			skip--; /* it begins within this one */
		assert_int_equal(part->count, whole.count - skip);
		for (size_t i = 1; i < part->count; i++)
			expect(part, i,
				(int)(whole.segments[skip + i].from /
					INSTANT_SECOND),
				whole.segments[skip + i].judgement->verdict);
		if (!part->segments[0].kept)
			assert_int_equal(part->segments[0].judgement->verdict,
				whole.segments[skip].judgement->verdict);
	}
	end(&f);
}
