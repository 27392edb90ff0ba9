/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/budget.h"

static const struct budget_settings small = {
	.total = 100, .per_source = 60, .per_peer = 20};

static struct budget_hold hold_of(const char *holder, bool unproven)
{
	struct budget_hold hold = {0};

	budget_begin(&hold, holder, unproven);
	return hold;
}

static void test_budget__bounds_a_source_and_the_whole(void **state)
{
	struct budget *budget = budget_new(&small);
	struct budget_hold a = hold_of("a", false), b = hold_of("b", false);
	struct budget_hold more = hold_of("a", false);

	(void)state;
	assert_true(budget_grow(budget, &a, 40));
	assert_false(budget_grow(budget, &more, 21));
	assert_true(budget_grow(budget, &more, 20));
	assert_false(budget_grow(budget, &b, 41));
	assert_true(budget_grow(budget, &b, 40));
	assert_int_equal(budget_used(budget), 100);
	budget_release(budget, &a);
	budget_release(budget, &a);
	assert_int_equal(budget_used(budget), 60);
	assert_true(budget_grow(budget, &b, 60));
	budget_release(budget, &b);
	budget_release(budget, &more);
	budget_free(&budget);
	assert_null(budget);
}

static void test_budget__lets_one_peer_not_starve_another(void **state)
{
	struct budget *budget = budget_new(&small);
	struct budget_hold one = hold_of("10.0.0.1", true);
	struct budget_hold two = hold_of("10.0.0.1", true);
	struct budget_hold other = hold_of("10.0.0.2", true);

	(void)state;
	assert_true(budget_grow(budget, &one, 15));
	assert_false(budget_grow(budget, &two, 6));
	assert_true(budget_grow(budget, &two, 5));
	assert_true(budget_grow(budget, &other, 20));
	budget_release(budget, &one);
	budget_release(budget, &two);
	budget_release(budget, &other);
	budget_free(&budget);
}

static void test_budget__gives_a_lone_body_what_it_needs(void **state)
{
	struct budget *budget = budget_new(&small);
	struct budget_hold one = hold_of("p", true);
	struct budget_hold two = hold_of("q", true);

	(void)state;
	assert_true(budget_grow(budget, &one, 30));
	assert_true(budget_grow(budget, &one, 45));
	/* Strangers together never hold more than half. */
	assert_false(budget_grow(budget, &two, 6));
	budget_release(budget, &one);
	budget_free(&budget);
}

static void test_budget__moves_a_proven_body_to_its_source(void **state)
{
	struct budget *budget = budget_new(&small);
	struct budget_hold one = hold_of("p", true);
	struct budget_hold two = hold_of("p", true);
	struct budget_hold of_source = hold_of("p", false);

	(void)state;
	assert_true(budget_grow(budget, &one, 20));
	budget_prove(budget, &one, "p");
	assert_true(budget_grow(budget, &two, 20));
	assert_int_equal(budget_used(budget), 40);
	assert_false(budget_grow(budget, &of_source, 41));
	assert_true(budget_grow(budget, &of_source, 40));
	budget_release(budget, &one);
	budget_release(budget, &two);
	budget_release(budget, &of_source);
	assert_int_equal(budget_used(budget), 0);
	budget_free(&budget);
}

static void test_budget__has_no_room_beyond_what_a_size_can_say(void **state)
{
	struct budget *budget = budget_new(&small);
	struct budget_hold one = hold_of("p", true);

	(void)state;
	assert_true(budget_grow(budget, &one, 10));
	assert_false(budget_grow(budget, &one, SIZE_MAX));
	budget_release(budget, &one);
	budget_free(&budget);
}
