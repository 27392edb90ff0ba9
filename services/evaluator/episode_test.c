/* SPDX-License-Identifier: Apache-2.0 */
#include "episode.h"

#include "base/testing.h"

#define AT(second) ((instant)(second)*INSTANT_SECOND)

static struct history_change history(
	const struct history_row *rows, size_t count)
{
	return (struct history_change){.rows = rows, .count = count};
}

static struct history_row row(int from, int until, enum verdict verdict)
{
	return (struct history_row){.from = AT(from),
		.until = until ? AT(until) : INSTANT_NEVER,
		.verdict = verdict,
		.summary = "",
		.deciding = "[]"};
}

static void test_episode__every_kind_and_verdict_has_its_line(void **state)
{
	(void)state;
	for (int kind = EPISODE_NONE; kind <= EPISODE_DOUBT; kind++)
		for (int verdict = 0; verdict < VERDICTS; verdict++) {
			enum episode_kind wanted =
				episode_kind_of((enum verdict)verdict);
			enum episode_action action = episode_act(
				(enum episode_kind)kind, (enum verdict)verdict);

			assert_non_null(episode_cause((enum episode_kind)kind,
				(enum verdict)verdict));
			assert_int_equal(action,
				(int)wanted == kind      ? EPISODE_STAY
				: kind == EPISODE_NONE   ? EPISODE_OPEN
				: wanted == EPISODE_NONE ? EPISODE_CLOSE
							 : EPISODE_TURN);
		}
}

static void test_episode__opens_with_the_first_that_is_not_good(void **state)
{
	const struct history_row rows[] = {row(10, 0, VERDICT_UNKNOWN)};
	struct history_change h = history(rows, 1);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_NONE, 0, &h, &move);
	assert_true(move.open && !move.close && !move.moved);
	assert_int_equal(move.opened, AT(10));
}

static void test_episode__what_settles_opens_none_before_it_has(void **state)
{
	struct history_row rows[] = {
		row(10, 0, VERDICT_UNKNOWN), row(20, 0, VERDICT_UNKNOWN)};
	struct history_change h = history(rows, 1);
	struct episode_move move;

	(void)state;
	rows[0].settling = true;
	episode_follow(EPISODE_NONE, 0, &h, &move);
	assert_false(move.open || move.close || move.moved);
	rows[0].until = rows[1].from;
	h = history(rows, 2);
	episode_follow(EPISODE_NONE, 0, &h, &move);
	assert_true(move.open && !move.close);
	assert_int_equal(move.opened, AT(20));
	/* One that was opened for what is now known to settle never was. */
	h = history(rows, 1);
	episode_follow(EPISODE_DOUBT, AT(10), &h, &move);
	assert_true(move.close && !move.open);
}

static void test_episode__good_opens_none(void **state)
{
	const struct history_row rows[] = {
		row(10, 20, VERDICT_FAIL), row(20, 0, VERDICT_EXCEPTED)};
	struct history_change h = history(rows, 2);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_NONE, 0, &h, &move);
	assert_false(move.open || move.close || move.moved);
}

static void test_episode__closes_when_its_run_ends(void **state)
{
	const struct history_row rows[] = {
		row(10, 20, VERDICT_FAIL), row(20, 0, VERDICT_PASS)};
	struct history_change h = history(rows, 2);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.close && !move.open);
	assert_int_equal(move.closed, AT(20));
	assert_ptr_equal(move.ended_by, &rows[1]);
}

static void test_episode__doubt_goes_on_by_another_name(void **state)
{
	const struct history_row rows[] = {row(10, 20, VERDICT_UNKNOWN),
		row(20, 30, VERDICT_STALE), row(30, 0, VERDICT_ERROR)};
	struct history_change h = history(rows, 3);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_DOUBT, AT(10), &h, &move);
	assert_false(move.open || move.close || move.moved);
	episode_follow(EPISODE_NONE, 0, &h, &move);
	assert_true(move.open);
	assert_int_equal(move.opened, AT(10));
}

static void test_episode__a_failure_that_goes_stale_turns(void **state)
{
	const struct history_row rows[] = {
		row(10, 20, VERDICT_FAIL), row(20, 0, VERDICT_STALE)};
	struct history_change h = history(rows, 2);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.close && move.open);
	assert_int_equal(move.closed, AT(20));
	assert_int_equal(move.opened, AT(20));
}

static void test_episode__follows_its_run_to_an_earlier_start(void **state)
{
	const struct history_row rows[] = {
		row(1, 5, VERDICT_PASS), row(5, 0, VERDICT_FAIL)};
	struct history_change h = history(rows, 2);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.moved && !move.open && !move.close);
	assert_int_equal(move.opened, AT(5));
}

static void test_episode__takes_the_next_run_if_its_own_is_gone(void **state)
{
	const struct history_row rows[] = {row(1, 5, VERDICT_FAIL),
		row(5, 30, VERDICT_PASS), row(30, 0, VERDICT_FAIL)};
	struct history_change h = history(rows, 3);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.moved && !move.open && !move.close);
	assert_int_equal(move.opened, AT(30));
}

static void test_episode__a_second_failure_is_another_episode(void **state)
{
	const struct history_row rows[] = {row(10, 20, VERDICT_FAIL),
		row(20, 30, VERDICT_PASS), row(30, 0, VERDICT_FAIL)};
	struct history_change h = history(rows, 3);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.close && move.open);
	assert_int_equal(move.closed, AT(20));
	assert_int_equal(move.opened, AT(30));
	assert_ptr_equal(move.ended_by, &rows[1]);
}

static void test_episode__one_that_never_was_closes_at_its_start(void **state)
{
	const struct history_row rows[] = {row(1, 0, VERDICT_PASS)};
	struct history_change h = history(rows, 1);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.close && !move.open);
	assert_int_equal(move.closed, AT(10));
	assert_null(move.ended_by);
}

static void test_episode__nothing_said_any_more_closes(void **state)
{
	const struct history_row rows[] = {row(10, 20, VERDICT_FAIL)};
	struct history_change h = history(rows, 1);
	struct episode_move move;

	(void)state;
	episode_follow(EPISODE_FAIL, AT(10), &h, &move);
	assert_true(move.close && !move.open);
	assert_int_equal(move.closed, AT(20));
}
