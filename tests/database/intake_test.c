/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intake leaves in the tables, as the service's own role: the same for
 * any order of arrival and any batch size.
 */
#include "intake.h"

#include "base/log.h"

#include "database.h"
#include "evidence_sample.h"
#include "meters.h"

#define SCHEMA "test_intake"
#define SERVICE_SHOP "default/service/prod/shop"
#define IMAGE_A SAMPLE_IMAGE("a")
#define IMAGE_B SAMPLE_IMAGE("b")

static struct clock held;

struct bench {
	struct pg *owner; /* looks and clears */
	struct pg *pg;    /* the service */
	struct arena *arena;
	struct intake *intake;
	struct metrics *metrics;
};

static struct bench open_bench(void)
{
	struct bench bench = {
		.arena = arena_new(64 << 20), .metrics = meters_new()};
	struct intake_settings settings = {
		.clock = &held, .retention = 400 * INSTANT_DAY};

	log_setup(LOG_ERROR, false);
	held = clock_held(SAMPLE_DAY + INSTANT_DAY);
	settings.metrics = bench.metrics;
	db_fresh(SCHEMA, "evaluator");
	bench.owner = db_open(SCHEMA, "intake_test");
	bench.pg = db_open(SCHEMA, "intake_test");
	db_script(bench.pg, "SET ROLE postern_evaluator");
	bench.intake = intake_new(&settings);
	return bench;
}

static void close_bench(struct bench *bench)
{
	intake_free(&bench->intake);
	metrics_free(&bench->metrics);
	arena_free(&bench->arena);
	pg_close(&bench->owner);
	pg_close(&bench->pg);
	db_drop(SCHEMA);
}

static enum status apply(struct bench *bench, struct kafka_record *records,
	size_t count, size_t *culprit, struct reason *reason)
{
	struct kafka_batch batch = {.topic = "postern.evidence",
		.partition = 0,
		.records = records,
		.count = count};
	enum status status;

	arena_reset(bench->arena);
	db_ok(pg_begin(bench->pg, reason), reason);
	status = intake_apply(bench->intake, bench->pg, bench->arena, &batch,
		culprit, reason);
	if (status == OK)
		status = pg_commit(bench->pg, reason);
	else
		pg_rollback(bench->pg);
	if (status == OK)
		intake_committed(bench->intake, &batch);
	return status;
}

static void take(
	struct bench *bench, struct kafka_record *records, size_t count)
{
	struct reason reason = {0};
	size_t culprit = 0;

	db_ok(apply(bench, records, count, &culprit, &reason), &reason);
}

static void clear(struct bench *bench)
{
	db_script(bench->owner,
		"TRUNCATE evidence, evidence_seen, evidence_line,"
		" evidence_conflict, subject, relation, relation_statement,"
		" scan, finding, snapshot_part, declaration, "
		"declaration_statement, punctuation, agenda");
}

#define ALL_OF(table)                                                          \
	"(SELECT '" table ":' || coalesce(string_agg(t::text, E'\\n'"          \
	" ORDER BY t::text), '') || E'\\n' FROM " table " t)"

/* Every row that intake writes, in an order of its own. Of the agenda, which
 * is handed on per batch, what it amounts to. */
static char *dump(struct bench *bench)
{
	return db_value(bench->owner,
		/* clang-format off */
		"SELECT concat("
		ALL_OF("evidence") ","
		ALL_OF("evidence_line") ","
		ALL_OF("evidence_seen") ","
		ALL_OF("subject") ","
		ALL_OF("relation") ","
		ALL_OF("relation_statement") ","
		ALL_OF("scan") ","
		ALL_OF("finding") ","
		ALL_OF("snapshot_part") ","
		ALL_OF("punctuation") ","
		"(SELECT string_agg(a::text, E'\\n' ORDER BY a::text) FROM"
		" (SELECT subject, class, min(due_at) FROM agenda WHERE"
		" criterion = '' AND NOT by_clock GROUP BY subject, class) a))"
		/* clang-format on */
	);
}

static uint64_t seed;

static unsigned random_below(unsigned limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % limit;
}

static instant random_time(void)
{
	return SAMPLE_DAY + (instant)random_below(12) * INSTANT_HOUR;
}

static const char *random_subject(void)
{
	static const char *const subjects[] = {
		SERVICE_SHOP, "default/service/prod/pay", IMAGE_A, IMAGE_B};

	return subjects[random_below(4)];
}

static const char *random_findings(struct sample *sample)
{
	static const char *const words[] = {"x:high ", "x:low ", "x:high+ ",
		"y:critical ", "z:medium ", "w:low "};
	char text[100] = "";

	for (int i = 0; i < 6; i++)
		if (random_below(3) == 0)
			snprintf(text + strlen(text),
				sizeof(text) - strlen(text), "%s", words[i]);
	return arena_string(sample->arena, text);
}

