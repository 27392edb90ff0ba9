/* SPDX-License-Identifier: Apache-2.0 */
#include "window_load.h"

#include "judging.h"

#define SCHEMA "test_window_load"
#define AT(second) (BEGAN + (instant)(second)*INSTANT_SECOND)

static const char *const relations[] = {"built-from", "<runs", NULL};

struct fixture {
	struct bench bench;
	struct arena *arena;
	struct criterion criterion;
	struct window_limits limits;
	struct window window;
	instant until;
	struct reason reason;
};

static struct fixture begin(void)
{
	struct fixture f = {.bench = bench_begin(SCHEMA),
		.arena = arena_new(64 << 20),
		.criterion = {.id = "PO.1.1-a", .subject = SUBJECT_REPO},
		.limits = window_limits_usual};

	f.criterion.needs.own_classes = 1u << CLASS_CHANGE;
	return f;
}

static void end(struct fixture *f)
{
	arena_free(&f->arena);
	bench_end(&f->bench);
}

static enum status load(struct fixture *f, const char *subject, int from)
{
	return window_load(f->bench.pg, f->arena, &f->criterion, subject,
		AT(from), &f->limits, &f->window, &f->until, &f->reason);
}

static void test_window_load__newest_of_each_line_and_what_follows(void **state)
{
	struct fixture f = begin();

	(void)state;
	bench_put(&f.bench, REPO, "change", "push", 100, "{\"n\": 1}");
	bench_put(&f.bench, REPO, "change", "push", 200, "{\"n\": 2}");
	bench_put(&f.bench, REPO, "change", "review", 150, "{\"n\": 3}");
	bench_put(&f.bench, REPO, "change", "push", 300, "{\"n\": 4}");
	bench_put(&f.bench, REPO, "scan", "scan", 300, "{}");
	bench_put(&f.bench, REPO "2", "change", "push", 300, "{}");
	db_ok(load(&f, REPO, 250), &f.reason);
	assert_int_equal(f.window.evidence_count, 3);
	assert_int_equal(f.window.evidence[0].effective, AT(300));
	assert_int_equal(f.window.evidence[1].effective, AT(200));
	assert_int_equal(f.window.evidence[2].effective, AT(150));
	assert_string_equal(f.window.evidence[2].kind, "review");
	assert_true(f.until == INSTANT_NEVER);
	assert_string_equal(window_label(&f.window, "service"), "shop");
	assert_string_equal(f.window.tenant, "default");
	f.criterion.needs.back = 150 * INSTANT_SECOND;
	db_ok(load(&f, REPO, 250), &f.reason);
	assert_int_equal(f.window.evidence_count, 4);
	end(&f);
}

static void test_window_load__ends_where_the_limit_is_met(void **state)
{
	struct fixture f = begin();

	(void)state;
	for (int i = 0; i < 10; i++)
		bench_change(&f.bench, REPO, 100 + i, "good");
	f.limits.evidence = 3;
	db_ok(load(&f, REPO, 100), &f.reason);
	assert_int_equal(f.window.evidence_count, 4);
	assert_int_equal(f.until, AT(104));
	db_ok(load(&f, REPO, 104), &f.reason);
	assert_int_equal(f.until, AT(108));
	f.limits = window_limits_usual;
	f.limits.bytes = 100;
	db_ok(load(&f, REPO, 100), &f.reason);
	assert_true(f.until < INSTANT_NEVER && f.until > AT(100));
	end(&f);
}

static void test_window_load__refuses_too_much_at_one_instant(void **state)
{
	struct fixture f = begin();

	(void)state;
	for (int i = 0; i < 5; i++) {
		char body[40];

		snprintf(body, sizeof(body), "{\"n\": %d}", i);
		bench_put(&f.bench, REPO, "change", "push", 100, body);
	}
	f.limits.evidence = 3;
	f.criterion.needs.back = INSTANT_SECOND;
	assert_int_equal(load(&f, REPO, 100), REJECT);
	assert_string_equal(f.reason.sentence,
		"PO.1.1-a has more than the 3 pieces of evidence that one "
		"judgement takes");
	end(&f);
}

static void test_window_load__neighbours_in_both_directions(void **state)
{
	struct fixture f = begin();

	(void)state;
	f.criterion.needs.relations = relations;
	f.criterion.needs.neighbour_classes = 1u << CLASS_CHANGE;
	bench_do(&f.bench,
		"INSERT INTO relation VALUES ('" SERVICE
		"', 'built-from', '" REPO "', " TIME_SQL
		", 'infinity', '\\x01'),"
		"('" GOOD "', 'runs', '" SERVICE "', " TIME_SQL ", 'infinity',"
		" '\\x02'), ('" BAD "', 'runs', '" SERVICE "', " TIME_SQL
		", " TIME_SQL ", '\\x03')",
		100, 110, 50, 60);
	bench_change(&f.bench, REPO, 90, "good");
	bench_change(&f.bench, GOOD, 120, "good");
	bench_change(&f.bench, BAD, 55, "good");
	db_ok(load(&f, SERVICE, 100), &f.reason);
	assert_int_equal(f.window.relation_count, 2);
	assert_string_equal(f.window.relations[0].relation, "built-from");
	assert_string_equal(f.window.relations[0].other, REPO);
	assert_string_equal(f.window.relations[1].relation, "<runs");
	assert_string_equal(f.window.relations[1].other, GOOD);
	assert_string_equal(f.window.relations[1].labels[0].value, "shop");
	assert_int_equal(f.window.evidence_count, 2);
	assert_string_equal(f.window.evidence[0].subject, GOOD);
	assert_string_equal(f.window.evidence[0].relation, "<runs");
	assert_string_equal(f.window.evidence[1].relation, "built-from");
	end(&f);
}

/* What one transaction does not take is gone on with in the next. */
static void test_window_load__a_long_walk_is_judged_in_parts(void **state)
{
	struct fixture f = begin();
	struct bench *b = &f.bench;

	(void)state;
	bench_change(b, REPO, 100, "good");
	bench_do(b,
		"WITH e AS (INSERT INTO evidence SELECT sha256(n::text::bytea),"
		" at, at, 'default', 'change', 'push', '" REPO "', 'git',"
		" 'github', 'github/1', 'sha256:0', '\\x00',"
		" '{\"change\": {\"action\": \"' || CASE WHEN extract(second"
		" FROM at)::int %% 2 = 0 THEN 'good' ELSE 'bad' END"
		" || '\"}}' FROM (SELECT n,"
		" timestamptz '2020-01-01 00:02:00Z' + n * interval '1 second'"
		" AS at FROM generate_series(1, 5300) AS n) AS s"
		" RETURNING *)," KNOWN_SQL);
	bench_turn(b);
	assert_int_equal(db_number(b->pg, "SELECT count(*) FROM verdict_history"
					  " WHERE known_until = 'infinity'"
					  " AND criterion = 'PO.2.1-s'"),
		5301);
	bench_expect(b, "PO.2.1-s", REPO, "pass 5420");
	bench_expect_published(b, "PO.2.1-s", REPO, "pass");
	end(&f);
}
