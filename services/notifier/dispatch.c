/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn: hold the lease, take what is due, prove that we may speak, speak,
 * write down what came of it. What is due says the present state of each
 * episode, so nothing is replayed.
 */
#include "dispatch_private.h"

#include "attempt.h"
#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/migrate.h"
#include "intake.h"
#include "metric.h"
#include "wire/crypto.h"

#include <string.h>

#define ARENA_MAX ((size_t)256 << 20)
#define IDLE (INSTANT_SECOND / 2)
#define ROW_BACK_OFF_MOST (5 * INSTANT_MINUTE)

static void measure(struct dispatch *dispatch, enum metric row,
	const char *label, int64_t value)
{
	if (!dispatch->settings.metrics)
		return;
	if (metric_rows[row].type == METRIC_GAUGE)
		metric_set(dispatch->settings.metrics, (int)row, label, value);
	else
		metric_add(dispatch->settings.metrics, (int)row, label, value);
}

/* What appears with its first event hides that event from a rate. */
static void show_from_zero(struct dispatch *dispatch)
{
	measure(dispatch, METRIC_SINK_HELD, dispatch->name, 0);
	measure(dispatch, METRIC_AWAY, dispatch->name, 0);
	for (int i = 0; i < NOTICE_OUTCOMES; i++)
		measure(dispatch, METRIC_ATTEMPTS,
			notice_outcome_name((enum notice_outcome)i), 0);
}

enum status dispatch_open(const struct dispatch_settings *settings,
	struct dispatch **ret, struct reason *reterr)
{
	struct dispatch *dispatch = memory_new(sizeof(*dispatch));
	enum status status;

	MUST(settings->lease_time > 0 && settings->refresh_every > 0);
	dispatch->settings = *settings;
	dispatch->life = arena_new(1 << 18);
	dispatch->arena = arena_new(ARENA_MAX);
	dispatch->settings.url = arena_string(dispatch->life, settings->url);
	dispatch->name = arena_printf(dispatch->life, "sink %s %s",
		settings->sink->name, settings->url);
	dispatch->holder.owner = lease_owner(dispatch->life);
	dispatch->holder.time = settings->lease_time;
	pthread_mutex_init(&dispatch->lock, NULL);
	dispatch_set_kind(dispatch, settings->sink->kind);
	if (settings->edition)
		edition_ref(settings->edition);
	if (settings->health)
		dispatch->check = health_check(settings->health, dispatch->name,
			dispatch_patience(dispatch, settings->sink));
	show_from_zero(dispatch);
	status = dispatch_line(
		dispatch, settings->sink, &dispatch->line, reterr);
	if (status != OK) {
		dispatch_close(&dispatch);
		return status;
	}
	*ret = dispatch;
	return OK;
}

void dispatch_close(struct dispatch **dispatch)
{
	struct dispatch *gone = *dispatch;

	if (!gone)
		return;
	dispatch_wire_close(&gone->next);
	gone->kind->close(&gone->line);
	edition_unref(&gone->settings.edition);
	pg_close(&gone->pg);
	pthread_mutex_destroy(&gone->lock);
	arena_free(&gone->arena);
	arena_free(&gone->life);
	memory_free(gone);
	*dispatch = NULL;
}

const char *dispatch_name(const struct dispatch *dispatch)
{
	return dispatch->name;
}

static void lose(struct dispatch *dispatch)
{
	dispatch->epoch = 0;
	dispatch->throttle = (struct throttle){0};
	measure(dispatch, METRIC_SINK_HELD, dispatch->name, 0);
	/* Whoever speaks to it now knows whether it is away. */
	measure(dispatch, METRIC_AWAY, dispatch->name, 0);
}

static enum status connect(struct dispatch *dispatch, struct reason *reterr)
{
	enum status status;

	if (dispatch->pg && !pg_alive(dispatch->pg)) {
		pg_close(&dispatch->pg);
		lose(dispatch);
	}
	if (dispatch->pg)
		return OK;
	status = pg_open(&dispatch->settings.pg, &dispatch->pg, reterr);
	if (status == OK)
		status = migrate_check(dispatch->pg, "notifier", reterr);
	if (status == OK)
		status = pg_listen(dispatch->pg, INTAKE_CHANNEL, reterr);
	if (status != OK)
		pg_close(&dispatch->pg);
	return status;
}

/* Ours for `time` from now, or REJECT. */
static enum status renew(
	struct dispatch *dispatch, instant time, struct reason *reterr)
{
	struct lease_holder holder = {dispatch->holder.owner, time};
	enum status status = lease_renew(dispatch->pg, &holder, dispatch->arena,
		dispatch->name, dispatch->epoch, reterr);

