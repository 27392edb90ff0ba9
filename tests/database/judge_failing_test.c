/* SPDX-License-Identifier: Apache-2.0 */
/* What happens where judging dies, fails, or is done by two at once. */
#include "agenda.h"
#include "journal.h"

#include "judging.h"

#define SCHEMA "test_judge_failing"
#define STATE "PO.2.1-s"
#define FRESH "PO.2.1-t"
#define ABORTING "PO.3.2-x"

/* Turns in a process of its own until it dies or nothing is due; true where
 * it died. */
static bool child_dies(struct bench *b)
{
	int state = 0;
	pid_t child = fork();

	if (child == 0) {
		struct judge *judge;
		struct reason reason = {0};
		size_t done = 1;

		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		judge = bench_judge(b, b->pack);
		while (done)
			if (judge_turn(judge, &done, &reason) != OK)
				_exit(3);
		judge_close(&judge);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &state, 0), child);
	if (WIFEXITED(state))
		assert_int_equal(WEXITSTATUS(state), 0);
	return WIFSIGNALED(state) && WTERMSIG(state) == SIGABRT;
}

static void test_judge_failing__three_deaths_park_a_pair(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	for (int i = 0; i < 5; i++) {
		char name[100];

		snprintf(name, sizeof(name), "%s-%d", GOOD, i);
		bench_change(&b, name, 1000 + i, "good");
	}
	bench_change(&b, BAD, 1000, "good");
	bench_change(&b, REPO, 1000, "good");
	assert_true(child_dies(&b));
	assert_true(child_dies(&b));
	assert_true(child_dies(&b));
	bench_expect(&b, ABORTING, BAD, "none");
	assert_false(child_dies(&b));
	bench_expect(&b, ABORTING, BAD, "error 1000");
	bench_expect(&b, ABORTING, GOOD "-0", "pass 1000");
	bench_expect(&b, ABORTING, GOOD "-4", "pass 1004");
	bench_expect(&b, STATE, REPO, "pass 1000");
	bench_expect_published(&b, ABORTING, BAD, "error+");
	assert_int_equal(
		db_number(b.pg, "SELECT count(*) FROM why WHERE parked IS NULL"
				" AND criterion = '" ABORTING
				"' AND record ->> 'summary' LIKE"
				" '%the process died 3 times%'"),
		1);
	/* New evidence does not kill anybody while it is parked. */
	bench_change(&b, BAD, 1100, "good");
	bench_change(&b, BAD, 900, "good");
	assert_false(child_dies(&b));
	bench_expect(&b, ABORTING, BAD, "error 900");
	/* Tried once more when its time has come. */
	bench_do(&b, "UPDATE judging SET parked_until = clock_timestamp();"
		     "UPDATE agenda SET not_before = clock_timestamp()");
	assert_true(child_dies(&b));
	assert_false(child_dies(&b));
	bench_expect(&b, ABORTING, BAD, "error 900");
	assert_int_equal(db_number(b.pg, "SELECT parked FROM judging"), 2);
	bench_end(&b);
}

static void test_judge_failing__another_pack_forgives(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack;
	struct judge *judge;

	(void)state;
	bench_now(&b, 2000);
	bench_change(&b, BAD, 1000, "good");
	for (int i = 0; i < 3; i++)
		assert_true(child_dies(&b));
	assert_false(child_dies(&b));
	bench_expect(&b, ABORTING, BAD, "error 1000");
	pack = bench_pack(STATE_ROW,
		"- id: PO.3.2-x\n  sentence: It does not die.\n"
		"  subject: host\n  severity: low\n  role: platform\n"
		"  rule: aborting\n  parameters: {when: nobody}\n");
	judge = bench_judge(&b, pack);
	bench_judge_all(judge);
	bench_expect(&b, ABORTING, BAD, "pass 1000");
	bench_expect_published(&b, ABORTING, BAD, "error+ pass-");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM judging"), 0);
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

/* A pair that cannot be judged is put off, and no other waits for it. */
static void test_judge_failing__five_failures_park_a_pair(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_change(&b, REPO "1", 1000, "bad");
	bench_do(&b, "UPDATE evidence SET data = '{'");
	bench_change(&b, REPO "2", 1000, "bad");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO "1", "none");
	bench_expect(&b, STATE, REPO "2", "fail 1000");
	for (int i = 1; i < 5; i++) {
		assert_int_equal(
			db_number(b.pg, "SELECT count(*) FROM agenda WHERE"
					" not_before > clock_timestamp()"),
			2);
		bench_do(&b, "UPDATE agenda SET not_before = '-infinity'");
		bench_turn(&b);
	}
	bench_expect(&b, STATE, REPO "1", "none");
	bench_do(&b, "UPDATE agenda SET not_before = '-infinity'");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO "1", "error 1000");
	/* It gets well by itself when it is tried again. */
	bench_do(&b, "UPDATE evidence SET data ="
		     " '{\"change\": {\"action\": \"bad\"}}';"
		     "UPDATE judging SET parked_until = clock_timestamp();"
		     "UPDATE agenda SET not_before = '-infinity'");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO "1", "fail 1000");
	bench_expect_published(&b, STATE, REPO "1", "error+ fail- fail+");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM judging"), 0);
	bench_end(&b);
}

