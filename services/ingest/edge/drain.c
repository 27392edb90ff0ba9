/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/drain.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "edge/spooled.h"
#include "meters.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BATCH_RECORDS 500
#define BATCH_BYTES ((size_t)4 << 20)
#define BATCH_ARENA ((size_t)16 << 20)
#define IDLE (50 * INSTANT_SECOND / 1000)
#define BACK_OFF_MOST (5 * INSTANT_SECOND)

/* One record on its way again. */
struct again {
	struct publish_again token; /* first: reports come by its address */
	struct drain *drain;
	const char *lane;
	uint64_t number;
	bool stored;
};

struct drain {
	struct drain_settings settings;
	int check;
	pthread_mutex_t lock; /* guards the two below and `stored` above */
	pthread_cond_t reported;
	size_t awaited;
	char why[700]; /* a reason, and a lane of the spool */
	instant back_off;
};

struct drain *drain_new(const struct drain_settings *settings)
{
	struct drain *drain = memory_new(sizeof(*drain));

	drain->settings = *settings;
	drain->check =
		health_check(settings->health, "drain", 30 * INSTANT_SECOND);
	pthread_mutex_init(&drain->lock, NULL);
	pthread_cond_init(&drain->reported, NULL);
	publish_hold(settings->publish);
	return drain;
}

void drain_free(struct drain **drain)
{
	if (!*drain)
		return;
	pthread_cond_destroy(&(*drain)->reported);
	pthread_mutex_destroy(&(*drain)->lock);
	memory_free(*drain);
	*drain = NULL;
}

static void reported(
	struct publish_again *token, enum kafka_fate fate, const char *why)
{
	struct again *again = (struct again *)token;
	struct drain *drain = again->drain;

	pthread_mutex_lock(&drain->lock);
	again->stored = fate == KAFKA_STORED;
	if (!again->stored)
		snprintf(drain->why, sizeof(drain->why), "%s%s", why,
			fate == KAFKA_REFUSED
				? " (the broker refuses it for good: is its "
				  "message.max.bytes below 1000000?)"
				: "");
	if (--drain->awaited == 0)
		pthread_cond_signal(&drain->reported);
	pthread_mutex_unlock(&drain->lock);
}

static bool send_one(struct drain *drain, struct arena *arena,
	const struct spool_item *item, struct again *again)
{
	struct kafka_record record;
	struct reason reason;
	bool sent;

	*again = (struct again){.token.report = reported,
		.drain = drain,
		.lane = item->lane,
		.number = item->number};
	/* What a broken disk did to it we can't mend; it stays, visibly. */
	if (spooled_read(arena, item->bytes, item->size, &record, &reason) !=
		OK) {
		snprintf(drain->why, sizeof(drain->why),
			"%s: number %llu of %s", reason.sentence,
			(unsigned long long)item->number, item->lane);
		return false;
	}
	pthread_mutex_lock(&drain->lock);
	drain->awaited++;
	pthread_mutex_unlock(&drain->lock);
	sent = publish_again(drain->settings.publish, &record, &again->token,
		       &reason) == OK;
	if (sent)
		return true;
	pthread_mutex_lock(&drain->lock);
	drain->awaited--;
	snprintf(drain->why, sizeof(drain->why), "%s", reason.sentence);
	pthread_mutex_unlock(&drain->lock);
	return false;
}

/* How many were sent; all of them have been reported when it returns. */
static size_t send_all(struct drain *drain, struct arena *arena,
	const struct spool_item *items, size_t count, struct again *again)
{
	size_t sent = 0;

	while (sent < count &&
		send_one(drain, arena, &items[sent], &again[sent]))
		sent++;
	pthread_mutex_lock(&drain->lock);
	while (drain->awaited > 0)
		pthread_cond_wait(&drain->reported, &drain->lock);
	pthread_mutex_unlock(&drain->lock);
	return sent;
}

static bool lane_failed(const struct again *again, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!again[i].stored &&
			strcmp(again[i].lane, again[at].lane) == 0)
			return true;
	return !again[at].stored;
}

