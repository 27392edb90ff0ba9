/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/drain.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "edge/spooled.h"
#include "meters.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define BATCH_RECORDS 500
#define BATCH_BYTES ((size_t)4 << 20)
#define BATCH_ARENA ((size_t)16 << 20)
#define IDLE (50 * INSTANT_SECOND / 1000)
#define BACK_OFF_MOST (5 * INSTANT_SECOND)
/* One that was put aside is tried again so often, in turn. */
#define PROBE_EVERY INSTANT_MINUTE
#define RETRY_ALL ((size_t)1000)

/* One record on its way again. */
struct again {
	struct publish_again token; /* first: reports come by its address */
	struct drain *drain;
	const char *lane;
	uint64_t number;
	bool stored;
	bool refused; /* for good */
};

struct drain {
	struct drain_settings settings;
	int check;
	pthread_mutex_t lock; /* guards the two below and `stored` above */
	pthread_cond_t reported;
	size_t awaited;
	char why[700]; /* a reason, and a lane of the spool */
	instant back_off;
	/* So many are sent each in a request of its own: in a larger one a
	 * broker refuses the innocent with the guilty. */
	size_t singly;
	atomic_bool retry; /* all that was put aside, from the first on */
	bool sweeping;     /* that is under way */
	instant probed;
	uint64_t probe;   /* where the next one is looked for */
	uint64_t probing; /* the one that is tried alone; 0: none */
	char parked_why[200];
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
	again->refused = fate == KAFKA_REFUSED;
	if (!again->stored)
		snprintf(drain->why, sizeof(drain->why), "%s", why);
	if (--drain->awaited == 0)
		pthread_cond_signal(&drain->reported);
	pthread_mutex_unlock(&drain->lock);
}

