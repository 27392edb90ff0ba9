/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction in which a pair is judged. Order matters: its row is locked
 * before anything else is read, so of two judges the later one reads what the
 * earlier one wrote; the rows of the agenda it saw go at the end of the same
 * transaction; what intake commits meanwhile has rows of its own.
 */
#include "judge_pair.h"

#include "judgement.h"
#include "suppress.h"
#include "window_load.h"

#include "base/bug.h"
#include "daemon/relay.h"

#include <string.h>

#define POINTS_MOST 5000

struct judging {
	const struct judge_pair_settings *with;
	struct pg *pg;
	struct arena *arena;
	const struct agenda_pair *pair;
	const struct journal *journal;
	const struct criterion *criterion; /* NULL: the pack has it no longer */
	bool silence; /* it is the criterion that suppresses others */
	struct stored was, now;
	const char *labels; /* compared with those it was judged with */
	bool relabelled;    /* they are others */
	instant from;
	enum journal_verdict held; /* JUDGE: nothing is held against it */
	struct window window;
	const struct window *seen; /* NULL: no rule was asked */
	struct walk walk;
	struct history_change history;
	const struct history_row *current; /* NULL: nothing is true now */
	struct episode_move move;
	const char *opened; /* id of an episode that opened; NULL */
	const struct judgement *details;
	bool recalled; /* details come from what was said before */
	struct kafka_record records[4];
	size_t record_count;
};

/* One judgement from T on that no rule made. */
static void say_for_good(struct judging *j, enum verdict verdict,
	const char *summary, const char *would_change)
{
	struct segment *segment = arena_alloc(j->arena, sizeof(*segment));

	segment->from = j->from;
	segment->judgement =
		judgement_said(j->arena, verdict, summary, would_change);
	j->walk = (struct walk){.segments = segment,
		.count = 1,
		.last = segment->judgement,
		.judged_to = j->from,
		.next_change = INSTANT_NEVER,
		.due = INSTANT_NEVER,
		.until = INSTANT_NEVER};
}

static void say_parked(struct judging *j)
{
	const char *why = j->journal->why;

	if (j->journal->failures < JOURNAL_FAILURES || !why)
		why = arena_printf(j->arena,
			"the process died %d times while judging it",
			JOURNAL_DEATHS);
	say_for_good(j, VERDICT_ERROR,
		arena_printf(j->arena, "could not be judged: %s", why),
		"another pack or program; it is tried again by itself");
}

static enum status ask_rule(struct judging *j, struct reason *reterr)
{
	struct walk_settings walk = {.from = j->from,
		.now = agenda_now(j->with->clock, j->pair->criterion),
		.points = POINTS_MOST,
		.scratch = j->with->scratch,
		.arena = j->arena};
	enum status status = window_load(j->pg, j->arena, j->criterion,
		j->pair->subject, j->from, &window_limits_usual, &j->window,
		&walk.until, reterr);

	if (status != OK)
		return status;
	j->seen = &j->window;
	walk_run(j->criterion, &j->window, &walk, &j->walk);
	return OK;
}

/* What is true from T on. */
static enum status consider(struct judging *j, struct reason *reterr)
{
	if (!j->criterion)
		say_for_good(j, VERDICT_NOT_APPLICABLE,
			"the criterion is not in the pack any more",
			"a pack that has it");
	else if (j->held != JOURNAL_JUDGE)
		say_parked(j);
	else
		return ask_rule(j, reterr);
	return OK;
}

/*
 * What is due beyond the judge's now begins at now: a time-out between the two
 * holds up what comes after it (walk.h), whether both are taken at once or one
 * after the other. Only the rest of a walk goes on where that one ended.
 */
static void start_by_now(struct judging *j)
{
	instant start = agenda_now(j->with->clock, j->pair->criterion);

	if (start < j->was.first_at)
		start = j->was.first_at;
	if (start < j->from && j->from != INSTANT_NEVER)
		j->from = start;
}

/*
 * From when on: the earliest row of the agenda, or earlier where it is owed
 * more. A pair is judged from when its subject was first seen, whatever came
 * first, and never from before. Labels are those known now, whatever the
 * time, so a subject that has got others is judged anew from its start.
 */
