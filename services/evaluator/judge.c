/* SPDX-License-Identifier: Apache-2.0 */
/* The loop around judge_pair.c: what is claimed, journalled, and what follows
 * where a pair fails. */
#include "judge.h"

#include "expand.h"
#include "judge_pair.h"
#include "pack_force.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/topics.h"

#include <string.h>

#define BATCH 32
#define EXPAND 50                  /* touched subjects at once */
#define EXPAND_TIME INSTANT_SECOND /* a backlog may take of one turn */
#define ARENA_MAX ((size_t)1 << 30)
#define SCRATCH_MAX ((size_t)1 << 28)
#define WAIT (INSTANT_SECOND / 4)
#define STAND_BY INSTANT_SECOND
#define PATIENCE INSTANT_MINUTE
#define SLOW                                                                   \
	(2 * INSTANT_SECOND) /* a lost connection may be the pair's doing */
#define BACK_OFF_LEAST (INSTANT_SECOND / 10)
#define BACK_OFF_MOST (10 * INSTANT_SECOND)

struct judge {
	struct judge_settings settings;
	struct arena *life, *turn, *pair, *scratch;
	struct crypto *crypto;
	struct pg *pg;
	const char *verdicts, *state; /* topics */
	struct edition *edition;      /* of our pack; NULL: it never changes */
	const struct pack *pack;
	bool entered; /* our pack was put in force once */
	int check;
	struct watermark watermark;
	struct agenda_clock clock;
	/* Begun in the journal and not done, in `turn`. */
	struct agenda_pair *begun;
	size_t begun_count;
	bool slow; /* the first of them took so long that we were cut off */
	struct service *service; /* NULL: run by a test */
};

static void use_pack(struct judge *judge, const struct pack *pack)
{
	const struct criterion *silence = pack_silence(pack);

	judge->pack = pack;
	judge->clock.silence = silence ? silence->id : NULL;
	judge->entered = false;
}

/* Between turns: a pack that was read since is ours from now on, and goes the
 * way of one that a process starts with. */
static void take_pack(struct judge *judge)
{
	struct edition *now;

	if (!judge->settings.packs)
		return;
	now = book_get(judge->settings.packs);
	if (now == judge->edition) {
		edition_unref(&now);
		return;
	}
	edition_unref(&judge->edition);
	judge->edition = now;
	use_pack(judge, edition_text(now));
}

enum status judge_open(const struct judge_settings *settings,
	struct judge **ret, struct reason *reterr)
{
	struct judge *judge = memory_new(sizeof(*judge));

	(void)reterr;
	MUST(!settings->pack == !!settings->packs && settings->topic_prefix);
	judge->settings = *settings;
	if (!judge->settings.batch)
		judge->settings.batch = BATCH;
	judge->life = arena_new(1 << 16);
	judge->turn = arena_new(ARENA_MAX);
	judge->pair = arena_new(ARENA_MAX);
	judge->scratch = arena_new(SCRATCH_MAX);
	judge->crypto = crypto_new();
	judge->verdicts =
		topic_name(judge->life, settings->topic_prefix, TOPIC_VERDICTS);
	judge->state =
		topic_name(judge->life, settings->topic_prefix, TOPIC_STATE);
	judge->clock.watermark = &judge->watermark;
	if (settings->pack)
		use_pack(judge, settings->pack);
	else
		take_pack(judge);
	if (settings->health)
		judge->check = health_check(settings->health,
			settings->name ? settings->name : "judge", PATIENCE);
	*ret = judge;
	return OK;
}

void judge_close(struct judge **judge)
{
	struct judge *gone = *judge;

	if (!gone)
		return;
	pg_close(&gone->pg);
	edition_unref(&gone->edition);
	crypto_free(&gone->crypto);
	arena_free(&gone->scratch);
	arena_free(&gone->pair);
	arena_free(&gone->turn);
	arena_free(&gone->life);
	memory_free(gone);
	*judge = NULL;
}

static void say(struct judge *judge, bool well, const char *sentence)
{
	if (judge->settings.health)
		health_set(
			judge->settings.health, judge->check, well, sentence);
}

