/* SPDX-License-Identifier: Apache-2.0 */
/* The judge on a real database: what is said, published and kept. */
#include "judging.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define SCHEMA "test_judge"
#define STATE "PO.2.1-s"
#define FRESH "PO.2.1-t"
#define SILENCE "PO.3.2-i"
#define ABORTING "PO.3.2-x"
#define USED "PO.3.2-u"

static void test_judge__publishes_each_transition_once(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1000);
	bench_change(&b, REPO, 1000, "good");
	bench_turn(&b);
	bench_change(&b, REPO, 1010, "bad");
	bench_turn(&b);
	bench_change(&b, REPO, 1020, "bad");
	bench_turn(&b);
	bench_change(&b, REPO, 1030, "good");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO, "pass 1030");
	bench_expect_published(&b, STATE, REPO, "pass fail+ pass-");
	assert_int_equal(
		db_number(b.pg, "SELECT count(*) FROM outbox a JOIN outbox b"
				" ON b.topic = 'test.state' AND a.value ="
				" b.value WHERE a.topic = 'test.verdicts'"),
		4); /* the other criterion passed once */
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"
					 " WHERE NOT by_clock"),
		0);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM judging"), 0);
	bench_end(&b);
}

static void test_judge__versions_rise_by_one(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	for (int i = 0; i < 6; i++) {
		bench_change(&b, REPO, 1000 + i, i % 2 ? "bad" : "good");
		bench_turn(&b);
	}
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM (SELECT (convert_from(value,"
			" 'UTF8')::jsonb -> 'version' ->> 'n')::int AS n,"
			" row_number() OVER (ORDER BY seq) AS wanted"
			" FROM outbox WHERE topic = 'test.state' AND"
			" convert_from(key, 'UTF8') = '" REPO " " STATE
			"') AS o WHERE n = wanted"),
		6);
	bench_end(&b);
}

static void test_judge__a_record_says_why(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_change(&b, REPO, 1000, "bad");
	bench_turn(&b);
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM why WHERE criterion = '" STATE
			"' AND record -> 'labels' ->> 'service' = 'shop'"
			" AND record ->> 'role' = 'service-owner'"
			" AND jsonb_array_length(record -> 'payloads') = 1"
			" AND record -> 'evidence' ->> 0 ="
			" evidence -> 0 ->> 'id'"
			" AND record -> 'payloads' ->> 0 ="
			" evidence -> 0 ->> 'payload'"
			" AND record -> 'episode' ->> 'kind' = 'fail'"
			" AND episodes -> 0 ->> 'id' ="
			" record -> 'episode' ->> 'id'"
			" AND history -> 0 ->> 'verdict' = 'fail'"
			" AND record ->> 'would_change' <> ''"),
		1);
	bench_end(&b);
}

static void test_judge__a_record_names_the_trace_of_what_decides(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_change(&b, REPO, 900, "good");
	bench_change(&b, REPO, 1000, "bad");
	bench_do(&b, "UPDATE evidence SET traceparent ="
		     " CASE WHEN data LIKE '%%bad%%' THEN '" TRACE "' END");
	bench_turn(&b);
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM why WHERE criterion = '" STATE
			"' AND record ->> 'traceparent' = '" TRACE "'"),
		1);
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM outbox WHERE topic ="
			" 'test.verdicts' AND '" TRACE "' = ANY (headers)"),
		1);
	/* What decides now came in no trace. */
	bench_change(&b, REPO, 1100, "good");
	bench_turn(&b);
	assert_int_equal(
		db_number(b.pg,
			"SELECT count(*) FROM why WHERE criterion = '" STATE
			"' AND record ? 'traceparent'"),
		0);
	bench_end(&b);
}

static void test_judge__time_alone_changes_it_when_it_is_due(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1050);
	bench_change(&b, REPO, 1000, "good");
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "pass 1000");
	bench_now(&b, 1099);
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "pass 1000");
	bench_now(&b, 1100);
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "stale 1100");
	bench_expect_published(&b, FRESH, REPO, "pass stale+");
	/* It was due at 1100, however late somebody looked. */
	bench_change(&b, REPO, 2000, "good");
	bench_turn(&b);
	bench_now(&b, 5000);
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "stale 2100");
	bench_expect_published(&b, FRESH, REPO, "pass stale+ pass- stale+");
	bench_end(&b);
}

static void test_judge__one_row_by_clock_for_each_pair(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1000);
	for (int i = 0; i < 10; i++) {
		bench_change(&b, REPO, 1000 + i, "good");
		bench_turn(&b);
	}
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"), 1);
	bench_now(&b, 1100);
	bench_turn(&b);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"), 1);
	bench_expect(&b, FRESH, REPO, "pass 1000");
	bench_now(&b, 1109);
	bench_turn(&b);
	bench_expect(&b, FRESH, REPO, "stale 1109");
	bench_end(&b);
}