	if (status == OK)
		dispatch->renewed = clock_monotonic();
	return status;
}

/* OK: held. IGNORED: somebody else speaks to this instance. */
static enum status hold(struct dispatch *dispatch, struct reason *reterr)
{
	enum status status;

	if (!dispatch->epoch) {
		status = lease_take(dispatch->pg, &dispatch->holder,
			dispatch->arena, dispatch->name, &dispatch->epoch,
			reterr);
		if (status == OK) {
			dispatch->renewed = clock_monotonic();
			measure(dispatch, METRIC_SINK_HELD, dispatch->name, 1);
			log_line(LOG_INFO, "NOTIFIER-SINK-TAKEN",
				LOG_TEXT("sink", dispatch->name),
				LOG_NUMBER("epoch", dispatch->epoch));
		}
		return status;
	}
	if (clock_monotonic() - dispatch->renewed < dispatch->holder.time / 3)
		return OK;
	return renew(dispatch, dispatch->holder.time, reterr);
}

/*
 * Before each request. The lease is made to outlive it: who takes it after us
 * knows that nothing of ours is on its way any more. If we were stopped while
 * asking, what we heard may be stale, so we ask again.
 */
static enum status permit(void *context, instant limit, struct reason *reterr)
{
	struct dispatch *dispatch = context;

	for (int i = 0; i < 3; i++) {
		instant before = clock_monotonic();
		enum status status =
			renew(dispatch, limit + dispatch->holder.time, reterr);

		if (status != OK)
			return status;
		if (clock_monotonic() - before < dispatch->holder.time / 2)
			return OK;
	}
	reason_set(reterr, dispatch->name,
		"the database answers too slowly to prove the lease");
	return RETRY;
}

static enum status guarded(struct dispatch *dispatch, struct reason *reterr)
{
	enum status status = pg_begin(dispatch->pg, reterr);

	if (status == OK)
		status = lease_guard(dispatch->pg, dispatch->arena,
			dispatch->name, dispatch->epoch, reterr);
	return status;
}

static enum status finish(
	struct dispatch *dispatch, enum status status, struct reason *reterr)
{
	if (status == OK)
		status = pg_commit(dispatch->pg, reterr);
	if (status != OK)
		pg_rollback(dispatch->pg);
	return status;
}

static struct notice_times times_of(const struct dispatch *dispatch)
{
	return (struct notice_times){
		.now = clock_now(&clock_wall),
		.timeout = dispatch->settings.sink->settings.timeout,
		.refresh_every = dispatch->settings.refresh_every,
		.resolved_for = dispatch->settings.resolved_for,
	};
}

static uint64_t dice(void)
{
	uint64_t number;

	crypto_random(&number, sizeof(number));
	return number;
}

static void log_outcome(
	const struct dispatch *dispatch, const struct notice *notice)
{
	enum log_level level = notice->result == NOTICE_FAILED     ? LOG_ERROR
			       : notice->result == NOTICE_RETRYING ? LOG_WARN
								   : LOG_INFO;

	if (!notice->said)
		return;
	log_line(level, "NOTIFIER-ATTEMPT", LOG_NUMBER("notice", notice->id),
		LOG_TEXT("sink", dispatch->settings.sink->name),
		LOG_TEXT("target", dispatch->settings.url),
		LOG_TEXT("episode", notice->out.episode),
		LOG_TEXT("action", notice_action_name(notice->out.action)),
		LOG_TEXT("outcome", notice_outcome_name(notice->result)),
		LOG_NUMBER("code", notice->out.outcome.code),
		LOG_TEXT("what", notice->out.outcome.why));
}

static void observe(struct dispatch *dispatch, const struct notice *notice)
{
	instant known = notice->out.verdict->known_at;

	log_outcome(dispatch, notice);
	measure(dispatch, METRIC_ATTEMPTS, notice_outcome_name(notice->result),
		1);
	if (notice->result == NOTICE_DELIVERED &&
		notice->out.action != NOTICE_REFRESH &&
		dispatch->settings.metrics)
		metric_observe(dispatch->settings.metrics, METRIC_DELAY,
			(double)(clock_now(&clock_wall) - known) /
				(double)INSTANT_SECOND);
}

/* After an outage everything that waited is due again at once. */
static enum status wake_waiting(
	struct dispatch *dispatch, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, dispatch->arena);
	pg_text(&args, dispatch->settings.sink->name);
	pg_text(&args, dispatch->settings.url);
	return pg_do(dispatch->pg,
		"UPDATE notice SET due_at = greatest(clock_timestamp(),"
		" CASE WHEN standing THEN '-infinity' ELSE doubtful_until END)"
		" WHERE sink = $1 AND target = $2 AND outcome = 'retrying'"
		" AND due_at > statement_timestamp() AND due_at < 'infinity'",
		&args, NULL, reterr);
}