static void count(struct judge *judge, int row, const char *label, size_t n)
{
	if (judge->settings.metrics && n)
		metric_add(judge->settings.metrics, row, label, (int64_t)n);
}

/* The pair failed in an orderly way; it must not be the head of the queue. */
static enum status put_off(struct judge *judge, const struct agenda_pair *pair,
	const struct journal *journal, const struct reason *why,
	struct reason *reterr)
{
	enum status status;

	log_line(LOG_WARN, "JUDGE-PAIR-FAILED",
		LOG_TEXT("criterion", pair->criterion),
		LOG_TEXT("subject", pair->subject),
		LOG_TEXT("what", why->sentence), LOG_TEXT("where", why->place));
	count(judge, judge->settings.failed_row, "failed", 1);
	status = journal_failed(judge->pg, judge->pair, pair, why, reterr);
	if (status == OK)
		status = agenda_delay(judge->pg, judge->pair, pair,
			journal_delay(journal->failures + 1), reterr);
	return status;
}

/* Those that were begun when the connection was lost did not die; one that
 * held it for so long that the server ended it has failed. */
static enum status leave_begun(struct judge *judge, struct reason *reterr)
{
	struct journal journal = {0};
	struct reason why;
	enum status status = OK;

	arena_reset(judge->scratch);
	if (judge->begun_count && judge->slow) {
		reason_set(&why, NULL,
			"it took longer than the database waits for us");
		status = put_off(judge, judge->begun, &journal, &why, reterr);
	} else if (judge->begun_count) {
		status = journal_left(
			judge->pg, judge->scratch, judge->begun, 1, reterr);
	}
	if (status == OK && judge->begun_count > 1)
		status = journal_left(judge->pg, judge->scratch,
			judge->begun + 1, judge->begun_count - 1, reterr);
	if (status == OK) {
		judge->begun_count = 0;
		judge->slow = false;
	}
	return status;
}

static enum status enter(struct judge *judge, struct reason *reterr)
{
	bool other = false;
	enum status status;

	if (judge->entered)
		return OK;
	status = pack_force_enter(
		judge->pg, judge->turn, judge->pack, &other, reterr);
	if (status != OK)
		return status;
	judge->entered = true;
	if (other)
		log_line(LOG_INFO, "JUDGE-PACK-CHANGED",
			LOG_TEXT("digest", pack_digest(judge->pack)));
	return OK;
}

/* A judge that is stopped between transactions would keep its claims: the
 * server ends a session that asks nothing for so long. */
static enum status set_up(struct judge *judge, struct reason *reterr)
{
	enum status status = pg_listen(judge->pg, "postern_agenda", reterr);

	if (status == OK)
		status = pg_listen(judge->pg, "postern_now", reterr);
	if (status == OK)
		status = pg_script(judge->pg,
			"SELECT set_config(name, '30s', false) FROM pg_settings"
			" WHERE name = 'idle_session_timeout'",
			reterr);
	return status;
}

static enum status connect(struct judge *judge, struct reason *reterr)
{
	enum status status = OK;

	if (judge->pg && !pg_alive(judge->pg))
		pg_close(&judge->pg);
	if (!judge->pg) {
		status = pg_open(&judge->settings.pg, &judge->pg, reterr);
		if (status == OK)
			status = set_up(judge, reterr);
		if (status != OK) {
			pg_close(&judge->pg);
			return status;
		}
	}
	status = leave_begun(judge, reterr);
	return status == OK ? enter(judge, reterr) : status;
}

static void note(struct judge *judge, const struct agenda_pair *pair,
	const struct judge_outcome *outcome, instant begun)
{
	if (outcome->verdict != VERDICTS)
		count(judge, judge->settings.judged_row,
			verdict_name(outcome->verdict), 1);
	count(judge, judge->settings.published_row, NULL, outcome->published);
	if (judge->settings.metrics)
		metric_observe(judge->settings.metrics,
			judge->settings.seconds_row,
			(double)(clock_monotonic() - begun) / INSTANT_SECOND);
	if (!outcome->parked)
		return;
	count(judge, judge->settings.failed_row, "parked", 1);
	log_line(LOG_ERROR, "JUDGE-PAIR-PARKED",
		LOG_TEXT("criterion", pair->criterion),
		LOG_TEXT("subject", pair->subject));
}

