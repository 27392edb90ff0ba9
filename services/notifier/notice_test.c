/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#define NOW (1000 * INSTANT_HOUR)

static const struct sink forgetful = {
	.name = "f", .by_labels = true, .refreshes = true};
static const struct sink keeper = {.name = "k", .cases = true};
static const struct notice_times times = {.now = NOW,
	.timeout = 30 * INSTANT_SECOND,
	.refresh_every = INSTANT_MINUTE,
	.resolved_for = 15 * INSTANT_MINUTE,
	.back_off = 5 * INSTANT_SECOND};

static struct notice owed(void)
{
	return (struct notice){.id = 1,
		.open = true,
		.generation = 1,
		.n = 3,
		.promote_at = INSTANT_NEVER,
		.doubtful_until = NOTICE_NO_DOUBT,
		.resent_until = INT64_MIN,
		.outcome = ""};
}

/* What is to be done next, after this outcome of it. */
static enum notice_action step(
	struct notice *notice, const struct sink *kind, enum sink_result result)
{
	instant due;

	notice->out.action = notice_next(notice, kind, NOW, &due);
	notice->out.doubtful = notice->doubtful_until != NOTICE_NO_DOUBT;
	notice->out.outcome.result = result;
	notice_settle(notice, kind, &times);
	notice->outcome = notice_outcome_name(notice->result);
	return notice->out.action;
}

static void test_notice__a_forgetful_sink_hears_it_again(void **state)
{
	struct notice notice = owed();

	(void)state;
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_FIRE);
	assert_true(notice.said);
	assert_int_equal(notice.due_at, NOW + INSTANT_MINUTE);
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_REFRESH);
	assert_false(notice.said);
	notice.n = 4;
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_UPDATE);
	notice.open = false;
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_RESOLVE);
	assert_false(notice.standing);
	assert_int_equal(notice.due_at, NOW + INSTANT_MINUTE);
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_REFRESH);
	notice.resent_until = NOW - 1;
	assert_int_equal(
		step(&notice, &forgetful, SINK_UNTRIED), NOTICE_ACTIONS);
}

static void test_notice__says_a_refresh_that_changes_something(void **state)
{
	struct notice notice = owed();

	(void)state;
	step(&notice, &forgetful, SINK_DELIVERED);
	step(&notice, &forgetful, SINK_AWAY);
	assert_true(notice.said);
	assert_int_equal(notice.result, NOTICE_RETRYING);
	assert_int_equal(notice.due_at, NOW + times.back_off);
	step(&notice, &forgetful, SINK_AWAY);
	assert_false(notice.said);
	assert_int_equal(notice.tries, 2);
	step(&notice, &forgetful, SINK_DELIVERED);
	assert_true(notice.said);
	assert_int_equal(notice.tries, 0);
	assert_int_equal(notice.attempts, 4);
}

static void test_notice__a_keeper_hears_once_and_promotes(void **state)
{
	struct notice notice = owed();
	instant due;

	(void)state;
	notice.promote_at = NOW + INSTANT_HOUR;
	assert_int_equal(step(&notice, &keeper, SINK_DELIVERED), NOTICE_CREATE);
	assert_int_equal(notice.due_at, NOW + INSTANT_HOUR);
	notice.promote_at = NOW;
	assert_int_equal(
		step(&notice, &keeper, SINK_DELIVERED), NOTICE_PROMOTE);
	assert_int_equal(notice.due_at, INSTANT_NEVER);
	assert_int_equal(
		notice_next(&notice, &keeper, NOW, &due), NOTICE_ACTIONS);
	notice.open = false;
	assert_int_equal(step(&notice, &keeper, SINK_DELIVERED), NOTICE_CLOSE);
	assert_int_equal(notice.due_at, INSTANT_NEVER);
}

static void test_notice__doubt_is_waited_out_and_looked_at_twice(void **state)
{
	struct notice notice = owed();
	instant due;

	(void)state;
	notice.out.outcome.doubtful = true;
	assert_int_equal(step(&notice, &keeper, SINK_AWAY), NOTICE_CREATE);
	assert_int_equal(notice.due_at, NOW + times.timeout);
	assert_int_equal(
		notice_next(&notice, &keeper, NOW, &due), NOTICE_ACTIONS);
	assert_int_equal(due, NOW + times.timeout);
	notice.doubtful_until = NOW; /* that was waited out */
	notice.out.outcome.doubtful = false;
	assert_int_equal(step(&notice, &keeper, SINK_DELIVERED), NOTICE_CREATE);
	assert_int_equal(notice.due_at, NOW + times.timeout);
	notice.doubtful_until = NOW;
	assert_int_equal(step(&notice, &keeper, SINK_DELIVERED), NOTICE_UPDATE);
	assert_int_equal(notice.doubtful_until, NOTICE_NO_DOUBT);
	assert_int_equal(notice.due_at, INSTANT_NEVER);
}

static void test_notice__closes_what_may_have_arrived(void **state)
{
	struct notice notice = owed();

	(void)state;
	notice.open = false;
	assert_int_equal(step(&notice, &keeper, SINK_UNTRIED), NOTICE_ACTIONS);
	notice.doubtful_until = NOW - 1;
	assert_int_equal(step(&notice, &keeper, SINK_DELIVERED), NOTICE_CLOSE);
	notice.doubtful_until = NOW + 1;
	assert_int_equal(
		step(&notice, &forgetful, SINK_DELIVERED), NOTICE_RESOLVE);
}

static void test_notice__what_is_refused_rests_until_it_changes(void **state)
{
	struct notice notice = owed();
	instant due;

	(void)state;
	assert_int_equal(step(&notice, &keeper, SINK_FAILED), NOTICE_CREATE);
	assert_int_equal(notice.result, NOTICE_FAILED);
	assert_int_equal(notice.due_at, INSTANT_NEVER);
	/* intake made it due again: another verdict, another try */
	assert_int_equal(
		notice_next(&notice, &keeper, NOW, &due), NOTICE_CREATE);
	step(&notice, &keeper, SINK_DELIVERED);
	notice.promote_at = NOW;
	assert_int_equal(step(&notice, &keeper, SINK_FAILED), NOTICE_PROMOTE);
	assert_int_equal(
		notice_next(&notice, &keeper, NOW, &due), NOTICE_ACTIONS);
}

static void test_notice__an_untried_one_stays_as_it_was(void **state)
{
	struct notice notice = owed();

	(void)state;
	notice.out.action = NOTICE_CREATE;
	notice.out.outcome.result = SINK_UNTRIED;
	notice_settle(&notice, &keeper, &times);
	assert_int_equal(notice.attempts, 0);
	assert_int_equal(notice.due_at, NOW);
	assert_int_equal(notice.out.action, NOTICE_ACTIONS);
	assert_false(notice.said);
}

static void test_notice__muted_counts_as_told(void **state)
{
	struct notice notice = owed();
	instant due;

	(void)state;
	notice.out.action = notice_next(&notice, &forgetful, NOW, &due);
	notice_mute(&notice, &forgetful, &times);
	assert_int_equal(notice.result, NOTICE_MUTED);
	assert_true(notice.standing);
	assert_true(notice.said);
	assert_int_equal(notice.sent_n, 3);
	assert_int_equal(notice.due_at, NOW + INSTANT_MINUTE);
}
