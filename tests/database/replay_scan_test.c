/* SPDX-License-Identifier: Apache-2.0 */
/* Replays of scans: sets of parts that are not whole, and what a finding asks
 * for. */
#include "replaying.h"

#define SCHEMA "test_replay_scan"

/* All of what was true of the image, as hours and minutes of the day. */
static char *history_of_image(struct replay *r, const char *criterion)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
		"SELECT coalesce(string_agg(CASE WHEN settling THEN"
		" 'settling ' ELSE verdict || ' ' END ||"
		" to_char(true_from, 'HH24:MI:SS'), ', ' ORDER BY true_from),"
		" '') FROM verdict_history WHERE known_until = 'infinity'"
		" AND criterion = '%s' AND subject = '%s'",
		criterion, SAMPLE_IMAGE("a"));
	return db_value(r->bench.pg, sql);
}

static void expect_history(
	struct replay *r, const char *criterion, const char *wanted)
{
	char *got = history_of_image(r, criterion);

	assert_string_equal(got, wanted);
	memory_free(got);
}

/* Of both criteria that read what is not whole. */
static void expect_histories(struct replay *r, const char *wanted)
{
	expect_history(r, "PO.4.2-g", wanted);
	expect_history(r, "PO.3.2-a", wanted);
}

static void expect_summary(
	struct replay *r, const char *criterion, const char *wanted)
{
	char sql[600], *got;

	snprintf(sql, sizeof(sql),
		"SELECT summary || ' / ' || role FROM state"
		" WHERE criterion = '%s' AND subject = '%s'",
		criterion, SAMPLE_IMAGE("a"));
	got = db_value(r->bench.pg, sql);
	if (!strstr(got, wanted))
		fail_msg("%s: %s", criterion, got);
	memory_free(got);
}

/* One deployment at 8 and, from `at` on, a scan in two parts. */
static struct sample *scanned_in_parts(
	struct replay *r, int hour, const char *digest)
{
	const struct sample_scan scanned = {.word = "s",
		.subject = SAMPLE_IMAGE("a"),
		.at = SAMPLE_DAY + hour * INSTANT_HOUR,
		.findings = {"x:high ", "y:low "},
		.digest = digest};
	struct sample *sample = sample_new();

	replay_clear(r);
	replay_deploy_at(sample, "d", SAMPLE_IMAGE("a"), SAMPLE_DAY, 0);
	sample_scan_add(sample, &scanned);
	replay_move_now(r, SAMPLE_DAY);
	replay_take(r, sample->records, 1);
	bench_turn(&r->bench);
	return sample;
}

/* Until nothing can come any more it is no evidence of anything; then it is an
 * error of each criterion that reads scans; late all the same, it never was. */
static void test_replay_scan__a_gap_is_an_error_until_it_is_filled(void **state)
{
	struct replay r = replay_begin(SCHEMA);
	struct sample *sample = scanned_in_parts(&r, 1, NULL);

	(void)state;
	replay_take(&r, sample->records + 1, 1);
	replay_move_now(&r, SAMPLE_DAY + INSTANT_HOUR + INSTANT_MINUTE);
	bench_turn(&r.bench);
	expect_histories(&r, "settling 08:00:00, unknown 08:15:00");
	replay_move_now(&r, SAMPLE_DAY + INSTANT_HOUR + 2 * INSTANT_MINUTE);
	bench_turn(&r.bench);
	expect_histories(
		&r, "settling 08:00:00, unknown 08:15:00, error 09:01:01");
	expect_summary(&r, "PO.3.2-a",
		"of source-1, 2026-11-24T09:00:00Z, is not whole: part 2 of 2 "
		"never came / toolchain-owner");
	replay_take(&r, sample->records + 2, 1);
	bench_turn(&r.bench);
	expect_histories(
		&r, "settling 08:00:00, unknown 08:15:00, pass 09:00:00");
	sample_free(&sample);
	replay_end(&r);
}

static void test_replay_scan__contradictory_parts_are_an_error(void **state)
{
	struct replay r = replay_begin(SCHEMA);
	struct sample *sample = scanned_in_parts(&r, 1, NO_DIGEST);
	const struct sample_scan newer = {.word = "n",
		.subject = SAMPLE_IMAGE("a"),
		.at = SAMPLE_DAY + 2 * INSTANT_HOUR,
		.findings = {"x:high ", "y:low "}};

	(void)state;
	replay_take(&r, sample->records + 1, 2);
	replay_move_now(&r, SAMPLE_DAY + INSTANT_HOUR);
	bench_turn(&r.bench);
	expect_histories(
		&r, "settling 08:00:00, unknown 08:15:00, error 09:00:00");
	expect_summary(&r, "PO.4.2-g",
		"is not whole: its 2 parts are all there, and are not those "
		"that were made together");
	sample_scan_add(sample, &newer);
	replay_take(&r, sample->records + 3, 1);
	replay_move_now(&r, SAMPLE_DAY + 2 * INSTANT_HOUR);
	bench_turn(&r.bench);
	expect_histories(
		&r, "settling 08:00:00, unknown 08:15:00, error 09:00:00");
	replay_take(&r, sample->records + 4, 1);
	bench_turn(&r.bench);
	expect_histories(&r,
		"settling 08:00:00, unknown 08:15:00, error 09:00:00, pass "
		"10:00:00");
	sample_free(&sample);
	replay_end(&r);
}

/* Known to be exploited, and what runs it is said to be exposed or not. */
static void expect_case(
	struct replay *r, const char *exposed, int days, const char *wanted)
{
	const struct label labels[] = {{"service", "shop"},
		{"environment", "prod"}, {"exposed", exposed}};
	const struct related runs = {SAMPLE_IMAGE("a"), "runs"};
	struct sample *sample = sample_new();
	struct evidence deployed = sample_evidence(
		sample, "d", CLASS_DEPLOYMENT, SHOP, SAMPLE_DAY);
	const struct sample_scan scanned = {.word = "s",
		.subject = SAMPLE_IMAGE("a"),
		.at = SAMPLE_DAY,
		.findings = {"x:high "}};
	char *got;

	replay_clear(r);
	deployed.related = &runs;
	deployed.related_count = 1;
	deployed.labels = labels;
	deployed.label_count = 3;
	deployed.body_node = sample_body(sample, "{\"phase\":\"succeeded\"}");
	sample_add(sample, &deployed);
	sample_scan_add(sample, &scanned);
	replay_take(r, sample->records, 2);
	replay_move_now(r, SAMPLE_DAY + days * INSTANT_DAY);
	bench_turn(&r->bench);
	got = db_value(r->bench.pg,
		"SELECT verdict || ' ' || (record::json ->> 'case') FROM"
		" verdict WHERE criterion = 'PO.3.2-a'");
	assert_string_equal(got, wanted);
	memory_free(got);
	sample_free(&sample);
}

static void test_replay_scan__asking_for_triage_is_a_case_at_once(void **state)
{
	struct replay r = replay_begin(SCHEMA);

	(void)state;
	expect_case(&r, "true", 4, "fail at-once");
	expect_case(&r, "unknown", 15, "fail after");
	replay_end(&r);
}
