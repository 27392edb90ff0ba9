/* SPDX-License-Identifier: Apache-2.0 */
/* The judge on a real database: what it comes to is no matter of the order in
 * which evidence arrives. */
#include "judging.h"

#define SCHEMA "test_judge_order"
#define STATE "PO.2.1-s"
#define FRESH "PO.2.1-t"

struct piece {
	int second;
	const char *action;
};
static const struct piece pieces[] = {{1000, "good"}, {1020, "bad"},
	{1040, "bad"}, {1060, "good"}, {1400, "bad"}, {1410, "good"},
	{1700, "bad"}};
#define PIECES (sizeof(pieces) / sizeof(*pieces))

static void shuffle(size_t order[PIECES], unsigned *seed)
{
	for (size_t i = 0; i < PIECES; i++)
		order[i] = i;
	for (size_t i = PIECES - 1; i > 0; i--) {
		size_t j = (size_t)rand_r(seed) % (i + 1), kept = order[i];

		order[i] = order[j];
		order[j] = kept;
	}
}

/* What is true when, of pieces that come as they happen. */
static char *judge_in_order(struct bench *b)
{
	for (size_t i = 0; i < PIECES; i++) {
		bench_now(b, pieces[i].second);
		bench_change(b, REPO, pieces[i].second, pieces[i].action);
		bench_turn(b);
	}
	bench_now(b, 3000);
	bench_turn(b);
	return bench_history(b);
}

/* The same of pieces that come in any order, while time moves and the judge
 * works now and then. */
static char *judge_in_disorder(struct bench *b, unsigned *seed)
{
	size_t order[PIECES];
	int now = 900;

	bench_clear(b);
	shuffle(order, seed);
	for (size_t i = 0; i < PIECES; i++) {
		const struct piece *piece = &pieces[order[i]];

		bench_change(b, REPO, piece->second, piece->action);
		now += rand_r(seed) % 200;
		if (rand_r(seed) % 2)
			bench_now(b, now);
		if (rand_r(seed) % 3)
			bench_turn(b);
	}
	bench_now(b, 3000);
	bench_turn(b);
	return bench_history(b);
}

/* One open episode of each criterion, in the record as in its table. */
static void expect_an_open_episode_each(struct bench *b)
{
	assert_int_equal(
		db_number(b->pg,
			"SELECT count(*) FROM state s JOIN episode e ON"
			" encode(e.id, 'hex') = s.episode AND e.opened"
			" = s.since AND e.closed = 'infinity'"),
		2);
	assert_int_equal(db_number(b->pg, "SELECT count(*) FROM episode"
					  " WHERE closed = 'infinity'"),
		2);
}

static void expect_no_overlap_of_what_is_thought_now(struct bench *b)
{
	assert_int_equal(
		db_number(b->pg, "SELECT count(*) FROM verdict_history a JOIN"
				 " verdict_history b USING (criterion, subject)"
				 " WHERE a.known_until = 'infinity'"
				 " AND b.known_until = 'infinity'"
				 " AND a.true_from < b.true_from"
				 " AND a.true_until > b.true_from"),
		0);
}

/* In whatever order evidence comes and however time moves meanwhile, what was
 * true when is the same in the end, and no fact is told of twice. */
static void test_judge_order__of_arrival_changes_nothing(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	unsigned seed = 7;
	char *wanted = judge_in_order(&b);

	(void)state;
	assert_string_equal(wanted, STATE
		" " REPO " pass 1000-1020, " STATE " " REPO
		" fail 1020-1060, " STATE " " REPO " pass 1060-1400, " STATE
		" " REPO " fail 1400-1410, " STATE " " REPO
		" pass 1410-1700, " STATE " " REPO " fail 1700-now, " FRESH
		" " REPO " pass 1000-1160, " FRESH " " REPO
		" stale 1160-1400, " FRESH " " REPO " pass 1400-1510, " FRESH
		" " REPO " stale 1510-1700, " FRESH " " REPO
		" pass 1700-1800, " FRESH " " REPO " stale 1800-now");
	for (int round = 0; round < 10; round++) {
		char *got = judge_in_disorder(&b, &seed);

		assert_string_equal(got, wanted);
		memory_free(got);
		bench_expect(&b, STATE, REPO, "fail 1700");
		bench_expect(&b, FRESH, REPO, "stale 1800");
		expect_an_open_episode_each(&b);
		expect_no_overlap_of_what_is_thought_now(&b);
	}
	memory_free(wanted);
	bench_end(&b);
}