static enum status record(struct dispatch *dispatch, struct notice *notices,
	size_t count, bool back, struct reason *reterr)
{
	struct attempt_place place = {.topic = dispatch->settings.topic,
		.sink = dispatch->settings.sink->name,
		.target = dispatch->settings.url,
		.at = clock_now(&clock_wall)};
	enum status status = guarded(dispatch, reterr);

	if (status == OK)
		status = attempts_end(dispatch->pg, dispatch->arena, &place,
			notices, count, reterr);
	if (status == OK && back)
		status = wake_waiting(dispatch, reterr);
	/* The lease was stretched over the request; a short one hands over
	 * sooner. */
	if (status == OK)
		status = renew(dispatch, dispatch->holder.time, reterr);
	return finish(dispatch, status, reterr);
}

/* What the outcomes say of the instance itself. */
static bool learn(
	struct dispatch *dispatch, const struct sink_notice *outs, size_t count)
{
	const struct sink_outcome *worst = NULL;
	bool answered = false;

	for (size_t i = 0; i < count; i++) {
		const struct sink_outcome *outcome = &outs[i].outcome;

		if (outcome->result == SINK_AWAY ||
			outcome->result == SINK_BARRED)
			worst = outcome;
		else if (outcome->result != SINK_UNTRIED)
			answered = true;
	}
	measure(dispatch, METRIC_AWAY, dispatch->name, worst != NULL);
	if (!worst) {
		dispatch_say(dispatch, true, "speaking");
		return answered && throttle_well(&dispatch->throttle);
	}
	throttle_failed(&dispatch->throttle, clock_monotonic(),
		worst->result == SINK_BARRED, worst->wait, dice());
	log_line(LOG_WARN,
		worst->result == SINK_BARRED ? "NOTIFIER-SINK-BARRED"
					     : "NOTIFIER-SINK-AWAY",
		LOG_TEXT("sink", dispatch->name),
		LOG_NUMBER("code", worst->code), LOG_TEXT("what", worst->why));
	dispatch_say(dispatch, false, worst->why);
	return false;
}

static void settle(struct dispatch *dispatch, struct notice *notices,
	const struct sink_notice *outs, size_t count)
{
	struct notice_times times = times_of(dispatch);

	for (size_t i = 0; i < count; i++) {
		bool row = outs[i].outcome.result == SINK_AGAIN;

		notices[i].out = outs[i];
		times.back_off = throttle_back_off(notices[i].tries + 1,
			row ? ROW_BACK_OFF_MOST : INSTANT_MINUTE,
			outs[i].outcome.wait, dice());
		notice_settle(&notices[i], dispatch->kind, &times);
		if (notices[i].out.action != NOTICE_ACTIONS)
			observe(dispatch, &notices[i]);
	}
}

/* Notices that may not be sent (muted) or need not be (nothing to do). */
static size_t choose(struct dispatch *dispatch, struct notice *notices,
	size_t count, size_t *ret_settled)
{
	struct notice_times times = times_of(dispatch);
	size_t send = 0;

	for (size_t i = 0; i < count; i++) {
		struct notice notice = notices[i];

		notice.out.action = notice_next(
			&notice, dispatch->kind, times.now, &notice.due_at);
		if (notice.out.action != NOTICE_ACTIONS &&
			!dispatch->settings.mute) {
			notices[i] = notices[send];
			notices[send++] = notice;
			continue;
		}
		if (notice.out.action != NOTICE_ACTIONS) {
			notice_mute(&notice, dispatch->kind, &times);
			observe(dispatch, &notice);
		}
		notices[i] = notice;
	}
	*ret_settled = count - send;
	return send;
}

static enum status speak(struct dispatch *dispatch, struct notice *notices,
	size_t count, struct reason *reterr)
{
	struct sink_permit leave = {permit, dispatch};
	instant now = clock_now(&clock_wall);
	size_t all = count;
	struct sink_notice *outs =
		arena_array(dispatch->arena, count + 1, sizeof(*outs));
	enum status status;
	bool back;

	for (size_t i = 0; i < count; i++)
		outs[i] = notices[i].out;
	if (watchdog_due(&dispatch->watchdog, clock_monotonic()))
		watchdog_fill(&dispatch->watchdog, &outs[all++]);
	if (!all)
		return OK;
	status = guarded(dispatch, reterr);
	if (status == OK)
		status = attempts_begin(dispatch->pg, dispatch->arena, notices,
			count,
			now + 2 * dispatch->settings.sink->settings.timeout,
			reterr);
	status = finish(dispatch, status, reterr);
	if (status == OK)
		status = dispatch->kind->send(dispatch->line, &leave,
			dispatch->arena, now, outs, all, reterr);
	if (status != OK)
		return status;
	measure(dispatch, METRIC_SENDS, dispatch->settings.sink->name, 1);
	back = learn(dispatch, outs, all);
	if (all > count && watchdog_said(&dispatch->watchdog, &outs[count],
				   dispatch->settings.refresh_every))
		measure(dispatch, METRIC_WATCHDOG, dispatch->name,
			now / INSTANT_SECOND);
	settle(dispatch, notices, outs, count);
	return record(dispatch, notices, count, back, reterr);
}

