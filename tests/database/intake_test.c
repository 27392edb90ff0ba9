/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intake takes, counts, refuses and keeps of single pieces of evidence,
 * as the service's own role.
 */
#include "intaking.h"

#define SCHEMA "test_intake"

static void change(struct sample *sample, const char *action,
	const char *adapter, const char *label, instant recorded)
{
	struct evidence evidence = sample_evidence(
		sample, "the same", CLASS_CHANGE, SERVICE_SHOP, SAMPLE_DAY);
	const struct label labels[] = {{"service", label}};
	char body[60];

	snprintf(body, sizeof(body), "{\"action\":\"%s\"}", action);
	evidence.body_node = sample_body(sample, body);
	evidence.adapter = adapter;
	evidence.labels = labels;
	evidence.label_count = 1;
	evidence.recorded_time = recorded;
	evidence.delivery_id =
		arena_printf(sample->arena, "%032llx", (long long)recorded);
	sample_add(sample, &evidence);
}

static void test_intake__one_id_with_two_contents_is_a_conflict(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	char *data;

	(void)state;
	change(sample, "push", "tool/1", "a", SAMPLE_DAY);
	/* A sender's retry: a conflict it is not. */
	change(sample, "push", "tool/1", "a", SAMPLE_DAY + INSTANT_MINUTE);
	change(sample, "tag", "tool/1", "a", SAMPLE_DAY);
	change(sample, "tag", "tool/2", "a", SAMPLE_DAY);
	change(sample, "tag", "tool/1", "b", SAMPLE_DAY);
	bench_take(&bench, sample->records, 3); /* within a batch */
	bench_take(&bench, sample->records + 1, 4);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 1);
	data = db_value(bench.owner, "SELECT data FROM evidence");
	assert_non_null(strstr(data, "push"));
	memory_free(data);
	assert_int_equal(db_number(bench.owner,
				 "SELECT count(*) FROM evidence_conflict"),
		1);
	assert_int_equal(
		metric_value(bench.metrics, METER_NOT_TAKEN, "conflict"), 2);
	assert_int_equal(
		metric_value(bench.metrics, METER_NOT_TAKEN, "repeat"), 2);
	assert_int_equal(
		metric_value(bench.metrics, METER_NOT_TAKEN, "differs"), 2);
	sample_free(&sample);
	bench_end(&bench);
}

static void at_time(struct sample *sample, const char *word, instant at)
{
	struct evidence evidence =
		sample_evidence(sample, word, CLASS_CHANGE, SERVICE_SHOP, at);

	evidence.body_node = sample_body(sample, "{\"action\":\"push\"}");
	sample_add(sample, &evidence);
}