static void random_scan(struct sample *sample, const char *word)
{
	struct sample_scan scan = {.word = word,
		.subject = random_below(2) ? IMAGE_A : IMAGE_B,
		.target = random_below(4) ? NULL : "os",
		.at = random_time(),
		.partial = random_below(4) == 0};
	unsigned parts = random_below(3) ? 1 : 2 + random_below(2);

	for (unsigned i = 0; i < parts; i++)
		scan.findings[i] = random_findings(sample);
	if (parts > 1 && random_below(6) == 0)
		scan.digest = "sha256:0000000000000000000000000000000000000000"
			      "000000000000000000000000";
	sample_scan_add(sample, &scan);
}

static void random_deployment(struct sample *sample, const char *word)
{
	static const char *const others[] = {
		IMAGE_A, IMAGE_B, SAMPLE_IMAGE("c"), SAMPLE_IMAGE("d")};
	struct evidence evidence = sample_evidence(sample, word,
		CLASS_DEPLOYMENT,
		random_below(2) ? SERVICE_SHOP : "default/service/prod/pay",
		random_time());
	struct related *related =
		arena_array(sample->arena, 5, sizeof(*related));
	struct label labels[2] = {{"service", "shop"}, {"environment", word}};
	size_t count = 0;

	for (int i = 0; i < 4; i++)
		if (random_below(2))
			related[count++] = (struct related){others[i], "runs"};
	if (random_below(2))
		related[count++] = (struct related){
			"default/repo/github.com/acme/shop", "built-from"};
	evidence.related = related;
	evidence.related_count = count;
	evidence.labels = labels;
	evidence.label_count = random_below(3);
	if (random_below(4) == 0)
		evidence.unmapped = "no rule maps it";
	evidence.body_node = sample_body(sample, "{\"phase\":\"succeeded\"}");
	sample_add(sample, &evidence);
}

static void random_other(struct sample *sample, const char *word)
{
	struct evidence evidence = sample_evidence(sample, word, CLASS_CHANGE,
		random_subject(), random_time() - 40 * INSTANT_DAY);

	evidence.body_node = sample_body(sample, "{\"action\":\"push\"}");
	sample_add(sample, &evidence);
}

static void random_world(struct sample *sample)
{
	for (int i = 0; i < 30; i++) {
		const char *word = arena_printf(sample->arena, "e%d", i);

		switch (random_below(4)) {
		case 0:
		case 1:
			random_scan(sample, word);
			break;
		case 2:
			random_deployment(sample, word);
			break;
		default:
			random_other(sample, word);
		}
		if (random_below(4) == 0)
			sample_punctuation(sample, (int)random_below(3),
				random_time(),
				random_below(2) ? INSTANT_NEVER
						: random_time());
	}
}

static void shuffle(struct kafka_record *records, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = random_below((unsigned)i);
		struct kafka_record swapped = records[i - 1];

		records[i - 1] = records[j];
		records[j] = swapped;
	}
}

static void take_in_batches(
	struct bench *bench, struct sample *sample, unsigned most)
{
	for (size_t i = 0; i < sample->count;) {
		size_t n = 1 + random_below(most);

		if (n > sample->count - i)
			n = sample->count - i;
		take(bench, sample->records + i, n);
		i += n;
	}
}

static void test_intake__is_the_same_for_any_order_and_batch(void **state)
{
	struct bench bench = open_bench();

	(void)state;
	seed = 20261127;
	for (int world = 0; world < 6; world++) {
		struct sample *sample = sample_new();
		char *wanted, *got;

		random_world(sample);
		clear(&bench);
		take(&bench, sample->records, sample->count);
		wanted = dump(&bench);
		assert_true(db_number(bench.owner,
				    "SELECT count(*) FROM finding") > 0);
		assert_true(db_number(bench.owner,
				    "SELECT count(*) FROM relation") > 0);
		for (unsigned turn = 0; turn < 6; turn++) {
			shuffle(sample->records, sample->count);
			clear(&bench);
			take_in_batches(&bench, sample,
				turn == 0 ? 1 : (unsigned)sample->count / 2);
			got = dump(&bench);
			if (strcmp(got, wanted) != 0)
				fail_msg("world %d turn %u:\n%s\nis\n%s", world,
					turn, wanted, got);
			memory_free(got);
		}
		memory_free(wanted);
		sample_free(&sample);
	}
	close_bench(&bench);
}

