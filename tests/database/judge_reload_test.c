/* SPDX-License-Identifier: Apache-2.0 */
/* Another pack while judges run: what it may change is judged again, and no
 * judge judges by the one before. */
#include "expand.h"
#include "judge_pair.h"

#include "judging.h"

#include "base/log.h"
#include "daemon/book.h"
#include "pack_force.h"

#define SCHEMA "test_judge_reload"
#define STATE "PO.2.1-s"
#define FRESH "PO.2.1-t"

/* The same criterion with other words for good. */
#define TURNED_ROW                                                             \
	"- id: PO.2.1-s\n"                                                     \
	"  sentence: The newest change is bad.\n"                              \
	"  subject: repo\n  severity: high\n  role: service-owner\n"           \
	"  rule: state\n  parameters:\n    evidence: change\n"                 \
	"    holds: {field: change.action, equals: bad}\n"

static void end_pack(void *text)
{
	struct pack *pack = text;

	pack_free(&pack);
}

static struct judge *open_judge(const struct bench *b, struct book *packs)
{
	const struct judge_settings settings = {
		.pg = {.conninfo = db_conninfo(),
			.name = "judge",
			.schema = b->schema},
		.packs = packs,
		.topic_prefix = "test"};
	struct reason reason = {0};
	struct judge *judge = NULL;

	db_ok(judge_open(&settings, &judge, &reason), &reason);
	return judge;
}

static void test_judge_reload__judges_again_by_what_was_read(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct book *packs =
		book_new(bench_pack(STATE_ROW FRESH_ROW, ""), end_pack);
	struct judge *one = open_judge(&b, packs);
	struct judge *other = open_judge(&b, packs);

	(void)state;
	log_setup(LOG_ERROR, false);
	bench_change(&b, REPO, 1000, "good");
	bench_now(&b, 1050);
	bench_judge_all(one);
	bench_expect(&b, STATE, REPO, "pass 1000");
	bench_expect(&b, FRESH, REPO, "pass 1000");
	bench_judge_all(other);
	book_set(packs, bench_pack(TURNED_ROW, ""));
	bench_judge_all(one);
	bench_judge_all(other);
	bench_expect(&b, STATE, REPO, "fail 1050");
	bench_expect(&b, FRESH, REPO, "not-applicable 1050");
	bench_expect_published(&b, STATE, REPO, "pass fail+");
	judge_close(&one);
	judge_close(&other);
	book_free(&packs);
	bench_end(&b);
}

/* A judge that claimed a pair before the other pack came into force. */
static void test_judge_reload__an_old_pack_takes_nothing_new(void **state)
{
	struct bench b = bench_begin(SCHEMA);
	struct pack *next = bench_pack(TURNED_ROW, "");
	struct arena *arena = arena_new(1 << 24), *scratch = arena_new(1 << 20);
	struct crypto *crypto = crypto_new();
	struct watermark now = {.now = BEGAN + 1050 * INSTANT_SECOND,
		.spool_oldest = INSTANT_NEVER};
	struct agenda_clock clock = {.watermark = &now};
	const struct agenda_pair pair = {STATE, REPO};
	const struct journal blank = {0};
	struct judge_pair_settings settings = {.pg = b.pg,
		.arena = arena,
		.scratch = scratch,
		.crypto = crypto,
		.pack = b.pack,
		.clock = &clock,
		.verdicts = "test.verdicts",
		.state = "test.state"};
	struct judge_outcome outcome;
	struct reason reason = {0};
	bool other = false, more = false;
	size_t done = 0;

	(void)state;
	bench_change(&b, REPO, 1000, "good");
	bench_turn(&b);
	db_ok(pack_force_enter(b.pg, arena, next, &other, &reason), &reason);
	assert_true(other);
	db_ok(pack_force_step(b.pg, arena, next, now.now, &more, &reason),
		&reason);
	assert_int_equal(
		judge_pair(&settings, &pair, &blank, &outcome, &reason),
		IGNORED);
	pg_rollback(b.pg);
	bench_touch(&b, REPO, "change", 1000);
	assert_int_equal(
		expand_batch(b.pg, arena, b.pack, 10, &done, &reason), IGNORED);
	assert_int_equal(db_number(b.pg, "SELECT count(*) FROM agenda"
					 " WHERE criterion = ''"),
		1);
	bench_expect(&b, STATE, REPO, "pass 1000");
	settings.pack = next;
	db_ok(judge_pair(&settings, &pair, &blank, &outcome, &reason), &reason);
	bench_expect(&b, STATE, REPO, "fail 1050");
	crypto_free(&crypto);
	arena_free(&arena);
	arena_free(&scratch);
	pack_free(&next);
	bench_end(&b);
}