/* Of each lane the records before its first failure. */
static size_t forgettable(
	const struct again *again, size_t sent, uint64_t *numbers)
{
	bool all = true;
	size_t count = 0;

	for (size_t i = 0; i < sent; i++)
		all &= again[i].stored;
	for (size_t i = 0; i < sent; i++)
		if (all || !lane_failed(again, i))
			numbers[count++] = again[i].number;
	return count;
}

/* OK: a whole batch went. IGNORED: nothing is spooled. RETRY: not all went. */
static enum status drain_batch(struct drain *drain, struct reason *reterr)
{
	struct arena *arena = arena_new(BATCH_ARENA);
	struct spool_item *items =
		arena_array(arena, BATCH_RECORDS, sizeof(*items));
	struct again *again = arena_array(arena, BATCH_RECORDS, sizeof(*again));
	uint64_t *numbers = arena_array(arena, BATCH_RECORDS, sizeof(*numbers));
	size_t count = 0, sent, done = 0;
	enum status status = spool_first(drain->settings.spool, arena,
		BATCH_RECORDS, BATCH_BYTES, items, &count, reterr);

	if (status == OK) {
		sent = send_all(drain, arena, items, count, again);
		done = forgettable(again, sent, numbers);
		if (done < count) {
			reason_set(reterr, "spool", "%s", drain->why);
			status = RETRY;
		}
	}
	if (done > 0 && spool_remove(drain->settings.spool, numbers, done,
				reterr) != OK)
		status = RETRY;
	if (done > 0)
		metric_add(drain->settings.metrics, METER_DRAINED, NULL,
			(int64_t)done);
	arena_free(&arena);
	return status;
}

static void report(
	struct drain *drain, enum status status, const struct reason *reason)
{
	char sentence[200];

	if (status == RETRY)
		snprintf(sentence, sizeof(sentence), "waits: %.180s",
			reason->sentence);
	health_set(drain->settings.health, drain->check, true,
		status == RETRY ? sentence
		: status == OK  ? "under way"
				: "nothing to do");
}

/* One step and the pause after it. */
static void step(struct drain *drain, struct service *service)
{
	struct reason reason = {.sentence = "no broker is connected"};
	enum status status = RETRY;

	if (spool_count(drain->settings.spool) == 0)
		status = IGNORED;
	else if (publish_connected(drain->settings.publish))
		status = drain_batch(drain, &reason);
	report(drain, status, &reason);
	if (status == OK) {
		publish_recovered(drain->settings.publish);
		drain->back_off = 0;
		return;
	}
	if (status == RETRY && publish_connected(drain->settings.publish)) {
		if (drain->back_off == 0)
			log_reason(LOG_WARN, "INGEST-DRAIN-WAITS", &reason);
		drain->back_off = drain->back_off ? drain->back_off * 2 : IDLE;
		if (drain->back_off > BACK_OFF_MOST)
			drain->back_off = BACK_OFF_MOST;
		service_sleep(service, drain->back_off);
		return;
	}
	drain->back_off = 0;
	service_sleep(service, IDLE);
}

/* What is not gone by then waits in the volume for the next start. */
static void farewell(struct drain *drain)
{
	instant until = clock_monotonic() + drain->settings.farewell;
	struct reason reason;

	while (clock_monotonic() < until &&
		publish_connected(drain->settings.publish) &&
		spool_count(drain->settings.spool) > 0)
		if (drain_batch(drain, &reason) == RETRY)
			clock_sleep(IDLE);
	if (spool_count(drain->settings.spool) > 0)
		log_line(LOG_WARN, "INGEST-SPOOL-LEFT",
			LOG_NUMBER(
				"records", spool_count(drain->settings.spool)));
}

enum status drain_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct drain *drain = context;

	(void)reterr;
	while (!service_stopping(service))
		step(drain, service);
	farewell(drain);
	publish_let_go(drain->settings.publish);
	return OK;
}