#define LOST 20

static const char *lost_name(int number)
{
	static char name[100];

	snprintf(name, sizeof(name), REPO "%d", number);
	return name;
}

/* The server ends each session in the middle of a pair, and is not there when
 * the judge comes back: nobody has died of that, however often. */
static void test_judge_failing__a_lost_database_is_no_death(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct reason reason = {0};
	size_t done = 0;

	(void)state;
	for (int i = 0; i < LOST; i++)
		bench_change(&b, lost_name(i), 1000, "bad");
	bench_do(&b, "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS"
		     " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid());"
		     " RETURN NEW; END';"
		     "CREATE TRIGGER cut BEFORE INSERT ON verdict_history"
		     " EXECUTE FUNCTION cut()");
	for (int i = 0; i <= JOURNAL_DEATHS; i++) {
		assert_int_equal(judge_turn(b.judge, &done, &reason), RETRY);
		assert_true(db_number(b.pg, "SELECT count(*) FROM judging"
					    " WHERE deaths = 1") >= LOST);
		assert_int_equal(setenv("PGOPTIONS", "-c work_mem=no", 1), 0);
		assert_int_not_equal(judge_turn(b.judge, &done, &reason), OK);
		assert_int_equal(unsetenv("PGOPTIONS"), 0);
	}
	bench_do(&b, "DROP TRIGGER cut ON verdict_history");
	bench_turn(&b);
	for (int i = 0; i < LOST; i++)
		bench_expect(&b, STATE, lost_name(i), "fail 1000");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM judging"), 0);
	bench_end(&b);
}

static pid_t start_judging(struct bench *b)
{
	pid_t child = fork();

	if (child == 0) {
		struct judge *judge = bench_judge(b, b->pack);
		struct reason reason = {0};
		size_t done = 1;

		for (int idle = 0; idle < 20; idle += !done) {
			if (judge_turn(judge, &done, &reason) != OK)
				_exit(3);
			if (!done)
				clock_sleep(INSTANT_SECOND / 50);
		}
		judge_close(&judge);
		_exit(0);
	}
	return child;
}

#define SUBJECTS 40

static void test_judge_failing__two_judges_share_the_agenda(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	pid_t children[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		children[i] = start_judging(&b);
	for (int i = 0; i < 3 * SUBJECTS; i++) {
		char name[100];

		snprintf(name, sizeof(name), "%s%d", REPO, i % SUBJECTS);
		bench_change(&b, name, 1000 + 10 * (i / SUBJECTS),
			i / SUBJECTS == 1 ? "bad" : "good");
	}
	for (int i = 0; i < 3; i++) {
		int end = 0;

		assert_int_equal(waitpid(children[i], &end, 0), children[i]);
		assert_true(WIFEXITED(end));
		assert_int_equal(WEXITSTATUS(end), 0);
	}
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM state WHERE"
					 " criterion = '" STATE
					 "' AND verdict = 'pass'"),
		SUBJECTS);
	/* Versions of a key rise by one in the order in which they are sent. */
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM (SELECT (convert_from(value,"
			" 'UTF8')::jsonb -> 'version' ->> 'n')::int AS n,"
			" row_number() OVER (PARTITION BY key ORDER BY seq)"
			" AS wanted FROM outbox WHERE topic = 'test.verdicts')"
			" AS o WHERE n <> wanted"),
		0);
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM verdict_history WHERE"
			" known_until = 'infinity' AND criterion = '" STATE
			"'"),
		3 * SUBJECTS);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"
					 " WHERE NOT by_clock"),
		0);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM judging"), 0);
	bench_end(&b);
}

/* Another judge of `schema` that has claimed what is due there. */
static struct pg *claim_all(const char *schema, size_t wanted)
{
	const struct watermark watermark = {INT64_MIN, INSTANT_NEVER};
	const struct agenda_clock clock = {&watermark, NULL};
	struct arena *arena = arena_new(1 << 20);
	struct pg *pg = db_open(schema, "claims");
	struct agenda_pair *pairs = NULL;
	struct reason reason = {0};
	size_t count = 0;