static void set_start(struct judging *j, const struct agenda_taken *taken)
{
	instant first_seen = j->was.first_seen;

	j->from = taken->due;
	if (j->journal->parked && j->journal->due < j->from)
		j->from = j->journal->due;
	start_by_now(j);
	if (taken->rest < j->from)
		j->from = taken->rest;
	j->relabelled = j->was.first_at != INSTANT_NEVER &&
			strcmp(j->labels, j->was.labels) != 0;
	if (j->relabelled && j->was.first_at < j->from)
		j->from = j->was.first_at;
	if (first_seen != INT64_MIN &&
		(j->from < first_seen || j->was.first_at > first_seen))
		j->from = first_seen;
	j->now.labels = j->labels;
	j->now.pack = pack_digest(j->with->pack);
	j->now.first_at = j->from < j->was.first_at ? j->from : j->was.first_at;
}

/* Nothing was ever said, and nothing is to be said. */
static bool stays_silent(const struct judging *j)
{
	return j->was.verdict == VERDICTS && j->was.n == 0 &&
	       (!j->criterion || j->walk.outside);
}

static enum status merge(struct judging *j, struct reason *reterr)
{
	const struct history_row *rows = NULL;
	instant judged_at = agenda_now(j->with->clock, j->pair->criterion);
	size_t count = 0;
	enum status status = store_history(
		j->pg, j->arena, j->pair, j->from, &rows, &count, reterr);

	if (status != OK)
		return status;
	if (judged_at < j->walk.judged_to)
		judged_at = j->walk.judged_to;
	j->now.judged_at = judged_at;
	if (stays_silent(j) && !count)
		return OK;
	history_merge(j->arena, rows, count, &j->walk, j->from, &j->history);
	j->current = history_current(&j->history);
	return store_change(
		j->pg, j->arena, j->pair, &j->now, &j->history, reterr);
}

/* The walk said nothing new: what was said goes on. */
static const struct judgement *recall(struct judging *j)
{
	const struct judgement *details = NULL;

	if (j->was.verdict == j->current->verdict)
		details = announce_recall(j->arena, j->was.record);
	j->recalled = details != NULL;
	return details ? details : announce_recall_row(j->arena, j->current);
}

static void set_verdict(struct judging *j)
{
	j->now.next_change = j->walk.next_change;
	if (!j->current) {
		j->now.verdict = VERDICTS;
		return;
	}
	j->now.verdict = j->current->verdict;
	j->now.since = j->current->from;
	if (j->walk.last)
		j->details = j->walk.last;
	else if (j->current->judgement)
		j->details = j->current->judgement;
	else
		j->details = recall(j);
}

static enum status move_episode(struct judging *j, struct reason *reterr)
{
	struct stored *now = &j->now;
	enum status status;

	episode_follow(
		now->episode_kind, now->episode_opened, &j->history, &j->move);
	status = store_episode(j->pg, j->arena, j->with->crypto, j->pair,
		&j->was, &j->move, episode_kind_of(now->verdict), &j->opened,
		reterr);
	if (status != OK)
		return status;
	if (j->move.close) {
		now->episode = NULL;
		now->episode_kind = EPISODE_NONE;
	}
	if (j->move.moved || j->move.open)
		now->episode_opened = j->move.opened;
	if (j->opened) {
		now->episode = j->opened;
		now->episode_kind = episode_kind_of(now->verdict);
	}
	return OK;
}

/* Whose silence explains it, and whether that source is silent. */
static enum status look_for_silence(struct judging *j, struct reason *reterr)
{
	const struct criterion *silence = pack_silence(j->with->pack);
	struct stored *now = &j->now;
	const char *tool = j->recalled ? j->was.silent : NULL;
	struct reason ignored;

	now->silent = NULL;
	now->suppressed_by = NULL;
	if (!silence || j->silence ||
		(now->verdict != VERDICT_STALE &&
			now->verdict != VERDICT_UNKNOWN))
		return OK;
	if (j->details->source &&
		suppress_tool(j->arena,
			subject_tenant_of(j->arena, j->pair->subject),
			j->details->source, &tool, &ignored) != OK)
		return OK; /* a name that no source can have */
	if (!tool)
		return OK;
	now->silent = tool;
	return suppress_find(j->pg, j->arena, silence->id, tool,
		&now->suppressed_by, reterr);
}