static void test_judge__a_backlog_of_one_subject_is_judged_once(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct reason reason = {0};
	size_t done = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		bench_change(&b, REPO, 1199 - i, i % 2 ? "bad" : "good");
	db_ok(judge_turn(b.judge, &done, &reason), &reason);
	assert_int_equal(done, 1 + 2); /* one subject, two criteria */
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"
					 " WHERE NOT by_clock"),
		0);
	bench_expect(&b, STATE, REPO, "pass 1199");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM verdict_history"
					 " WHERE criterion = '" STATE "'"),
		200);
	bench_end(&b);
}

static void test_judge__an_episode_that_moves_keeps_its_id(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	char *id, *again;

	(void)state;
	bench_change(&b, REPO, 1000, "good");
	bench_change(&b, REPO, 1100, "bad");
	bench_turn(&b);
	id = db_value(b.pg,
		"SELECT episode FROM state WHERE criterion = '" STATE "'");
	bench_change(&b, REPO, 1050, "bad");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO, "fail 1050");
	again = db_value(b.pg,
		"SELECT episode FROM state WHERE criterion = '" STATE "'");
	assert_string_equal(again, id);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM episode"
					 " WHERE id <> true_id"),
		1);
	bench_expect_published(&b, STATE, REPO, "fail+ fail+");
	memory_free(id);
	memory_free(again);
	bench_end(&b);
}

static void test_judge__a_second_failure_is_another_episode(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_change(&b, REPO, 1000, "bad");
	bench_turn(&b);
	bench_change(&b, REPO, 1100, "good");
	bench_turn(&b);
	bench_change(&b, REPO, 1200, "bad");
	bench_turn(&b);
	bench_expect_published(&b, STATE, REPO, "fail+ pass- fail+");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM episode"), 2);
	bench_end(&b);
}

static void test_judge__a_failure_gone_stale_is_two_records(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack = bench_pack(
		STATE_ROW "    stale_after: 100s\n" FRESH_ROW, SILENCE_ROW);
	struct judge *judge = bench_judge(&b, pack);

	(void)state;
	bench_now(&b, 1000);
	bench_change(&b, REPO, 1000, "bad");
	bench_judge_all(judge);
	bench_now(&b, 1100);
	bench_judge_all(judge);
	bench_expect_published(&b, STATE, REPO, "fail+ stale- stale+");
	assert_int_equal(
		db_number(b.pg, "SELECT count(*) FROM episode WHERE closed"
				" = 'infinity' AND kind = 'doubt'"
				" AND criterion = '" STATE "'"),
		1);
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

#define DECLARED "{\"state\": \"declared\", \"interval_seconds\": 60}"
#define COUNTS "{\"state\": \"counts\", \"accepted\": 1}"

static void test_judge__a_silent_source_suppresses_what_follows(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1000);
	bench_put(&b, TOOL, "toolstate", "declared", 1000, DECLARED);
	bench_put(&b, TOOL, "toolstate", "counts", 1000, COUNTS);
	bench_change(&b, REPO, 1000, "good");
	bench_turn(&b);
	bench_now(&b, 1110);
	bench_turn(&b);
	bench_expect(&b, SILENCE, TOOL, "pass 1000");
	bench_expect(&b, FRESH, REPO, "stale 1100");
	bench_now(&b, 1120);
	bench_turn(&b);
	bench_expect(&b, SILENCE, TOOL, "fail 1120");
	bench_expect(&b, FRESH, REPO, "stale 1100!");
	assert_int_equal(
		db_number(b.pg, "SELECT count(*) FROM state WHERE"
				" suppressed_by = '" TOOL " " SILENCE "'"),
		1);
	bench_put(&b, TOOL, "toolstate", "counts", 1130, COUNTS);
	bench_turn(&b);
	bench_expect(&b, SILENCE, TOOL, "pass 1130");
	bench_expect(&b, FRESH, REPO, "stale 1100");
	bench_expect_published(&b, FRESH, REPO, "pass stale+ stale+! stale+");
	bench_end(&b);
}

static void test_judge__silence_waits_for_the_spool(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1000);
	bench_put(&b, TOOL, "toolstate", "declared", 1000, DECLARED);
	bench_put(&b, TOOL, "toolstate", "counts", 1000, COUNTS);
	bench_turn(&b);
	bench_do(&b, "UPDATE judge_now SET spool_oldest = " TIME_SQL, 1050);
	bench_now(&b, 2000);
	bench_turn(&b);
	bench_expect(&b, SILENCE, TOOL, "pass 1000");
	bench_do(&b, "UPDATE judge_now SET spool_oldest = 'infinity'");
	bench_turn(&b);
	bench_expect(&b, SILENCE, TOOL, "fail 1120");
	bench_end(&b);
}