	db_ok(agenda_claim(pg, arena, &clock, 10, &pairs, &count, &reason),
		&reason);
	assert_int_equal(count, wanted);
	arena_free(&arena);
	return pg;
}

#define OTHER SCHEMA "_other"
#define DUE                                                                    \
	"INSERT INTO agenda (criterion, subject, due_at, by_clock)"            \
	" VALUES ('" STATE "', '" REPO "', '2020-01-01', false)"

static void test_judge_failing__a_claim_is_its_schema_s_own(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pg *pg;

	(void)state;
	db_fresh(OTHER, "evaluator");
	pg = db_open(OTHER, "due");
	db_script(pg, DUE);
	pg_close(&pg);
	pg = claim_all(OTHER, 1);
	db_script(b.pg, DUE);
	bench_turn(&b);
	bench_expect(&b, STATE, REPO, "unknown 0");
	pg_close(&pg);
	db_script(b.pg, DUE);
	pg = claim_all(SCHEMA, 1);
	bench_turn(&b);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"), 1);
	pg_close(&pg); /* it dies, and gives back what it had */
	for (int i = 0; db_number(b.pg, "SELECT count(*) FROM agenda"); i++) {
		assert_true(i < 100);
		bench_turn(&b);
		clock_sleep(INSTANT_SECOND / 20);
	}
	db_drop(OTHER);
	bench_end(&b);
}

static void test_judge_failing__what_the_pack_drops_is_retired(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack = bench_pack(STATE_ROW, "");
	struct judge *judge;

	(void)state;
	bench_now(&b, 1500);
	bench_change(&b, REPO, 1000, "bad");
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "stale 1100");
	judge = bench_judge(&b, pack);
	bench_judge_all(judge);
	bench_expect(&b, FRESH, REPO, "not-applicable 1500");
	bench_expect(&b, STATE, REPO, "fail 1000");
	bench_expect_published(&b, FRESH, REPO, "stale+ not-applicable-");
	bench_expect_published(&b, STATE, REPO, "fail+");
	/* A process with the pack before stands by. */
	bench_change(&b, REPO, 1600, "good");
	{
		struct reason reason;
		size_t done;

		assert_int_equal(judge_turn(b.judge, &done, &reason), IGNORED);
	}
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

#define LABELLED_ROW                                                           \
	"- id: PO.2.1-s\n"                                                     \
	"  sentence: The newest change is good.\n"                             \
	"  subject: repo\n  severity: high\n  role: service-owner\n"           \
	"  applies: {field: label.service, equals: shop}\n"                    \
	"  rule: state\n  parameters:\n    evidence: change\n"                 \
	"    holds: {field: change.action, equals: good}\n"

static void test_judge_failing__other_labels_judge_anew(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack = bench_pack(LABELLED_ROW, "");
	struct judge *judge = bench_judge(&b, pack);

	(void)state;
	bench_change(&b, REPO, 1000, "bad");
	bench_subject(&b, REPO, 1000, "{\"service\": \"other\"}");
	bench_judge_all(judge);
	bench_expect(&b, STATE, REPO, "none");
	bench_change(&b, REPO, 1050, "bad"); /* and brings the label */
	bench_judge_all(judge);
	bench_expect(&b, STATE, REPO, "fail 1000");
	bench_subject(&b, REPO, 1000, "{\"service\": \"other\"}");
	bench_touch(&b, REPO, "change", 1060);
	bench_judge_all(judge);
	bench_expect(&b, STATE, REPO, "not-applicable 1000");
	bench_expect_published(&b, STATE, REPO, "fail+ not-applicable-");
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

#define BUILT_ROW                                                              \
	"- id: PO.2.1-b\n"                                                     \
	"  sentence: A deployment was reviewed.\n"                             \
	"  subject: service\n  severity: high\n  role: service-owner\n"        \
	"  in_use_by: built-from\n"                                            \
	"  rule: freshness\n"                                                  \
	"  parameters: {evidence: deployment, within: 7d}\n"

/* More neighbours than one part takes: none is left out. */
static void test_judge_failing__many_neighbours_come_in_parts(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack = bench_pack(BUILT_ROW, "");
	struct judge *judge = bench_judge(&b, pack);

	(void)state;
	bench_do(&b,
		"INSERT INTO relation SELECT 'default/service/prod/s' || n,"
		" 'built-from', '" REPO "', " TIME_SQL ", 'infinity', '\\x01'"
		" FROM generate_series(1, 450) AS n",
		1000);
	bench_touch(&b, REPO, "change", 1000);
	bench_judge_all(judge);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM state"), 450);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"), 0);
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}