static bool differ(const char *a, const char *b)
{
	return a != b && (!a || !b || strcmp(a, b) != 0);
}

/* Whether anybody outside must hear of it. */
static bool is_news(const struct judging *j)
{
	return j->was.verdict != j->now.verdict ||
	       j->was.since != j->now.since || j->move.close || j->move.open ||
	       j->move.moved ||
	       differ(j->was.suppressed_by, j->now.suppressed_by) ||
	       (!verdict_good(j->now.verdict) &&
		       differ(j->was.face, j->now.face));
}

/* Adds the record to both topics, as the next version. */
static void publish(struct judging *j, struct verdict_record *record)
{
	const char *const topics[] = {j->with->verdicts, j->with->state};

	MUST(j->record_count + 2 <= 4);
	record->n = ++j->now.n;
	for (int i = 0; i < 2; i++) {
		struct kafka_record *out = &j->records[j->record_count++];

		verdict_encode(j->arena, record, out);
		out->topic = topics[i];
	}
}

static void publish_close(struct judging *j, const struct verdict_record *like)
{
	const struct history_row *by = j->move.ended_by;
	struct verdict_record record = *like;
	const struct judgement *details;

	record.previous = j->was.verdict;
	record.episode = j->was.episode;
	record.episode_kind = j->was.episode_kind;
	record.episode_opened = j->was.episode_opened;
	record.episode_closed = j->move.closed;
	if (by && by != j->current && j->move.open) {
		/* It was over before the next one began. */
		details = announce_recall_row(j->arena, by);
		record.verdict = by->verdict;
		record.since = by->from;
		record.summary = details->summary;
		record.would_change = NULL;
		record.deciding = details->deciding;
		record.deciding_count = details->deciding_count;
		record.observable_count = 0;
		record.evidence_count = record.payload_count = 0;
		record.traceparent = NULL;
		record.next_change = INSTANT_NEVER;
		record.suppressed_by = NULL;
	}
	publish(j, &record);
}

static void publish_present(struct judging *j, struct verdict_record *record)
{
	const struct history_row *by = j->move.ended_by;

	record->previous = j->was.verdict;
	if (j->move.close && by && by != j->current)
		record->previous = by->verdict;
	publish(j, record);
}

static enum status announce(struct judging *j, struct reason *reterr)
{
	struct announcement in = {.pack = j->with->pack,
		.criterion = j->criterion,
		.pair = j->pair,
		.stored = &j->now,
		.details = j->details,
		.window = j->seen};
	struct verdict_record record;
	size_t length;
	enum status status;

	in.labels = window_labels(j->arena, j->now.labels_now, &in.label_count);
	status = announce_fill(j->pg, j->arena, &in, &record, reterr);
	if (status != OK)
		return status;
	record.episode = j->now.episode;
	record.episode_kind = j->now.episode_kind;
	record.episode_opened = j->now.episode_opened;
	j->now.face = announce_face(j->arena, &record);
	record.previous = j->was.verdict;
	record.n = j->now.n;
	if (is_news(j)) {
		if (j->move.close)
			publish_close(j, &record);
		if (!j->move.close || j->move.open)
			publish_present(j, &record);
		record.n = j->now.n;
	}
	j->now.record = verdict_write(j->arena, &record, &length);
	return outbox_add(j->pg, j->arena, j->records, j->record_count, reterr);
}

/* One row by clock for each pair, never later than its next change. */
static enum status set_timer(struct judging *j, struct reason *reterr)
{
	if (j->now.due_at <= agenda_now(j->with->clock, j->pair->criterion))
		j->now.due_at = INSTANT_NEVER; /* it was taken */
	if (j->walk.due >= j->now.due_at)
		return OK;
	j->now.due_at = j->walk.due;
	return agenda_put(j->pg, j->arena, j->pair, j->walk.due, AGENDA_CLOCK,
		INT64_MIN, reterr);
}

static enum status wake_explained(struct judging *j, struct reason *reterr)
{
	bool failed = j->was.verdict == VERDICT_FAIL;
	bool fails = j->now.verdict == VERDICT_FAIL;

