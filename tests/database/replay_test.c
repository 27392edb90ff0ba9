/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intake and judge together, with the pack we ship: a random day of two
 * services, their repository, images and a source, arriving in any order and
 * any batches while the judge works and its now moves, comes to the same
 * verdicts and the same times as one that arrived in order.
 */
#include "judging.h"

#include "base/log.h"
#include "evidence_sample.h"
#include "intake.h"

#define SCHEMA "test_replay"
#define SHOP "default/service/prod/shop"
#define PAY "default/service/test/pay"
#define SHOP_REPO "default/repo/github.com/acme/shop"
#define PIECES 40
#define WORLDS 2
#define TURNS 6

static uint64_t seed;

static unsigned below(unsigned limit)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % limit;
}

static const char *pick(const char *const *words, unsigned count)
{
	return words[below(count)];
}

static instant some_time(void)
{
	unsigned step = below(2) ? 1 : 60; /* the same instant is no rarity */

	return SAMPLE_DAY +
	       (instant)(below(12 * 60 / step) * step) * INSTANT_MINUTE;
}

static const char *some_revision(void)
{
	static const char *const words[] = {"r1", "r2", "r3"};

	return pick(words, 3);
}

static void deploy(struct sample *sample, const char *word)
{
	static const char *const images[] = {
		SAMPLE_IMAGE("a"), SAMPLE_IMAGE("b")};
	static const char *const syncs[] = {"synced", "out-of-sync", "unknown"};
	bool shop = below(2);
	struct evidence evidence = sample_evidence(
		sample, word, CLASS_DEPLOYMENT, shop ? SHOP : PAY, some_time());
	struct related *related =
		arena_array(sample->arena, 3, sizeof(*related));
	struct label labels[] = {{"service", shop ? "shop" : "pay"},
		{"environment", shop ? "prod" : "test"},
		{"exposed", below(2) ? "true" : "false"}};
	char at[INSTANT_TEXT], finished[INSTANT_TEXT];

	instant_format(evidence.effective_time, at);
	for (unsigned i = 0; i < 2; i++)
		if (below(2))
			related[evidence.related_count++] =
				(struct related){images[i], "runs"};
	related[evidence.related_count++] =
		(struct related){SHOP_REPO, "built-from"};
	evidence.related = related;
	evidence.labels = labels;
	evidence.label_count = below(3) ? 3 : 2;
	instant_format(
		evidence.effective_time - below(2) * INSTANT_HOUR, finished);
	evidence.kind = below(3) ? "observation" : "operation";
	evidence.body_node = sample_body(sample,
		arena_printf(sample->arena,
			"{\"phase\":\"succeeded\",\"sync\":\"%s\","
			"\"application\":\"a\",\"finished_at\":\"%s\","
			"\"revision\":\"%s\",\"automated\":true,"
			"\"history\":[{\"id\":\"1\",\"deployed_at\":\"%s\"}]}",
			pick(syncs, 3), finished, some_revision(), at));
	sample_add(sample, &evidence);
}

static void change(struct sample *sample, const char *word)
{
	static const char *const actions[] = {"merged", "merged", "approved",
		"approved", "dismissed", "push"};
	static const char *const people[] = {"ann", "bob"};
	struct evidence evidence = sample_evidence(
		sample, word, CLASS_CHANGE, SHOP_REPO, some_time());
	const char *action = pick(actions, 6);
	const char *revision = some_revision();

	evidence.kind = action;
	/* Pull request 1 has revision r1, and so on. */
	evidence.body_node = sample_body(sample,
		arena_printf(sample->arena,
			"{\"action\":\"%s\",\"number\":%s,\"author\":\"ann\","
			"\"actor\":\"%s\",\"reviewer\":\"bob\","
			"\"revision\":\"%s\",\"merge_revision\":\"%s\"}",
			action, revision + 1, pick(people, 2), revision,
			revision));
	sample_add(sample, &evidence);
}

#define NO_DIGEST                                                              \
	"sha256:"                                                              \
	"0000000000000000000000000000000000000000000000000000000000000000"

