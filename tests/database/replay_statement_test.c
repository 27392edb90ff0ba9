/* SPDX-License-Identifier: Apache-2.0 */
/* Replays of what one source states twice: of one instant the last word holds,
 * of a source's interval the first. */
#include "replaying.h"

#define SCHEMA "test_replay_statement"

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

	replay_clear(r);
	replay_move_now(r, SAMPLE_DAY + 2 * INSTANT_HOUR);
	for (int i = 0; i < count; i++) {
		char *got;

		replay_deploy_at(sample, arena_printf(sample->arena, "d%d", i),
			rows[i].image, SAMPLE_DAY + rows[i].hour * INSTANT_HOUR,
			i + 1);
		replay_take(r, &sample->records[i], 1);
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
static void test_replay_statement__the_last_at_one_instant_holds(void **state)
{
	static const struct deployed never[] = {
		{SAMPLE_IMAGE("a"), 0, "unknown 08"},
		{SAMPLE_IMAGE("b"), 0, "not-applicable 08"},
		{SAMPLE_IMAGE("a"), 0, "unknown 08"}};
	static const struct deployed on[] = {
		{SAMPLE_IMAGE("a"), 0, "unknown 08"},
		{SAMPLE_IMAGE("b"), 1, "not-applicable 09"},
		{SAMPLE_IMAGE("a"), 1, "unknown 08"}};
	struct replay r = replay_begin(SCHEMA);

	(void)state;
	deploy_all(&r, never, 3);
	deploy_all(&r, on, 3);
	replay_end(&r);
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
	replay_take(r, &sample->records[sample->count - 1], 1);
}

static void expect_silent(struct replay *r, int minute, const char *wanted)
{
	char *got;

	replay_move_now(r, SAMPLE_DAY + minute * INSTANT_MINUTE);
	bench_turn(&r->bench);
	got = db_value(r->bench.pg,
		"SELECT verdict || ' ' || to_char(since, 'HH24:MI') FROM state"
		" WHERE criterion = 'PO.3.2-i'");
	assert_string_equal(got, wanted);
	memory_free(got);
}

/* Ingest that starts again says the same again; twice an hour's interval is
 * waited from the first time, in whichever order that is heard. */
static void test_replay_statement__the_first_word_starts_the_wait(void **state)
{
	struct replay r = replay_begin(SCHEMA);
	struct sample *sample = sample_new();

	(void)state;
	replay_clear(&r);
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
	replay_end(&r);
}