static void test_intake__a_batch_that_comes_again_changes_nothing(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	char *once, *twice;
	int64_t agenda;

	(void)state;
	seed = 7;
	random_world(sample);
	take(&bench, sample->records, sample->count);
	once = dump(&bench);
	agenda = db_number(bench.owner, "SELECT count(*) FROM agenda");
	take(&bench, sample->records, sample->count);
	twice = dump(&bench);
	assert_string_equal(once, twice);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM agenda"), agenda);
	assert_int_equal(metric_value(bench.metrics, METER_NOT_TAKEN, "repeat"),
		db_number(bench.owner, "SELECT count(*) FROM evidence"));
	memory_free(once);
	memory_free(twice);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__a_rolled_back_batch_leaves_nothing(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	struct reason reason = {0};
	struct kafka_batch batch = {.topic = "postern.evidence"};
	size_t culprit = 0;
	char *after, *before;

	(void)state;
	seed = 8;
	random_world(sample);
	before = dump(&bench);
	batch.records = sample->records;
	batch.count = sample->count;
	db_ok(pg_begin(bench.pg, &reason), &reason);
	db_ok(intake_apply(bench.intake, bench.pg, bench.arena, &batch,
		      &culprit, &reason),
		&reason);
	pg_rollback(bench.pg);
	after = dump(&bench);
	assert_string_equal(before, after);
	take(&bench, sample->records, sample->count);
	assert_int_equal(metric_value(bench.metrics, METER_TAKEN, "scan"),
		db_number(bench.owner,
			"SELECT count(*) FROM evidence WHERE class = 'scan'"));
	memory_free(before);
	memory_free(after);
	sample_free(&sample);
	close_bench(&bench);
}

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

static void test_intake__a_scan_resolves_what_it_does_not_show(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high y:low", false);
	scan_at(sample, "2", 2, "", true);
	scan_at(sample, "3", 3, "y:low z:low", false);
	scan_at(sample, "4", 4, "x:high y:low z:low", false);
	take(&bench, sample->records, 1);
	assert_findings(&bench, "x high 09, y low 09");
	take(&bench, sample->records + 1, 1);
	assert_findings(&bench, "x high 09, y low 09");
	take(&bench, sample->records + 2, 2);
	assert_findings(&bench, "x high 09 11, x high 12, y low 09, z low 11");
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__a_late_scan_is_put_in_its_place(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high", false);
	scan_at(sample, "4", 4, "x:high", false);
	scan_at(sample, "2", 2, "y:low", false);
	scan_at(sample, "3", 3, "z:low", true);
	take(&bench, sample->records, 2);
	assert_findings(&bench, "x high 09");
	take(&bench, sample->records + 2, 1);
	assert_findings(&bench, "x high 09 10, x high 12, y low 10 12");
	take(&bench, sample->records + 3, 1);
	assert_findings(
		&bench, "x high 09 10, x high 12, y low 10 12, z low 11 12");
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__a_finding_that_changes_is_a_new_row(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	scan_at(sample, "1", 1, "x:high", false);
	scan_at(sample, "2", 2, "x:high", false);
	scan_at(sample, "3", 3, "x:critical", false);
	scan_at(sample, "4", 4, "x:critical+", false);
	take(&bench, sample->records, 4);
	assert_findings(
		&bench, "x high 09 11, x critical 11 12, x critical 12");
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__parts_take_effect_when_all_are_there(void **state)
{
	const struct sample_scan scan = {.word = "s",
		.subject = IMAGE_A,
		.at = SAMPLE_DAY + INSTANT_HOUR,
		.findings = {"x:high", "y:low", "z:low"}};
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	sample_scan_add(sample, &scan);
	take(&bench, sample->records + 2, 1);
	take(&bench, sample->records, 1);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"),
		2);
	take(&bench, sample->records + 1, 1);
	assert_findings(&bench, "x high 09, y low 09, z low 09");
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"),
		0);
	assert_int_equal(
		db_number(bench.owner, "SELECT cardinality(parts) FROM scan"),
		3);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__parts_of_another_digest_change_nothing(void **state)
{
	const struct sample_scan scan = {.word = "s",
		.subject = IMAGE_A,
		.at = SAMPLE_DAY + INSTANT_HOUR,
		.findings = {"x:high", "y:low"},
		.digest = "sha256:00000000000000000000000000000000000000000000"
			  "00000000000000000000"};
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	sample_scan_add(sample, &scan);
	take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM scan"), 0);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM snapshot_part"
				       " WHERE wrong"),
		2);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__a_long_key_is_shortened_not_refused(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	char words[2100];

	(void)state;
	memset(words, 'k', sizeof(words));
	snprintf(words + 2000, sizeof(words) - 2000, ":high");
	scan_at(sample, "1", 1, arena_string(sample->arena, words), false);
	scan_at(sample, "2", 2, words, false);
	take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT max(length(key)) FROM finding"),
		800);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM finding"), 1);
	sample_free(&sample);
	close_bench(&bench);
}

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
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	char *data;

	(void)state;
	change(sample, "push", "tool/1", "a", SAMPLE_DAY);
	/* A sender's retry: a conflict it is not. */
	change(sample, "push", "tool/1", "a", SAMPLE_DAY + INSTANT_MINUTE);
	change(sample, "tag", "tool/1", "a", SAMPLE_DAY);
	change(sample, "tag", "tool/2", "a", SAMPLE_DAY);
	change(sample, "tag", "tool/1", "b", SAMPLE_DAY);
	take(&bench, sample->records, 3); /* within a batch */
	take(&bench, sample->records + 1, 4);
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
	close_bench(&bench);
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
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	at_time(sample, "a", SAMPLE_DAY);
	at_time(sample, "b", SAMPLE_DAY - 31 * INSTANT_DAY);
	at_time(sample, "c", SAMPLE_DAY - 62 * INSTANT_DAY);
	at_time(sample, "d", SAMPLE_DAY - 24 * INSTANT_HOUR * 54);
	take(&bench, sample->records, 2);
	take(&bench, sample->records + 2, 2);
	assert_int_equal(db_number(bench.owner,
				 "SELECT count(*) FROM pg_inherits"
				 " WHERE inhparent = 'evidence'::regclass"),
		3);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 4);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__skips_what_is_older_than_retention(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();

	(void)state;
	at_time(sample, "a", SAMPLE_DAY - 500 * INSTANT_DAY);
	at_time(sample, "b", SAMPLE_DAY);
	take(&bench, sample->records, 2);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 1);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence_seen"),
		1);
	assert_int_equal(
		metric_value(bench.metrics, METER_NOT_TAKEN, "retired"), 1);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__names_the_record_that_is_malformed(void **state)
{
	struct bench bench = open_bench();
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
		apply(&bench, sample->records, 2, &culprit, &reason), REJECT);
	assert_int_equal(culprit, 1);
	assert_string_equal(reason.place, "$.source");
	/* The edge's clock was days ahead. */
	assert_int_equal(
		apply(&bench, sample->records + 2, 1, &culprit, &reason),
		REJECT);
	assert_int_equal(culprit, 0);
	assert_string_equal(reason.place, "$.recorded_time");
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM evidence"), 0);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__halts_at_a_version_it_does_not_know(void **state)
{
	struct bench bench = open_bench();
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
	assert_int_equal(apply(&bench, record, 1, &culprit, &reason), RETRY);
	assert_non_null(strstr(reason.place, "offset 17"));
	sample_free(&sample);
	close_bench(&bench);
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
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	char *labels;

	(void)state;
	labelled(sample, "1", SAMPLE_DAY, "old");
	labelled(sample, "3", SAMPLE_DAY + 2 * INSTANT_HOUR, "new");
	labelled(sample, "2", SAMPLE_DAY + INSTANT_HOUR, "late");
	labelled(sample, "4", SAMPLE_DAY + 3 * INSTANT_HOUR, NULL);
	for (size_t i = 0; i < 4; i++)
		take(&bench, sample->records + i, 1);
	labels = db_value(bench.owner, "SELECT labels ->> 'service' ||"
				       " to_char(first_seen, ' HH24') ||"
				       " to_char(last_seen, ' HH24')"
				       " FROM subject");
	assert_string_equal(labels, "new 08 11");
	memory_free(labels);
	sample_free(&sample);
	close_bench(&bench);
}

static void test_intake__punctuation_never_goes_back(void **state)
{
	struct bench bench = open_bench();
	struct sample *sample = sample_new();
	char *got;

	(void)state;
	sample_punctuation(sample, 0, SAMPLE_DAY + INSTANT_HOUR, INSTANT_NEVER);
	sample_punctuation(sample, 1, SAMPLE_DAY, SAMPLE_DAY - INSTANT_HOUR);
	sample_punctuation(sample, 0, SAMPLE_DAY, SAMPLE_DAY);
	take(&bench, sample->records, 2);
	take(&bench, sample->records + 2, 1);
	got = db_value(bench.owner,
		"SELECT string_agg(concat_ws(' ', part, deliveries,"
		" to_char(received_to, 'HH24'), to_char(spool_oldest, 'HH24')),"
		" ', ' ORDER BY deliveries) FROM punctuation");
	assert_string_equal(got, "0 0 09, 0 1 08 07");
	memory_free(got);
	sample_free(&sample);
	close_bench(&bench);
}