static enum status work(struct dispatch *dispatch, struct service *service,
	struct reason *reterr)
{
	size_t most = dispatch->kind->batch, count = 0, send, settled = 0;
	struct notice *notices = NULL;
	enum status status;

	if (dispatch->throttle.until > clock_monotonic()) {
		service_sleep(service, IDLE);
		return OK;
	}
	/* While it refuses us one notice is enough to find out. */
	if (dispatch->throttle.failures)
		most = 1;
	status = notices_due(dispatch->pg, dispatch->arena,
		dispatch->settings.sink->name, dispatch->settings.url, most,
		&notices, &count, reterr);
	if (status != OK)
		return status;
	send = choose(dispatch, notices, count, &settled);
	if (settled)
		status = record(
			dispatch, notices + send, settled, false, reterr);
	if (status == OK)
		status = speak(dispatch, notices, send, reterr);
	if (status != OK || count)
		return status;
	if (!dispatch->throttle.failures)
		dispatch_say(dispatch, true, "waiting");
	status = pg_wait(dispatch->pg, IDLE, reterr);
	return status == IGNORED ? OK : status;
}

static void let_go(struct dispatch *dispatch)
{
	struct reason reason;

	if (!dispatch->epoch || !dispatch->pg || !pg_alive(dispatch->pg))
		return;
	if (lease_release(dispatch->pg, &dispatch->holder, dispatch->arena,
		    dispatch->name, dispatch->epoch, &reason) != OK)
		log_reason(LOG_WARN, "NOTIFIER-LEASE-LOST", &reason);
	dispatch->epoch = 0;
}

/* Whether it has still something to say to an instance that is gone. */
static enum status leave(struct dispatch *dispatch, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, dispatch->arena);
	pg_text(&args, dispatch->settings.sink->name);
	pg_text(&args, dispatch->settings.url);
	status = pg_run(dispatch->pg,
		"SELECT EXISTS (SELECT FROM notice WHERE sink = $1"
		" AND target = $2 AND due_at < 'infinity')",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	if (!pg_get_bool(rows, 0, 0) ||
		clock_monotonic() > dispatch->leaves_at) {
		let_go(dispatch);
		lose(dispatch);
		pg_close(&dispatch->pg);
		dispatch->resting = true;
	}
	pg_rows_free(&rows);
	return OK;
}

static enum status turn(struct dispatch *dispatch, struct service *service,
	struct reason *reterr)
{
	enum status status;

	dispatch_take_wire(dispatch);
	if (dispatch->resting) {
		dispatch_say(dispatch, true, "");
		service_sleep(service, IDLE);
		return OK;
	}
	status = connect(dispatch, reterr);

	if (status == OK)
		status = hold(dispatch, reterr);
	if (status == IGNORED) {
		dispatch_say(dispatch, true, "another notifier speaks to it");
		measure(dispatch, METRIC_SINK_HELD, dispatch->name, 0);
		service_sleep(service, dispatch->holder.time / 4);
		return OK;
	}
	if (status == OK)
		status = work(dispatch, service, reterr);
	if (status == OK && dispatch->leaving)
		status = leave(dispatch, reterr);
	if (status == REJECT && dispatch->epoch) {
		log_reason(LOG_WARN, "NOTIFIER-FENCED", reterr);
		measure(dispatch, METRIC_FENCED, NULL, 1);
		lose(dispatch);
		return OK;
	}
	return status;
}

enum status dispatch_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct dispatch *dispatch = context;
	enum status status = OK;
	int failures = 0;

	while (!service_stopping(service)) {
		arena_reset(dispatch->arena);
		status = turn(dispatch, service, reterr);
		if (status == OK) {
			failures = 0;
			continue;
		}
		if (status != RETRY)
			break;
		log_reason(LOG_WARN, "NOTIFIER-RETRY", reterr);
		dispatch_say(dispatch, false, reterr->sentence);
		service_sleep(service, throttle_back_off(++failures,
					       10 * INSTANT_SECOND, 0, dice()));
		status = OK;
	}
	arena_reset(dispatch->arena);
	let_go(dispatch);
	return status;
}