/* In one part or in two; of two one may be missing, or another's. */
static void scan(struct sample *sample, const char *word)
{
	static const char *const findings[] = {
		"", "x:high ", "x:high+ y:critical ", "y:critical+ z:low "};
	struct sample_scan scanned = {.word = word,
		.subject = below(2) ? SAMPLE_IMAGE("a") : SAMPLE_IMAGE("b"),
		.at = some_time(),
		.partial = below(5) == 0,
		.findings = {pick(findings, 4)}};
	unsigned flaw = below(4);

	if (below(2))
		scanned.findings[1] = pick(findings, 4);
	if (flaw == 0)
		scanned.digest = NO_DIGEST;
	sample_scan_add(sample, &scanned);
	if (flaw == 1 && scanned.findings[1])
		sample->count--;
}

static void speak(struct sample *sample, const char *word)
{
	static const char *const states[] = {
		"declared", "counts", "counts", "removed"};
	const char *state = pick(states, 4);
	struct evidence evidence = sample_evidence(sample, word,
		CLASS_TOOLSTATE, "default/tool/postern/source-1", some_time());
	char at[INSTANT_TEXT];

	instant_format(evidence.effective_time, at);
	evidence.kind = state;
	evidence.body_node = sample_body(
		sample, arena_printf(sample->arena,
				"{\"state\":\"%s\",\"interval_seconds\":3600,"
				"\"accepted\":%d,\"last_delivery\":\"%s\"}",
				state, 1 + (int)below(2), at));
	sample_add(sample, &evidence);
}

static void random_day(struct sample *sample)
{
	for (int i = 0; i < PIECES; i++) {
		const char *word = arena_printf(sample->arena, "e%d", i);

		switch (below(4)) {
		case 0:
			deploy(sample, word);
			break;
		case 1:
			change(sample, word);
			break;
		case 2:
			scan(sample, word);
			break;
		default:
			speak(sample, word);
		}
	}
}

struct replay {
	struct bench bench;
	struct intake *intake;
	struct arena *arena;
	instant last; /* the judge's now gets no further; 0: no matter */
};

static struct replay begin(void)
{
	static const struct intake_settings settings = {
		.clock = &clock_wall, .retention = 4000 * INSTANT_DAY};
	struct replay r = {.bench.schema = SCHEMA,
		.intake = intake_new(&settings),
		.arena = arena_new(64 << 20)};
	struct reason reason = {0};

	log_setup(LOG_ERROR, false);
	db_fresh(SCHEMA, "evaluator");
	r.bench.pg = db_open(SCHEMA, "replay");
	db_ok(pack_load(POSTERN_SOURCE_DIR "/packs/ssdf-po", &r.bench.pack,
		      &reason),
		&reason);
	r.bench.judge = bench_judge(&r.bench, r.bench.pack);
	return r;
}

static void end(struct replay *r)
{
	intake_free(&r->intake);
	arena_free(&r->arena);
	bench_end(&r->bench);
}

static void take(struct replay *r, struct kafka_record *records, size_t count)
{
	struct kafka_batch batch = {.topic = "postern.evidence",
		.records = records,
		.count = count};
	struct pg *pg = r->bench.pg;
	struct reason reason = {0};
	size_t culprit = 0;

	arena_reset(r->arena);
	db_ok(pg_begin(pg, &reason), &reason);
	db_ok(intake_apply(r->intake, pg, r->arena, &batch, &culprit, &reason),
		&reason);
	db_ok(pg_commit(pg, &reason), &reason);
	intake_committed(r->intake, &batch);
}

static void clear(struct replay *r)
{
	db_script(r->bench.pg,
		"TRUNCATE evidence, evidence_seen, evidence_line,"
		" evidence_conflict, subject, relation, relation_statement,"
		" scan, finding, snapshot_part, declaration, "
		"declaration_statement, punctuation, agenda, verdict,"
		" verdict_history, episode, judging, outbox;"
		"UPDATE judge_now SET at = '-infinity'");
}

static void move_now(struct replay *r, instant now)
{
	char at[INSTANT_TEXT];

	if (r->last && now > r->last)
		now = r->last;
	instant_format(now, at);
	bench_do(&r->bench, "UPDATE judge_now SET at = '%s'", at);
}

static instant time_of(const struct kafka_record *record)
{
	struct arena *arena = arena_new(1 << 22);
	struct evidence evidence;
	struct reason reason = {0};
	instant at;

	db_ok(evidence_decode(arena, record, &evidence, &reason), &reason);
	at = evidence.effective_time;
	arena_free(&arena);
	return at;
}

static int by_time(const void *a, const void *b)
{
	instant one = time_of(a), two = time_of(b);

	return one < two ? -1 : one > two;
}

