/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include "base/testing.h"

#define AT(second) ((instant)(second)*INSTANT_SECOND)

static const struct judgement pass = {
	.verdict = VERDICT_PASS, .summary = "well"};
static const struct judgement fail = {
	.verdict = VERDICT_FAIL, .summary = "not well"};

static const struct judgement unsure = {.verdict = VERDICT_UNKNOWN,
	.summary = "not yet",
	.pending = true,
	.next_change = INSTANT_NEVER};

static struct history_row row(int from, int until, const struct judgement *of)
{
	return (struct history_row){.from = AT(from),
		.until = until ? AT(until) : INSTANT_NEVER,
		.verdict = of->verdict,
		.summary = of->summary,
		.deciding = "[]"};
}

static struct history_change merge(struct arena *arena,
	const struct history_row *stored, size_t count,
	const struct segment *segments, size_t segment_count, int until)
{
	const struct walk walk = {.segments = segments,
		.count = segment_count,
		.until = until ? AT(until) : INSTANT_NEVER};
	struct history_change change;

	history_merge(arena, stored, count, &walk, segments[0].from, &change);
	return change;
}

static void expect(const struct history_change *change, size_t i, int from,
	int until, enum verdict verdict)
{
	assert_true(i < change->count);
	assert_int_equal(change->rows[i].from, AT(from));
	assert_int_equal(
		change->rows[i].until, until ? AT(until) : INSTANT_NEVER);
	assert_int_equal(change->rows[i].verdict, verdict);
}

static void test_history__begins_with_the_first_walk(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct segment walked[] = {{.from = AT(10), .judgement = &pass},
		{.from = AT(20), .judgement = &fail}};
	struct history_change c = merge(arena, NULL, 0, walked, 2, 0);

	(void)state;
	assert_int_equal(c.added_count, 2);
	assert_int_equal(c.superseded_count, 0);
	expect(&c, 0, 10, 20, VERDICT_PASS);
	expect(&c, 1, 20, 0, VERDICT_FAIL);
	assert_ptr_equal(history_current(&c), &c.rows[1]);
	arena_free(&arena);
}

static void test_history__what_is_confirmed_is_not_written(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct history_row stored[] = {
		row(10, 20, &pass), row(20, 0, &fail)};
	const struct segment walked[] = {{.from = AT(30), .judgement = &fail}};
	const struct segment again[] = {{.from = AT(10), .judgement = &pass},
		{.from = AT(20), .judgement = &fail}};
	struct history_change c = merge(arena, stored, 2, walked, 1, 0);

	(void)state;
	assert_int_equal(c.added_count + c.superseded_count, 0);
	assert_int_equal(c.count, 2);
	c = merge(arena, stored, 2, again, 2, 0);
	assert_int_equal(c.added_count + c.superseded_count, 0);
	arena_free(&arena);
}

static void test_history__a_change_ends_the_row_before(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct history_row stored[] = {row(10, 0, &pass)};
	const struct segment walked[] = {{.from = AT(30), .judgement = &fail}};
	struct history_change c = merge(arena, stored, 1, walked, 1, 0);

	(void)state;
	assert_int_equal(c.superseded_count, 1);
	assert_int_equal(c.added_count, 2);
	expect(&c, 0, 10, 30, VERDICT_PASS);
	expect(&c, 1, 30, 0, VERDICT_FAIL);
	arena_free(&arena);
}

static void test_history__late_evidence_rewrites_the_past(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct history_row stored[] = {
		row(10, 20, &pass), row(20, 40, &fail), row(40, 0, &pass)};
	const struct segment walked[] = {{.from = AT(15), .judgement = &fail},
		{.from = AT(40), .judgement = &pass}};
	struct history_change c = merge(arena, stored, 3, walked, 2, 0);

	(void)state;
	assert_int_equal(c.count, 3);
	expect(&c, 0, 10, 15, VERDICT_PASS);
	expect(&c, 1, 15, 40, VERDICT_FAIL);
	expect(&c, 2, 40, 0, VERDICT_PASS);
	assert_int_equal(c.superseded_count, 2);
	assert_int_equal(c.added_count, 2);
	arena_free(&arena);
}

static void test_history__settling_goes_on_with_what_was(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct history_row stored[] = {
		row(10, 20, &pass), row(20, 0, &fail)};
	const struct segment walked[] = {
		{.from = AT(20), .kept = true, .judgement = &unsure},
		{.from = AT(50), .judgement = &fail}};
	struct history_change c = merge(arena, stored, 2, walked, 2, 0);

	(void)state;
	assert_int_equal(c.count, 2);
	expect(&c, 0, 10, 50, VERDICT_PASS);
	expect(&c, 1, 50, 0, VERDICT_FAIL);
	c = merge(arena, NULL, 0, walked, 1, 0);
	assert_int_equal(c.count, 1);
	expect(&c, 0, 20, 0, VERDICT_UNKNOWN);
	arena_free(&arena);
}

/* Unknown until a time, and unknown when it is over, are two rows. */
static void test_history__what_has_settled_begins_anew(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct judgement waits = {.verdict = VERDICT_UNKNOWN,
		.summary = "waits",
		.pending = true,
		.next_change = AT(50)};
	const struct judgement never = {
		.verdict = VERDICT_UNKNOWN, .summary = "never came"};
	const struct segment walked[] = {
		{.from = AT(20), .kept = true, .judgement = &waits},
		{.from = AT(50), .judgement = &never}};
	struct history_change c = merge(arena, NULL, 0, walked, 2, 0);

	(void)state;
	assert_int_equal(c.count, 2);
	expect(&c, 0, 20, 50, VERDICT_UNKNOWN);
	expect(&c, 1, 50, 0, VERDICT_UNKNOWN);
	assert_true(c.rows[0].settling && !c.rows[1].settling);
	c = merge(arena, c.rows, 2, walked, 2, 0);
	assert_int_equal(c.added_count + c.superseded_count, 0);
	arena_free(&arena);
}

static void test_history__a_part_of_a_walk_leaves_the_rest(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	const struct history_row stored[] = {
		row(10, 40, &pass), row(40, 0, &fail)};
	const struct segment walked[] = {{.from = AT(20), .judgement = &fail}};
	struct history_change c = merge(arena, stored, 2, walked, 1, 30);

	(void)state;
	assert_int_equal(c.count, 4);
	expect(&c, 0, 10, 20, VERDICT_PASS);
	expect(&c, 1, 20, 30, VERDICT_FAIL);
	expect(&c, 2, 30, 40, VERDICT_PASS);
	expect(&c, 3, 40, 0, VERDICT_FAIL);
	arena_free(&arena);
}
