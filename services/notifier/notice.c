/* SPDX-License-Identifier: Apache-2.0 */
#include "notice.h"

#include "base/bug.h"

static enum status read_row(struct arena *arena, const struct pg_rows *rows,
	size_t i, struct notice *ret, struct reason *reterr)
{
	struct verdict_record *verdict = arena_alloc(arena, sizeof(*verdict));
	const char *record = arena_string(arena, pg_get(rows, i, 2));
	struct sink_notice *out = &ret->out;

	*ret = (struct notice){
		.id = pg_get_integer(rows, i, 0),
		.revision = pg_get_integer(rows, i, 1),
		.generation = pg_get_integer(rows, i, 4),
		.n = pg_get_integer(rows, i, 5),
		.open = pg_get_bool(rows, i, 10),
		.promote_at = pg_get_instant(rows, i, 12),
		.standing = pg_get_bool(rows, i, 13),
		.sent_generation = pg_get_integer(rows, i, 14),
		.sent_n = pg_get_integer(rows, i, 15),
		.promoted = pg_get_bool(rows, i, 16),
		.doubtful_until = pg_get_instant(rows, i, 17),
		.resent_until = pg_get_instant(rows, i, 18),
		.attempts = pg_get_integer(rows, i, 19),
		.tries = (int)pg_get_integer(rows, i, 20),
		.outcome = arena_string(arena, pg_get(rows, i, 21)),
	};
	out->opened = pg_get_instant(rows, i, 3);
	out->role = arena_string(arena, pg_get(rows, i, 6));
	out->party = arena_string(arena, pg_get(rows, i, 7));
	out->party_key = arena_string(arena, pg_get(rows, i, 8));
	out->labels = arena_string(arena, pg_get(rows, i, 9));
	out->ended = ret->open ? INSTANT_NEVER : pg_get_instant(rows, i, 11);
	out->episode = arena_string(arena, pg_get(rows, i, 25));
	out->doubtful = ret->doubtful_until != NOTICE_NO_DOUBT;
	if (!pg_null(rows, i, 22))
		out->link.alert = arena_string(arena, pg_get(rows, i, 22));
	if (!pg_null(rows, i, 23))
		out->link.case_id = arena_string(arena, pg_get(rows, i, 23));
	out->link.case_number = pg_get_integer(rows, i, 24);
	out->verdict = verdict;
	return verdict_read(arena, record, strlen(record), verdict, reterr);
}

enum status notices_due(struct pg *pg, struct arena *arena, const char *sink,
	const char *target, size_t limit, struct notice **ret,
	size_t *ret_count, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, sink);
	pg_text(&args, target);
	pg_integer(&args, (int64_t)limit);
	status = pg_run(pg,
		"SELECT n.id, n.revision, e.record, e.opened, e.generation,"
		" e.n, n.role, n.party, n.party_key, n.labels, n.open,"
		" n.ended_at, n.promote_at, n.standing, n.sent_generation,"
		" n.sent_n, n.promoted, n.doubtful_until, n.resent_until,"
		" n.attempts, n.tries, n.outcome, c.alert, c.case_id,"
		" c.case_number, e.id"
		" FROM notice n JOIN episode e ON e.id = n.episode"
		" LEFT JOIN case_link c ON c.notice = n.id"
		" WHERE n.sink = $1 AND n.target = $2"
		" AND n.due_at <= statement_timestamp()"
		" ORDER BY n.due_at, n.id LIMIT $3",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_count = pg_count(rows);
	*ret = arena_array(arena, *ret_count + 1, sizeof(**ret));
	for (size_t i = 0; status == OK && i < *ret_count; i++)
		status = read_row(arena, rows, i, &(*ret)[i], reterr);
	pg_rows_free(&rows);
	/* Intake stored only what it had read, so this is no data's fault. */
	return status == REJECT ? CONFIG : status;
}

static bool in_doubt(const struct notice *notice)
{
	return notice->doubtful_until != NOTICE_NO_DOUBT;
}

static enum notice_action wait_until(instant at, instant *ret_due)
{
	*ret_due = at;
	return NOTICE_ACTIONS;
}

/* It is to stand. */
static enum notice_action next_open(const struct notice *notice,
	const struct sink *kind, instant now, instant *ret_due)
{
	instant second_look = INSTANT_NEVER;

	if (!notice->standing && kind->refreshes)
		return NOTICE_FIRE;
	if (!notice->standing)
		return notice->doubtful_until > now
			       ? wait_until(notice->doubtful_until, ret_due)
			       : NOTICE_CREATE;
	if (notice->sent_generation != notice->generation ||
		notice->sent_n != notice->n)
		return NOTICE_UPDATE;
	if (kind->refreshes)
		return NOTICE_REFRESH;
	if (in_doubt(notice) && notice->doubtful_until <= now)
		return NOTICE_UPDATE;
	if (kind->cases && !notice->promoted && notice->promote_at <= now)
		return NOTICE_PROMOTE;
	if (in_doubt(notice))
		second_look = notice->doubtful_until;
	if (kind->cases && !notice->promoted &&
		notice->promote_at < second_look)
		second_look = notice->promote_at;
	return wait_until(second_look, ret_due);
}