/* What is true when, and what is true now, of every pair. */
static char *dump(struct replay *r)
{
	return db_value(r->bench.pg,
		"SELECT concat((SELECT string_agg(criterion || ' ' || subject"
		" || ' ' || verdict || ' ' || true_from || ' ' || true_until,"
		" E'\\n' ORDER BY criterion, subject, true_from)"
		" FROM verdict_history WHERE known_until = 'infinity'),"
		" E'\\n\\n', (SELECT string_agg(criterion || ' ' || subject"
		" || ' ' || verdict || ' ' || since || ' ' ||"
		" coalesce(suppressed_by, '-') || ' ' ||"
		" coalesce(episode_kind || episode_opened, '-'), E'\\n'"
		" ORDER BY criterion, subject) FROM state))");
}

#define END (SAMPLE_DAY + 9 * INSTANT_DAY)

static char *replay_in_order(struct replay *r, struct sample *sample)
{
	clear(r);
	qsort(sample->records, sample->count, sizeof(*sample->records),
		by_time);
	for (size_t i = 0; i < sample->count; i++) {
		move_now(r, time_of(&sample->records[i]));
		take(r, &sample->records[i], 1);
		bench_turn(&r->bench);
	}
	move_now(r, END);
	bench_turn(&r->bench);
	return dump(r);
}

static void shuffle(struct kafka_record *records, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = below((unsigned)i);
		struct kafka_record kept = records[i - 1];

		records[i - 1] = records[j];
		records[j] = kept;
	}
}

static char *replay_in_disorder(struct replay *r, struct sample *sample)
{
	instant now = SAMPLE_DAY - INSTANT_HOUR;
	unsigned most = 1 + below(20), lazy = 1 + below(4);

	clear(r);
	shuffle(sample->records, sample->count);
	for (size_t i = 0; i < sample->count;) {
		size_t n = 1 + below(most);

		if (n > sample->count - i)
			n = sample->count - i;
		take(r, sample->records + i, n);
		i += n;
		now += (instant)below(180) * INSTANT_MINUTE;
		if (below(2))
			move_now(r, now);
		if (!below(lazy))
			bench_turn(&r->bench);
	}
	move_now(r, END);
	bench_turn(&r->bench);
	return dump(r);
}

/* From the first line that differs on. */
static void compare(const char *wanted, const char *got, int world, int turn)
{
	size_t same = 0, line = 0;

	if (strcmp(wanted, got) == 0)
		return;
	for (; wanted[same] && wanted[same] == got[same]; same++)
		if (wanted[same] == '\n')
			line = same + 1;
	fail_msg("world %d turn %d: %.400s\n  is\n%.400s", world, turn,
		wanted + line, got + line);
}

/* Returns how often a snapshot was not whole. */
static int64_t replay_all_ways(struct replay *r)
{
	int64_t flaws = 0;

	for (int world = 0; world < WORLDS; world++) {
		struct sample *sample = sample_new();
		char *wanted, *got;

		random_day(sample);
		wanted = replay_in_order(r, sample);
		assert_true(
			db_number(r->bench.pg, "SELECT count(DISTINCT verdict)"
					       " FROM verdict_history") >= 4);
		flaws += db_number(r->bench.pg,
			"SELECT count(*) FROM verdict_history"
			" WHERE verdict = 'error' AND summary LIKE"
			" 'snapshot %is not whole%'");
		for (int turn = 0; turn < TURNS; turn++) {
			got = replay_in_disorder(r, sample);
			compare(wanted, got, world, turn);
			memory_free(got);
		}
		memory_free(wanted);
		sample_free(&sample);
	}
	return flaws;
}

static void test_replay__any_order_comes_to_the_same(void **state)
{
	struct replay r = begin();

	(void)state;
	seed = 20261127;
	assert_true(replay_all_ways(&r) > 0);
	end(&r);
}

/* The judge's now stands in the middle of the day: what was stated of later is
 * known already, and time-outs lie between. */
static void test_replay__any_order_is_the_same_before_its_time(void **state)
{
	struct replay r = begin();

	(void)state;
	seed = 20261128;
	r.last = SAMPLE_DAY + 5 * INSTANT_HOUR;
	replay_all_ways(&r);
	end(&r);
}