static enum status one_pair(struct judge *judge, const struct agenda_pair *pair,
	const struct journal *journal, struct reason *reterr)
{
	const struct judge_pair_settings settings = {.pg = judge->pg,
		.arena = judge->pair,
		.scratch = judge->scratch,
		.crypto = judge->crypto,
		.pack = judge->pack,
		.clock = &judge->clock,
		.verdicts = judge->verdicts,
		.state = judge->state};
	struct judge_outcome outcome;
	struct reason why = {0};
	instant begun = clock_monotonic();
	enum status status;

	arena_reset(judge->pair);
	status = judge_pair(&settings, pair, journal, &outcome, &why);
	if (status == OK) {
		note(judge, pair, &outcome, begun);
		return OK;
	}
	pg_rollback(judge->pg);
	*reterr = why;
	if (status == IGNORED) /* another pack came into force meanwhile */
		return IGNORED;
	if (!pg_alive(judge->pg) || status == CONFIG) {
		judge->slow = clock_monotonic() - begun > SLOW;
		return status == CONFIG ? CONFIG : RETRY;
	}
	return put_off(judge, pair, journal, &why, reterr);
}

static bool stopping(const struct judge *judge)
{
	return judge->service && service_stopping(judge->service);
}

/* Judges pairs that were begun together; leaves those it does not come to. */
static enum status begun_pairs(struct judge *judge,
	const struct journal *journals, struct reason *reterr)
{
	enum status status = OK;

	while (judge->begun_count && status == OK && !stopping(judge)) {
		status = one_pair(judge, judge->begun, journals, reterr);
		if (status != OK)
			break;
		judge->begun++;
		journals++;
		judge->begun_count--;
	}
	if (judge->begun_count && pg_alive(judge->pg)) {
		struct reason later;

		if (leave_begun(judge, status == OK ? reterr : &later) != OK &&
			status == OK)
			status = RETRY;
	}
	return status;
}

static enum status begin(struct judge *judge, struct agenda_pair *pairs,
	const struct journal *journals, size_t number, struct reason *reterr)
{
	enum status status;

	judge->begun = pairs;
	judge->begun_count = number;
	status = journal_begin(judge->pg, judge->turn, pairs, number, reterr);
	if (status == OK)
		return begun_pairs(judge, journals, reterr);
	if (pg_alive(judge->pg)) /* refused: nothing was begun */
		judge->begun_count = 0;
	return status;
}

/*
 * Pairs with a clean record are begun together. One that has died or failed
 * before is begun alone, so that what dies next is it and nobody else; one
 * that is parked runs no rule, and needs no journal.
 */
static enum status claimed_pairs(struct judge *judge, struct agenda_pair *pairs,
	size_t number, struct reason *reterr)
{
	struct agenda_pair *clean =
		arena_array(judge->turn, number, sizeof(*clean));
	struct journal *journals = NULL;
	struct journal *blank =
		arena_array(judge->turn, number, sizeof(*blank));
	instant wall = clock_now(&clock_wall);
	size_t clean_count = 0;
	enum status status = journal_read(
		judge->pg, judge->turn, pairs, number, &journals, reterr);

	if (status != OK)
		return status;
	for (size_t i = 0; i < number; i++)
		if (!journals[i].known)
			clean[clean_count++] = pairs[i];
	if (clean_count)
		status = begin(judge, clean, blank, clean_count, reterr);
	for (size_t i = 0; i < number && status == OK && !stopping(judge); i++)
		if (!journals[i].known)
			continue;
		else if (journal_decide(&journals[i], wall) == JOURNAL_JUDGE)
			status = begin(
				judge, &pairs[i], &journals[i], 1, reterr);
		else
			status = one_pair(
				judge, &pairs[i], &journals[i], reterr);
	return status;
}

