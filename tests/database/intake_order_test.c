/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What intake leaves in the tables, as the service's own role: the same for
 * any order of arrival and any batch size.
 */
#include "intaking.h"

#include "base/dice_testing.h"

#define SCHEMA "test_intake_order"

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

static instant random_time(void)
{
	return SAMPLE_DAY + (instant)dice_below(12) * INSTANT_HOUR;
}

static const char *random_subject(void)
{
	static const char *const subjects[] = {
		SERVICE_SHOP, "default/service/prod/pay", IMAGE_A, IMAGE_B};

	return subjects[dice_below(4)];
}

static const char *random_findings(struct sample *sample)
{
	static const char *const words[] = {"x:high ", "x:low ", "x:high+ ",
		"y:critical ", "z:medium ", "w:low "};
	char text[100] = "";

	for (int i = 0; i < 6; i++)
		if (dice_below(3) == 0)
			snprintf(text + strlen(text),
				sizeof(text) - strlen(text), "%s", words[i]);
	return arena_string(sample->arena, text);
}

static void random_scan(struct sample *sample, const char *word)
{
	struct sample_scan scan = {.word = word,
		.subject = dice_below(2) ? IMAGE_A : IMAGE_B,
		.target = dice_below(4) ? NULL : "os",
		.at = random_time(),
		.partial = dice_below(4) == 0};
	unsigned parts = dice_below(3) ? 1 : 2 + dice_below(2);

	for (unsigned i = 0; i < parts; i++)
		scan.findings[i] = random_findings(sample);
	if (parts > 1 && dice_below(6) == 0)
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
		dice_below(2) ? SERVICE_SHOP : "default/service/prod/pay",
		random_time());
	struct related *related =
		arena_array(sample->arena, 5, sizeof(*related));
	struct label labels[2] = {{"service", "shop"}, {"environment", word}};
	size_t count = 0;

	for (int i = 0; i < 4; i++)
		if (dice_below(2))
			related[count++] = (struct related){others[i], "runs"};
	if (dice_below(2))
		related[count++] = (struct related){
			"default/repo/github.com/acme/shop", "built-from"};
	evidence.related = related;
	evidence.related_count = count;
	evidence.labels = labels;
	evidence.label_count = dice_below(3);
	if (dice_below(4) == 0)
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

		switch (dice_below(4)) {
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
		if (dice_below(4) == 0)
			sample_punctuation(sample, (int)dice_below(3),
				random_time(),
				dice_below(2) ? INSTANT_NEVER : random_time());
	}
}

static void take_in_batches(
	struct bench *bench, struct sample *sample, unsigned most)
{
	for (size_t i = 0; i < sample->count;) {
		size_t n = 1 + dice_below(most);

		if (n > sample->count - i)
			n = sample->count - i;
		bench_take(bench, sample->records + i, n);
		i += n;
	}
}

static void test_intake_order__is_the_same_for_any_order_and_batch(void **state)
{
	struct bench bench = bench_begin(SCHEMA);

	(void)state;
	dice = 20261127;
	for (int world = 0; world < 6; world++) {
		struct sample *sample = sample_new();
		char *wanted, *got;

		random_world(sample);
		clear(&bench);
		bench_take(&bench, sample->records, sample->count);
		wanted = dump(&bench);
		assert_true(db_number(bench.owner,
				    "SELECT count(*) FROM finding") > 0);
		assert_true(db_number(bench.owner,
				    "SELECT count(*) FROM relation") > 0);
		for (unsigned turn = 0; turn < 6; turn++) {
			dice_shuffle(sample->records, sample->count,
				sizeof(*sample->records));
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
	bench_end(&bench);
}

static void test_intake_order__repeating_a_batch_changes_nothing(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	char *once, *twice;
	int64_t agenda;

	(void)state;
	dice = 7;
	random_world(sample);
	bench_take(&bench, sample->records, sample->count);
	once = dump(&bench);
	agenda = db_number(bench.owner, "SELECT count(*) FROM agenda");
	bench_take(&bench, sample->records, sample->count);
	twice = dump(&bench);
	assert_string_equal(once, twice);
	assert_int_equal(
		db_number(bench.owner, "SELECT count(*) FROM agenda"), agenda);
	assert_int_equal(metric_value(bench.metrics, METER_NOT_TAKEN, "repeat"),
		db_number(bench.owner, "SELECT count(*) FROM evidence"));
	memory_free(once);
	memory_free(twice);
	sample_free(&sample);
	bench_end(&bench);
}

static void test_intake_order__a_rolled_back_batch_leaves_nothing(void **state)
{
	struct bench bench = bench_begin(SCHEMA);
	struct sample *sample = sample_new();
	struct reason reason = {0};
	struct kafka_batch batch = {.topic = "postern.evidence"};
	size_t culprit = 0;
	char *after, *before;

	(void)state;
	dice = 8;
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
	bench_take(&bench, sample->records, sample->count);
	assert_int_equal(metric_value(bench.metrics, METER_TAKEN, "scan"),
		db_number(bench.owner,
			"SELECT count(*) FROM evidence WHERE class = 'scan'"));
	memory_free(before);
	memory_free(after);
	sample_free(&sample);
	bench_end(&bench);
}
