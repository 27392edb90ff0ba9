/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intake makes of scans: findings with the times they held, whatever
 * comes late, in parts or under a key that is too long.
 */
#include "intaking.h"

#define SCHEMA "test_intake_scan"

static void scan_at(struct sample *sample, const char *word, int hour,
	const char *findings, bool partial)
{
	const struct sample_scan scan = {.word = word,
		.subject = IMAGE_A,
		.at = SAMPLE_DAY + hour * INSTANT_HOUR,
		.partial = partial,
		.findings = {findings}};

	sample_scan_add(sample, &scan);
}

#define FINDINGS                                                               \
	"SELECT string_agg(concat_ws(' ', key, severity,"                      \
	" to_char(valid_from, 'HH24'), to_char(valid_until, 'HH24')), ', '"    \
	" ORDER BY key, valid_from) FROM finding"

static void assert_findings(struct bench *bench, const char *wanted)
{
	char *got = db_value(bench->owner, FINDINGS);

	assert_string_equal(got, wanted);
	memory_free(got);
}

static void test_intake_scan__resolves_what_it_does_not_show(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high y:low", false);
	scan_at(sample, "2", 2, "", true);
	scan_at(sample, "3", 3, "y:low z:low", false);
	scan_at(sample, "4", 4, "x:high y:low z:low", false);
	bench_take(&bench, sample->records, 1);
	assert_findings(&bench, "x high 09, y low 09");
	bench_take(&bench, sample->records + 1, 1);
	assert_findings(&bench, "x high 09, y low 09");
	bench_take(&bench, sample->records + 2, 2);
	assert_findings(&bench, "x high 09 11, x high 12, y low 09, z low 11");
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_scan__a_late_scan_is_put_in_its_place(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high", false);
	scan_at(sample, "4", 4, "x:high", false);
	scan_at(sample, "2", 2, "y:low", false);
	scan_at(sample, "3", 3, "z:low", true);
	bench_take(&bench, sample->records, 2);
	assert_findings(&bench, "x high 09");
	bench_take(&bench, sample->records + 2, 1);
	assert_findings(&bench, "x high 09 10, x high 12, y low 10 12");
	bench_take(&bench, sample->records + 3, 1);
	assert_findings(
		&bench, "x high 09 10, x high 12, y low 10 12, z low 11 12");
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_scan__a_finding_that_changes_is_a_new_row(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high", false);
	scan_at(sample, "2", 2, "x:high", false);
	scan_at(sample, "3", 3, "x:critical", false);
	scan_at(sample, "4", 4, "x:critical+", false);
	bench_take(&bench, sample->records, 4);
	assert_findings(
		&bench, "x high 09 11, x critical 11 12, x critical 12");
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_scan__parts_take_effect_when_all_are_there(void **state)
{
	const struct sample_scan scan = {.word = "s",
		.subject = IMAGE_A,
		.at = SAMPLE_DAY + INSTANT_HOUR,
		.findings = {"x:high", "y:low", "z:low"}};
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	sample_scan_add(sample, &scan);
	bench_take(&bench, sample->records + 2, 1);
	bench_take(&bench, sample->records, 1);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"),
		2);
	bench_take(&bench, sample->records + 1, 1);
	assert_findings(&bench, "x high 09, y low 09, z low 09");
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"),
		0);
	assert_int_equal(
		db_number(bench.owner, "SELECT cardinality(parts) FROM scan"),
		3);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_scan__parts_of_a_wrong_digest_do_nothing(void **state)
{
	const struct sample_scan scan = {.word = "s",
		.subject = IMAGE_A,
		.at = SAMPLE_DAY + INSTANT_HOUR,
		.findings = {"x:high", "y:low"},
		.digest = "sha256:00000000000000000000000000000000000000000000"
			  "00000000000000000000"};
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	sample_scan_add(sample, &scan);
	bench_take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM scan"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"
				       " WHERE wrong"),
		2);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_scan__a_long_key_is_shortened_not_refused(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	char words[2100];

	(void)state;
	memset(words, 'k', sizeof(words));
	snprintf(words + 2000, sizeof(words) - 2000, ":high");
	scan_at(sample, "1", 1, arena_string(sample->arena, words), false);
	scan_at(sample, "2", 2, words, false);
	bench_take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT max(length(key)) FROM finding"),
		800);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 1);
	sample_free(&sample);
	bench_end(&bench);
}