	if (!j->silence || failed == fails)
		return OK;
	return suppress_wake(j->pg, j->arena, j->pair->subject, reterr);
}

static enum status conclude(struct judging *j, struct reason *reterr)
{
	enum status status = OK;

	set_verdict(j);
	if (j->now.verdict != VERDICTS) {
		status = move_episode(j, reterr);
		if (status == OK)
			status = look_for_silence(j, reterr);
		if (status == OK)
			status = announce(j, reterr);
		if (status == OK)
			status = wake_explained(j, reterr);
	}
	return status == OK ? set_timer(j, reterr) : status;
}

/* The rest of a walk that was too long for one transaction is due at once;
 * until it is done, what is true now is not touched. */
static enum status go_on_later(struct judging *j, struct reason *reterr)
{
	j->now.judged_at = j->was.judged_at;
	return agenda_put(j->pg, j->arena, j->pair, j->walk.until, AGENDA_REST,
		INT64_MIN, reterr);
}

static enum status settle_journal(struct judging *j, struct reason *reterr)
{
	instant until = INT64_MIN;
	bool again = j->held == JOURNAL_PARK;
	enum status status;

	if (j->held == JOURNAL_JUDGE)
		return journal_done(j->pg, j->arena, j->pair, reterr);
	status = journal_park(j->pg, j->arena, j->pair, j->from, again,
		journal_patience(j->journal->parked + 1), &until, reterr);
	if (status != OK)
		return status;
	return agenda_put(
		j->pg, j->arena, j->pair, j->from, AGENDA_EVENT, until, reterr);
}

/* Verdict, history, episode, outbox: all of it, or nothing. Neighbours may look
 * at the labels too. */
static enum status write_down(struct judging *j, struct reason *reterr)
{
	enum status status = merge(j, reterr);

	if (status == OK && j->relabelled)
		status = agenda_touch(j->pg, j->arena, j->pair->subject,
			j->now.first_at, reterr);

	if (status == OK)
		status = j->walk.until == INSTANT_NEVER
				 ? conclude(j, reterr)
				 : go_on_later(j, reterr);
	if (status == OK)
		status = store_write(j->pg, j->arena, j->pair, &j->now, reterr);
	if (status == OK)
		status = settle_journal(j, reterr);
	return status;
}

static enum status judge(struct judging *j, struct reason *reterr)
{
	struct agenda_taken taken = {0};
	enum status status = store_lock(
		j->pg, j->arena, j->pair, &j->was, &j->labels, reterr);

	if (status == OK)
		status = agenda_take(j->pg, j->arena, j->with->clock, j->pair,
			&taken, reterr);
	if (status != OK)
		return status;
	if (!taken.rows) /* somebody else was quicker */
		return j->held == JOURNAL_JUDGE
			       ? journal_done(j->pg, j->arena, j->pair, reterr)
			       : OK;
	if (strcmp(taken.pack, pack_digest(j->with->pack)) != 0)
		return IGNORED;
	j->now = j->was;
	set_start(j, &taken);
	status = consider(j, reterr);
	return status == OK ? write_down(j, reterr) : status;
}

enum status judge_pair(const struct judge_pair_settings *settings,
	const struct agenda_pair *pair, const struct journal *journal,
	struct judge_outcome *ret, struct reason *reterr)
{
	const struct criterion *silence = pack_silence(settings->pack);
	struct judging j = {.with = settings,
		.pg = settings->pg,
		.arena = settings->arena,
		.pair = pair,
		.journal = journal,
		.held = journal_decide(journal, clock_now(&clock_wall)),
		.criterion = pack_find(settings->pack, pair->criterion)};
	enum status status = pg_begin(j.pg, reterr);

	j.silence = silence && silence == j.criterion;
	if (!j.criterion)
		j.held = JOURNAL_JUDGE; /* no rule is asked */
	if (status == OK)
		status = judge(&j, reterr);
	if (status == OK)
		status = pg_commit(j.pg, reterr);
	if (status != OK)
		return status;
	*ret = (struct judge_outcome){.verdict = j.now.verdict,
		.published = j.record_count / 2,
		.parked = j.held == JOURNAL_PARK};
	return OK;
}