static void deploy_at(struct sample *sample, const char *word,
	const char *image, instant at, int second)
{
	struct evidence evidence =
		sample_evidence(sample, word, CLASS_DEPLOYMENT, SHOP, at);
	const struct related related = {image, "runs"};

	evidence.recorded_time += second * INSTANT_SECOND;
	evidence.related = &related;
	evidence.related_count = 1;
	evidence.body_node = sample_body(sample, "{\"phase\":\"succeeded\"}");
	sample_add(sample, &evidence);
}

/* The image's verdict by one criterion, and the hour since when. */
static char *state_of_image(struct replay *r)
{
	return db_value(r->bench.pg,
		"SELECT verdict || ' ' || to_char(since, 'HH24') FROM state"
		" WHERE criterion = 'PO.4.2-g' AND subject = '" SAMPLE_IMAGE(
			"a") "'");
}

struct deployed {
	const char *image;
	int hour; /* after the day's begin */
	const char *wanted;
};

static void deploy_all(struct replay *r, const struct deployed *rows, int count)
{
	struct sample *sample = sample_new();

	clear(r);
	move_now(r, SAMPLE_DAY + 2 * INSTANT_HOUR);
	for (int i = 0; i < count; i++) {
		char *got;

		deploy_at(sample, arena_printf(sample->arena, "d%d", i),
			rows[i].image, SAMPLE_DAY + rows[i].hour * INSTANT_HOUR,
			i + 1);
		take(r, &sample->records[i], 1);
		bench_turn(&r->bench);
		got = state_of_image(r);
		assert_string_equal(got, rows[i].wanted);
		memory_free(got);
	}
	sample_free(&sample);
}

/* Of deployments of one instant the last one holds: what another one names
 * ran at no time, though it was judged as running in between; and what ran
 * before went on, though it was judged as over. */
static void test_replay__the_last_statement_at_one_instant_holds(void **state)
{
	static const struct deployed never[] = {
		{SAMPLE_IMAGE("a"), 0, "unknown 08"},
		{SAMPLE_IMAGE("b"), 0, "not-applicable 08"},
		{SAMPLE_IMAGE("a"), 0, "unknown 08"}};
	static const struct deployed on[] = {
		{SAMPLE_IMAGE("a"), 0, "unknown 08"},
		{SAMPLE_IMAGE("b"), 1, "not-applicable 09"},
		{SAMPLE_IMAGE("a"), 1, "unknown 08"}};
	struct replay r = begin();

	(void)state;
	deploy_all(&r, never, 3);
	deploy_all(&r, on, 3);
	end(&r);
}

/* All of what was true of the image, as hours and minutes of the day. */
static char *history_of_image(struct replay *r, const char *criterion)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
		"SELECT coalesce(string_agg(verdict || ' ' ||"
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

	clear(r);
	deploy_at(sample, "d", SAMPLE_IMAGE("a"), SAMPLE_DAY, 0);
	sample_scan_add(sample, &scanned);
	move_now(r, SAMPLE_DAY);
	take(r, sample->records, 1);
	bench_turn(&r->bench);
	return sample;
}

/* Until nothing can come any more it is no evidence of anything; then it is an
 * error of each criterion that reads scans; late all the same, it never was. */
static void test_replay__a_missing_part_is_an_error_until_it_comes(void **state)
{
	struct replay r = begin();
	struct sample *sample = scanned_in_parts(&r, 1, NULL);

	(void)state;
	take(&r, sample->records + 1, 1);
	move_now(&r, SAMPLE_DAY + INSTANT_HOUR + INSTANT_MINUTE);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g", "unknown 08:00:00");
	move_now(&r, SAMPLE_DAY + INSTANT_HOUR + 2 * INSTANT_MINUTE);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g", "unknown 08:00:00, error 09:01:01");
	expect_history(&r, "PO.3.2-a", "unknown 08:00:00, error 09:01:01");
	expect_summary(&r, "PO.3.2-a",
		"of source-1, 2026-11-24T09:00:00Z, is not whole: part 2 of 2 "
		"never came / toolchain-owner");
	take(&r, sample->records + 2, 1);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g", "unknown 08:00:00, pass 09:00:00");
	expect_history(&r, "PO.3.2-a", "unknown 08:00:00, pass 09:00:00");
	sample_free(&sample);
	end(&r);
}