static void relate(struct bench *b, int from, const char *until)
{
	bench_do(b,
		"INSERT INTO relation VALUES ('" SERVICE "', 'runs', '" IMAGE
		"', " TIME_SQL ", '%s', '\\x01') ON CONFLICT"
		" (subject, relation, other, valid_from) DO UPDATE SET"
		" valid_until = excluded.valid_until",
		from, until);
}

static void test_judge__neighbours_are_due_by_a_relation(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_now(&b, 1000);
	bench_put(&b, IMAGE, "scan", "scan", 1000, "{}");
	bench_turn(&b);
	bench_expect(&b, USED, IMAGE, "not-applicable 1000");
	relate(&b, 1010, "infinity");
	bench_put(&b, SERVICE, "deployment", "sync", 1010, "{}");
	bench_turn(&b);
	bench_expect(&b, USED, IMAGE, "pass 1010");
	relate(&b, 1010, "2020-01-01 00:20:00Z");
	bench_put(&b, SERVICE, "deployment", "sync", 1200, "{}");
	bench_turn(&b);
	bench_expect(&b, USED, IMAGE, "not-applicable 1200");
	bench_end(&b);
}

/* An image that came into use at 1000, and may take a hundred seconds to be
 * scanned first. */
static struct judge *settling_image(struct bench *b, struct pack **ret_pack)
{
	struct judge *judge;

	*ret_pack = bench_pack("",
		"- id: " USED "\n"
		"  sentence: What is in use is scanned.\n"
		"  subject: image\n  in_use_by: <runs\n"
		"  severity: high\n  role: service-owner\n"
		"  rule: freshness\n"
		"  parameters: {evidence: scan, within: 7d, settle: "
		"100s}\n");
	judge = bench_judge(b, *ret_pack);
	bench_now(b, 1000);
	relate(b, 1000, "infinity");
	bench_subject(b, IMAGE, 1000, "{}");
	bench_put(b, SERVICE, "deployment", "sync", 1000, "{}");
	bench_touch(b, IMAGE, "", 1000);
	bench_judge_all(judge);
	bench_expect(b, USED, IMAGE, "unknown 1000");
	bench_expect_published(b, USED, IMAGE, "unknown");
	return judge;
}

static void test_judge__what_settles_is_told_to_nobody(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack;
	struct judge *judge = settling_image(&b, &pack);

	(void)state;
	bench_put(&b, IMAGE, "scan", "scan", 1050, "{}");
	bench_judge_all(judge);
	bench_expect_published(&b, USED, IMAGE, "unknown pass");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM episode"), 0);
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

static void test_judge__what_never_came_is_told_once_settled(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *pack;
	struct judge *judge = settling_image(&b, &pack);

	(void)state;
	bench_now(&b, 1099);
	bench_judge_all(judge);
	bench_expect_published(&b, USED, IMAGE, "unknown");
	bench_now(&b, 1100);
	bench_judge_all(judge);
	bench_expect(&b, USED, IMAGE, "unknown 1100");
	bench_expect_published(&b, USED, IMAGE, "unknown unknown+");
	bench_put(&b, IMAGE, "scan", "scan", 1050, "{}"); /* late */
	bench_judge_all(judge);
	bench_expect_published(&b, USED, IMAGE, "unknown unknown+ pass-");
	judge_close(&judge);
	pack_free(&pack);
	bench_end(&b);
}

static void test_judge__begins_when_a_subject_was_first_seen(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_put(&b, REPO, "access", "role", 1050, "{}");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO, "unknown 1050");
	bench_put(&b, REPO, "access", "role", 1020, "{}");
	bench_turn(&b);
	bench_expect(&b, STATE, REPO, "unknown 1020");
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM episode"), 2);
	bench_end(&b);
}

static void test_judge__a_judge_starts_where_the_last_one_left(void **state)
{
	struct bench b = bench_begin(SCHEMA);

	(void)state;
	bench_change(&b, REPO, 1000, "good");
	bench_turn(&b);
	judge_close(&b.judge);
	b.judge = bench_judge(&b, b.pack);
	bench_turn(&b);
	bench_expect_published(&b, STATE, REPO, "pass");
	bench_change(&b, REPO, 1010, "bad");
	bench_turn(&b);
	bench_expect_published(&b, STATE, REPO, "pass fail+");
	bench_end(&b);
}