static bool send_one(struct drain *drain, struct arena *arena,
	const struct spool_item *item, struct again *again)
{
	struct kafka_record record;
	struct reason reason;
	enum status status;

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
	status = publish_again(
		drain->settings.publish, &record, &again->token, &reason);
	if (status == OK)
		return true;
	pthread_mutex_lock(&drain->lock);
	drain->awaited--;
	snprintf(drain->why, sizeof(drain->why), "%s", reason.sentence);
	pthread_mutex_unlock(&drain->lock);
	/* Over our own client's limit: no report will come, nor is one owed. */
	again->refused = status == REJECT;
	return again->refused;
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

/* Alone in its request, and refused all the same: it is to blame. */
static enum status put_aside(struct drain *drain, const struct again *again,
	const struct kafka_record *record, struct reason *reterr)
{
	struct spool *spool = drain->settings.spool;
	enum status status = spool_park(spool, &again->number, 1, reterr);

	if (status != OK)
		return status;
	if (spool_parked(spool) == 1)
		drain->probed = clock_monotonic();
	snprintf(drain->parked_why, sizeof(drain->parked_why), "%.60s: %.130s",
		record->topic, drain->why);
	log_line(LOG_ERROR, "INGEST-SPOOL-PARKED",
		LOG_TEXT("source", again->lane),
		LOG_TEXT("topic", record->topic), LOG_TEXT("what", drain->why),
		LOG_NUMBER("bytes", kafka_record_size(record)),
		LOG_NUMBER("parked", spool_parked(spool)));
	return OK;
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

void drain_retry(struct drain *drain)
{
	atomic_store(&drain->retry, true);
}

static enum status settle(struct drain *drain, const struct again *again,
	const struct spool_item *items, size_t count, size_t sent,
	struct arena *arena, struct reason *reterr)
{
	uint64_t *numbers = arena_array(arena, count, sizeof(*numbers));
	struct kafka_record record;
	size_t done = forgettable(again, sent, numbers);
	enum status status = OK;

	if (done > 0)
		status = spool_remove(
			drain->settings.spool, numbers, done, reterr);
	if (done > 0)
		metric_add(drain->settings.metrics, METER_DRAINED, NULL,
			(int64_t)done);
	/* One that was put aside is taken now: so may the others be. */
	for (size_t i = 0; i < done; i++)
		if (numbers[i] == drain->probing)
			drain_retry(drain);
	if (status != OK || done == count)
		return status;
	if (count == 1 && sent == 1 && again->refused &&
		spooled_read(arena, items->bytes, items->size, &record,
			reterr) == OK)
		return put_aside(drain, again, &record, reterr);
	for (size_t i = 0; i < sent; i++)
		if (again[i].refused)
			drain->singly = count;
	reason_set(reterr, "spool", "%s", drain->why);
	return drain->singly ? OK : RETRY;
}

/* OK: go on at once. IGNORED: nothing is spooled. RETRY: not all went. */
static enum status drain_batch(struct drain *drain, struct reason *reterr)
{
	size_t most = drain->singly ? 1 : BATCH_RECORDS, count = 0, sent;
	struct arena *arena = arena_new(BATCH_ARENA);
	struct spool_item *items = arena_array(arena, most, sizeof(*items));
	struct again *again = arena_array(arena, most, sizeof(*again));
	enum status status = spool_first(drain->settings.spool, arena, most,
		BATCH_BYTES, items, &count, reterr);

	if (status == OK) {
		sent = send_all(drain, arena, items, count, again);
		status =
			settle(drain, again, items, count, sent, arena, reterr);
	}
	if (status == OK && most == 1)
		drain->singly--;
	arena_free(&arena);
	return status;
}

/* All of it when asked, else one in turn: whether the cause is gone, only a
 * broker can say. What it refuses again keeps its number, so a sweep ends. */
static void take_back(struct drain *drain)
{
	struct reason reason;
	enum status status;

	if (atomic_exchange(&drain->retry, false)) {
		drain->sweeping = true;
		drain->probe = 0;
	}
	if (spool_parked(drain->settings.spool) == 0)
		drain->sweeping = false;
	if (spool_parked(drain->settings.spool) == 0 ||
		(!drain->sweeping &&
			clock_monotonic() - drain->probed < PROBE_EVERY))
		return;
	drain->probed = clock_monotonic();
	status = spool_unpark(drain->settings.spool, drain->probe,
		drain->sweeping ? RETRY_ALL : 1, &drain->probe, &reason);
	drain->probing =
		status == OK && !drain->sweeping ? drain->probe - 1 : 0;
	if (status == IGNORED) {
		drain->probe = 0;
		drain->sweeping = false;
	} else if (status != OK) {
		log_reason(LOG_WARN, "INGEST-SPOOL-UNPARK", &reason);
	}
}

static void report(
	struct drain *drain, enum status status, const struct reason *reason)
{
	size_t parked = spool_parked(drain->settings.spool);
	char sentence[300];

	if (status == RETRY)
		snprintf(sentence, sizeof(sentence), "waits: %.180s",
			reason->sentence);
	else if (parked)
		snprintf(sentence, sizeof(sentence),
			"%zu records are put aside, for Kafka refuses them for "
			"good, last %s: mend it, then SIGHUP",
			parked, drain->parked_why);
	else
		snprintf(sentence, sizeof(sentence), "%s",
			status == OK ? "under way" : "nothing to do");
	metric_set(drain->settings.metrics, METER_SPOOL_PARKED, NULL,
		(int64_t)parked);
	health_set(drain->settings.health, drain->check, true, sentence);
}

/* One step and the pause after it. */
static void step(struct drain *drain, struct service *service)
{
	struct reason reason = {.sentence = "no broker is connected"};
	enum status status = RETRY;

	if (publish_connected(drain->settings.publish))
		take_back(drain);
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
	drain_retry(drain); /* a start may be what mends it */
	while (!service_stopping(service))
		step(drain, service);
	farewell(drain);
	publish_let_go(drain->settings.publish);
	return OK;
}