static void test_replay__a_contradictory_set_is_an_error_at_once(void **state)
{
	struct replay r = begin();
	struct sample *sample = scanned_in_parts(&r, 1, NO_DIGEST);
	const struct sample_scan newer = {.word = "n",
		.subject = SAMPLE_IMAGE("a"),
		.at = SAMPLE_DAY + 2 * INSTANT_HOUR,
		.findings = {"x:high ", "y:low "}};

	(void)state;
	take(&r, sample->records + 1, 2);
	move_now(&r, SAMPLE_DAY + INSTANT_HOUR);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g", "unknown 08:00:00, error 09:00:00");
	expect_history(&r, "PO.3.2-a", "unknown 08:00:00, error 09:00:00");
	expect_summary(&r, "PO.4.2-g",
		"is not whole: its 2 parts are all there, and are not those "
		"that were made together");
	sample_scan_add(sample, &newer);
	take(&r, sample->records + 3, 1);
	move_now(&r, SAMPLE_DAY + 2 * INSTANT_HOUR);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g", "unknown 08:00:00, error 09:00:00");
	take(&r, sample->records + 4, 1);
	bench_turn(&r.bench);
	expect_history(&r, "PO.4.2-g",
		"unknown 08:00:00, error 09:00:00, pass 10:00:00");
	expect_history(&r, "PO.3.2-a",
		"unknown 08:00:00, error 09:00:00, pass 10:00:00");
	sample_free(&sample);
	end(&r);
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

	clear(r);
	deployed.related = &runs;
	deployed.related_count = 1;
	deployed.labels = labels;
	deployed.label_count = 3;
	deployed.body_node = sample_body(sample, "{\"phase\":\"succeeded\"}");
	sample_add(sample, &deployed);
	sample_scan_add(sample, &scanned);
	take(r, sample->records, 2);
	move_now(r, SAMPLE_DAY + days * INSTANT_DAY);
	bench_turn(&r->bench);
	got = db_value(r->bench.pg,
		"SELECT verdict || ' ' || (record::json ->> 'case') FROM"
		" verdict WHERE criterion = 'PO.3.2-a'");
	assert_string_equal(got, wanted);
	memory_free(got);
	sample_free(&sample);
}

static void test_replay__what_asks_for_triage_is_a_case_at_once(void **state)
{
	struct replay r = begin();

	(void)state;
	expect_case(&r, "true", 4, "fail at-once");
	expect_case(&r, "unknown", 15, "fail after");
	end(&r);
}

static void declare(struct replay *r, struct sample *sample, const char *state,
	int seconds, int minute)
{
	struct evidence evidence = sample_evidence(sample,
		arena_printf(sample->arena, "t%d", minute), CLASS_TOOLSTATE,
		"default/tool/postern/source-1",
		SAMPLE_DAY + minute * INSTANT_MINUTE);

	evidence.kind = state;
	evidence.body_node = sample_body(
		sample, arena_printf(sample->arena,
				"{\"state\":\"%s\",\"interval_seconds\":%d}",
				state, seconds));
	sample_add(sample, &evidence);
	take(r, &sample->records[sample->count - 1], 1);
}

static void expect_silent(struct replay *r, int minute, const char *wanted)
{
	char *got;

	move_now(r, SAMPLE_DAY + minute * INSTANT_MINUTE);
	bench_turn(&r->bench);
	got = db_value(r->bench.pg,
		"SELECT verdict || ' ' || to_char(since, 'HH24:MI') FROM state"
		" WHERE criterion = 'PO.3.2-i'");
	assert_string_equal(got, wanted);
	memory_free(got);
}

/* Ingest that starts again says the same again; twice an hour's interval is
 * waited from the first time, in whichever order that is heard. */
static void test_replay__a_source_waits_from_its_first_word(void **state)
{
	struct replay r = begin();
	struct sample *sample = sample_new();

	(void)state;
	clear(&r);
	declare(&r, sample, "declared", 3600, 90);
	declare(&r, sample, "declared", 3600, 60);
	expect_silent(&r, 110, "unknown 09:00");
	declare(&r, sample, "declared", 3600, 0);
	expect_silent(&r, 121, "fail 10:00");
	declare(&r, sample, "removed", 3600, 30);
	/* While it waits what was goes on: it was removed. */
	expect_silent(&r, 121, "not-applicable 08:30");
	expect_silent(&r, 181, "fail 11:00");
	declare(&r, sample, "changed", 7200, 70);
	expect_silent(&r, 181, "not-applicable 08:30");
	sample_free(&sample);
	end(&r);
}
