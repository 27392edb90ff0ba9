/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intake and judge together, with the pack we ship: a random day of two
 * services, their repository, images and a source, arriving in any order and
 * any batches while the judge works and its now moves, comes to the same
 * verdicts and the same times as one that arrived in order.
 */
#include "replaying.h"

#include "base/dice_testing.h"

#define SCHEMA "test_replay"
#define PAY "default/service/test/pay"
#define SHOP_REPO "default/repo/github.com/acme/shop"
#define PIECES 40
#define WORLDS 2
#define TURNS 6

static const char *pick(const char *const *words, unsigned count)
{
	return words[dice_below(count)];
}

static instant some_time(void)
{
	unsigned step =
		dice_below(2) ? 1 : 60; /* the same instant is no rarity */

	return SAMPLE_DAY +
	       (instant)(dice_below(12 * 60 / step) * step) * INSTANT_MINUTE;
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
	bool shop = dice_below(2);
	struct evidence evidence = sample_evidence(
		sample, word, CLASS_DEPLOYMENT, shop ? SHOP : PAY, some_time());
	struct related *related =
		arena_array(sample->arena, 3, sizeof(*related));
	struct label labels[] = {{"service", shop ? "shop" : "pay"},
		{"environment", shop ? "prod" : "test"},
		{"exposed", dice_below(2) ? "true" : "false"}};
	char at[INSTANT_TEXT], finished[INSTANT_TEXT];

	instant_format(evidence.effective_time, at);
	for (unsigned i = 0; i < 2; i++)
		if (dice_below(2))
			related[evidence.related_count++] =
				(struct related){images[i], "runs"};
	related[evidence.related_count++] =
		(struct related){SHOP_REPO, "built-from"};
	evidence.related = related;
	evidence.labels = labels;
	evidence.label_count = dice_below(3) ? 3 : 2;
	instant_format(evidence.effective_time - dice_below(2) * INSTANT_HOUR,
		finished);
	evidence.kind = dice_below(3) ? "observation" : "operation";
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

/* In one part or in two; of two one may be missing, or another's. */
static void scan(struct sample *sample, const char *word)
{
	static const char *const findings[] = {
		"", "x:high ", "x:high+ y:critical ", "y:critical+ z:low "};
	struct sample_scan scanned = {.word = word,
		.subject =
			dice_below(2) ? SAMPLE_IMAGE("a") : SAMPLE_IMAGE("b"),
		.at = some_time(),
		.partial = dice_below(5) == 0,
		.findings = {pick(findings, 4)}};
	unsigned flaw = dice_below(4);

	if (dice_below(2))
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
				state, 1 + (int)dice_below(2), at));
	sample_add(sample, &evidence);
}

static void random_day(struct sample *sample)
{
	for (int i = 0; i < PIECES; i++) {
		const char *word = arena_printf(sample->arena, "e%d", i);

		switch (dice_below(4)) {
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
		" || ' ' || verdict || ' ' || settling || ' ' || true_from"
		" || ' ' || true_until,"
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
	replay_clear(r);
	qsort(sample->records, sample->count, sizeof(*sample->records),
		by_time);
	for (size_t i = 0; i < sample->count; i++) {
		replay_move_now(r, time_of(&sample->records[i]));
		replay_take(r, &sample->records[i], 1);
		bench_turn(&r->bench);
	}
	replay_move_now(r, END);
	bench_turn(&r->bench);
	return dump(r);
}

static char *replay_in_disorder(struct replay *r, struct sample *sample)
{
	instant now = SAMPLE_DAY - INSTANT_HOUR;
	unsigned most = 1 + dice_below(20), lazy = 1 + dice_below(4);

	replay_clear(r);
	dice_shuffle(sample->records, sample->count, sizeof(*sample->records));
	for (size_t i = 0; i < sample->count;) {
		size_t n = 1 + dice_below(most);

		if (n > sample->count - i)
			n = sample->count - i;
		replay_take(r, sample->records + i, n);
		i += n;
		now += (instant)dice_below(180) * INSTANT_MINUTE;
		if (dice_below(2))
			replay_move_now(r, now);
		if (!dice_below(lazy))
			bench_turn(&r->bench);
	}
	replay_move_now(r, END);
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
	struct replay r = replay_begin(SCHEMA);

	(void)state;
	dice = 20261127;
	assert_true(replay_all_ways(&r) > 0);
	replay_end(&r);
}

/* The judge's now stands in the middle of the day: what was stated of later is
 * known already, and time-outs lie between. */
static void test_replay__any_order_is_the_same_before_its_time(void **state)
{
	struct replay r = replay_begin(SCHEMA);

	(void)state;
	dice = 20261128;
	r.last = SAMPLE_DAY + 5 * INSTANT_HOUR;
	replay_all_ways(&r);
	replay_end(&r);
}