enum notice_action notice_next(const struct notice *notice,
	const struct sink *kind, instant now, instant *ret_due)
{
	*ret_due = now;
	if (notice->open)
		return next_open(notice, kind, now, ret_due);
	if (kind->refreshes) {
		if (notice->standing || in_doubt(notice))
			return NOTICE_RESOLVE;
		return notice->resent_until > now
			       ? NOTICE_REFRESH
			       : wait_until(INSTANT_NEVER, ret_due);
	}
	if (!notice->standing && !in_doubt(notice))
		return wait_until(INSTANT_NEVER, ret_due);
	if (!notice->standing && notice->doubtful_until > now)
		return wait_until(notice->doubtful_until, ret_due);
	return NOTICE_CLOSE;
}

static instant due_next(const struct notice *notice, const struct sink *kind,
	const struct notice_times *times)
{
	instant due;
	enum notice_action next = notice_next(notice, kind, times->now, &due);

	return next == NOTICE_REFRESH ? times->now + times->refresh_every : due;
}

static void reached(struct notice *notice, const struct sink *kind,
	const struct notice_times *times)
{
	bool had_doubt = notice->out.doubtful;

	switch (notice->out.action) {
	case NOTICE_FIRE:
	case NOTICE_CREATE:
		notice->standing = true;
		break;
	case NOTICE_RESOLVE:
	case NOTICE_CLOSE:
		notice->standing = false;
		if (kind->refreshes)
			notice->resent_until = times->now + times->resolved_for;
		break;
	case NOTICE_PROMOTE:
		notice->promoted = true;
		return; /* tells nothing else */
	case NOTICE_REFRESH:
		return;
	case NOTICE_UPDATE:
	case NOTICE_ACTIONS:
		break;
	}
	notice->sent_generation = notice->generation;
	notice->sent_n = notice->n;
	notice->doubtful_until = NOTICE_NO_DOUBT;
	/* What was sent before the doubt may still be on its way in: look
	 * once more when nothing can be. */
	if (had_doubt && notice->out.action == NOTICE_CREATE)
		notice->doubtful_until = times->now + times->timeout;
}

/* The other side refuses it for what it is; life goes on where it can. */
static void refused(struct notice *notice)
{
	notice->doubtful_until = NOTICE_NO_DOUBT;
	switch (notice->out.action) {
	case NOTICE_UPDATE:
		notice->sent_generation = notice->generation;
		notice->sent_n = notice->n;
		break;
	case NOTICE_PROMOTE:
		notice->promoted = true;
		break;
	case NOTICE_RESOLVE:
	case NOTICE_CLOSE:
		notice->standing = false;
		break;
	default:
		break;
	}
}

static void again(struct notice *notice, const struct sink *kind,
	const struct notice_times *times)
{
	bool begins = notice->out.action == NOTICE_FIRE ||
		      notice->out.action == NOTICE_CREATE;

	notice->tries++;
	notice->due_at = times->now + times->back_off;
	if (!begins)
		return;
	if (notice->out.outcome.doubtful)
		notice->doubtful_until = times->now + times->timeout;
	else if (!notice->out.doubtful)
		notice->doubtful_until = NOTICE_NO_DOUBT;
	if (!kind->refreshes && notice->doubtful_until > notice->due_at)
		notice->due_at = notice->doubtful_until;
}

/* A refresh is worth a word only where it changes something. */
static bool worth_saying(const struct notice *notice)
{
	return notice->out.action != NOTICE_REFRESH ||
	       strcmp(notice->outcome, notice_outcome_name(notice->result)) !=
		       0;
}

void notice_settle(struct notice *notice, const struct sink *kind,
	const struct notice_times *times)
{
	if (notice->out.outcome.result == SINK_UNTRIED) {
		notice->out.action = NOTICE_ACTIONS;
		notice->due_at = times->now;
		notice->said = false;
		return;
	}
	notice->attempts++;
	switch (notice->out.outcome.result) {
	case SINK_UNTRIED:
		break;
	case SINK_DELIVERED:
		notice->result = NOTICE_DELIVERED;
		notice->tries = 0;
		reached(notice, kind, times);
		notice->due_at = due_next(notice, kind, times);
		break;
	case SINK_AGAIN:
	case SINK_AWAY:
	case SINK_BARRED:
		notice->result = NOTICE_RETRYING;
		again(notice, kind, times);
		break;
	case SINK_FAILED:
		notice->result = NOTICE_FAILED;
		notice->tries = 0;
		refused(notice);
		notice->due_at = INSTANT_NEVER;
		if (notice->out.action == NOTICE_UPDATE ||
			notice->out.action == NOTICE_PROMOTE)
			notice->due_at = due_next(notice, kind, times);
		break;
	}
	notice->said = worth_saying(notice);
}

void notice_mute(struct notice *notice, const struct sink *kind,
	const struct notice_times *times)
{
	MUST(notice->out.action < NOTICE_ACTIONS);
	notice->attempts++;
	notice->tries = 0;
	notice->result = NOTICE_MUTED;
	notice->out.doubtful = false;
	reached(notice, kind, times);
	notice->due_at = due_next(notice, kind, times);
	notice->said = worth_saying(notice);
}