static void test_intake__makes_the_months_it_needs(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	at_time(sample, "a", SAMPLE_DAY);
	at_time(sample, "b", SAMPLE_DAY - 31 * INSTANT_DAY);
	at_time(sample, "c", SAMPLE_DAY - 62 * INSTANT_DAY);
	at_time(sample, "d", SAMPLE_DAY - 24 * INSTANT_HOUR * 54);
	bench_take(&bench, sample->records, 2);
	bench_take(&bench, sample->records + 2, 2);
	assert_int_equal(db_number(bench.owner,
				 "SELECT count(*) FROM pg_inherits"
				 " WHERE inhparent = 'evidence'::regclass"),
		3);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 4);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake__skips_what_is_older_than_retention(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	at_time(sample, "a", SAMPLE_DAY - 500 * INSTANT_DAY);
	at_time(sample, "b", SAMPLE_DAY);
	bench_take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 1);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence_seen"),
		1);
	assert_int_equal(
		metric_value(bench.metrics, METER_NOT_TAKEN, "retired"), 1);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake__names_the_record_that_is_malformed(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	struct reason reason = {0};
	size_t culprit = 99;

	(void)state;
	at_time(sample, "a", SAMPLE_DAY);
	at_time(sample, "b", SAMPLE_DAY);
	at_time(sample, "c", SAMPLE_DAY + 3 * INSTANT_DAY);
	sample->records[1].value = "{\"source\": 1}";
	sample->records[1].value_length = strlen(sample->records[1].value);
	assert_int_equal(
		bench_apply(&bench, sample->records, 2, &culprit, &reason),
		REJECT);
	assert_int_equal(culprit, 1);
	assert_string_equal(reason.place, "$.source");
	/* The edge's clock was days ahead. */
	assert_int_equal(
		bench_apply(&bench, sample->records + 2, 1, &culprit, &reason),
		REJECT);
	assert_int_equal(culprit, 0);
	assert_string_equal(reason.place, "$.recorded_time");
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 0);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake__halts_at_a_version_it_does_not_know(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	struct kafka_header headers[30];
	struct kafka_record *record;
	struct reason reason = {0};
	size_t culprit = 99;

	(void)state;
	at_time(sample, "a", SAMPLE_DAY);
	record = &sample->records[0];
	memcpy(headers, record->headers,
		record->header_count * sizeof(*headers));
	for (size_t i = 0; i < record->header_count; i++)
		if (strcmp(headers[i].name, "ce_type") == 0) {
			headers[i].value = "dev.postern.evidence.change.v2";
			headers[i].length = strlen(headers[i].value);
		}
	record->headers = headers;
	record->offset = 17;
	assert_int_equal(
		bench_apply(&bench, record, 1, &culprit, &reason), RETRY);
	assert_non_null(strstr(reason.place, "offset 17"));
	sample_free(&sample);
	bench_end(&bench);
}

static void labelled(
	struct sample *sample, const char *word, instant at, const char *label)
{
	struct evidence evidence =
		sample_evidence(sample, word, CLASS_CHANGE, SERVICE_SHOP, at);
	const struct label labels[] = {{"service", label}};

	evidence.body_node = sample_body(sample, "{\"action\":\"push\"}");
	evidence.labels = labels;
	evidence.label_count = label ? 1 : 0;
	sample_add(sample, &evidence);
}

static void test_intake__labels_are_of_the_newest_that_has_any(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	char *labels;

	(void)state;
	labelled(sample, "1", SAMPLE_DAY, "old");
	labelled(sample, "3", SAMPLE_DAY + 2 * INSTANT_HOUR, "new");
	labelled(sample, "2", SAMPLE_DAY + INSTANT_HOUR, "late");
	labelled(sample, "4", SAMPLE_DAY + 3 * INSTANT_HOUR, NULL);
	for (size_t i = 0; i < 4; i++)
		bench_take(&bench, sample->records + i, 1);
	labels = db_value(bench.owner, "SELECT labels ->> 'service' ||"
				       " to_char(first_seen, ' HH24') ||"
				       " to_char(last_seen, ' HH24')"
				       " FROM subject");
	assert_string_equal(labels, "new 08 11");
	memory_free(labels);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake__punctuation_never_goes_back(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	char *got;

	(void)state;
	sample_punctuation(sample, 0, SAMPLE_DAY + INSTANT_HOUR, INSTANT_NEVER);
	sample_punctuation(sample, 1, SAMPLE_DAY, SAMPLE_DAY - INSTANT_HOUR);
	sample_punctuation(sample, 0, SAMPLE_DAY, SAMPLE_DAY);
	bench_take(&bench, sample->records, 2);
	bench_take(&bench, sample->records + 2, 1);
	got = db_value(bench.owner,
		"SELECT string_agg(concat_ws(' ', part, deliveries,"
		" to_char(received_to, 'HH24'), to_char(spool_oldest, 'HH24')),"
		" ', ' ORDER BY deliveries) FROM punctuation");
	assert_string_equal(got, "0 0 09, 0 1 08 07");
	memory_free(got);
	sample_free(&sample);
	bench_end(&bench);
}