static enum status judge_due(
	struct judge *judge, size_t *ret_done, struct reason *reterr)
{
	struct agenda_pair *pairs = NULL;
	struct reason later;
	size_t number = 0;
	enum status status = agenda_claim(judge->pg, judge->turn, &judge->clock,
		judge->settings.batch, &pairs, &number, reterr);

	if (status != OK || !number)
		return status;
	*ret_done += number;
	status = claimed_pairs(judge, pairs, number, reterr);
	if (pg_alive(judge->pg) &&
		agenda_release(judge->pg, status == OK ? reterr : &later) !=
			OK &&
		status == OK)
		status = RETRY;
	return status;
}

/* IGNORED: another pack is in force, and its judges judge. */
static enum status sweep(
	struct judge *judge, size_t *ret_done, struct reason *reterr)
{
	instant now = judge->watermark.now;
	bool more = false;
	enum status status;

	if (now == INT64_MIN)
		now = clock_now(&clock_wall);
	status = pack_force_step(
		judge->pg, judge->turn, judge->pack, now, &more, reterr);
	*ret_done += more;
	return status;
}

/* All that is touched before any of it is judged: a pair that a backlog
 * touches a hundred times is judged once. */
static enum status expand_due(
	struct judge *judge, size_t *ret_done, struct reason *reterr)
{
	instant until = clock_monotonic() + EXPAND_TIME;
	size_t expanded = 0;
	enum status status;

	do {
		arena_reset(judge->scratch);
		status = expand_batch(judge->pg, judge->scratch, judge->pack,
			EXPAND, &expanded, reterr);
		*ret_done += expanded;
	} while (status == OK && expanded == EXPAND && !stopping(judge) &&
		 clock_monotonic() < until);
	return status;
}

static enum status turn(
	struct judge *judge, size_t *ret_done, struct reason *reterr)
{
	enum status status;

	take_pack(judge);
	status = connect(judge, reterr);
	*ret_done = 0;
	/* What was begun lives in it until it is left, however many turns no
	 * database is there. */
	if (!judge->begun_count)
		arena_reset(judge->turn);
	if (status == OK)
		status = watermark_read(
			judge->pg, judge->turn, &judge->watermark, reterr);
	if (status == OK)
		status = sweep(judge, ret_done, reterr);
	if (status == OK)
		status = expand_due(judge, ret_done, reterr);
	return status == OK ? judge_due(judge, ret_done, reterr) : status;
}

enum status judge_turn(
	struct judge *judge, size_t *ret_done, struct reason *reterr)
{
	return turn(judge, ret_done, reterr);
}

/* Waits where nothing was due, steps back where another pack is in force. */
static enum status rest(struct judge *judge, enum status status, size_t done,
	struct reason *reterr)
{
	if (status == IGNORED) {
		say(judge, true, "standing by: another pack is in force");
		service_sleep(judge->service, STAND_BY);
		return OK;
	}
	if (status != OK)
		return status;
	say(judge, true, done ? "judging" : "nothing is due");
	if (done || stopping(judge))
		return OK;
	status = pg_wait(judge->pg, WAIT, reterr);
	return status == IGNORED ? OK : status;
}

enum status judge_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct judge *judge = context;
	instant back_off = BACK_OFF_LEAST;
	enum status status = OK;

	judge->service = service;
	while (!service_stopping(service)) {
		size_t done = 0;

		status = turn(judge, &done, reterr);
		status = rest(judge, status, done, reterr);
		if (status == OK) {
			back_off = BACK_OFF_LEAST;
			continue;
		}
		if (status == CONFIG)
			break;
		log_reason(LOG_WARN, "JUDGE-RETRY", reterr);
		say(judge, false, reterr->sentence);
		service_sleep(service, back_off);
		back_off = back_off * 2 > BACK_OFF_MOST ? BACK_OFF_MOST
							: back_off * 2;
		status = OK;
	}
	judge->service = NULL;
	return status;
}
