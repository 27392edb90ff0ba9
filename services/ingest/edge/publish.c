/* SPDX-License-Identifier: Apache-2.0 */
/* The way to Kafka; its acknowledging loop is publish_ack.c, the way to the
 * spool publish_spool.c. */
#include "edge/publish_private.h"

#include "base/bug.h"
#include "base/memory.h"

static void took_report(void *context, void *token, enum kafka_fate fate,
	int32_t partition, int64_t offset, const char *why)
{
	struct publish_again *again = token;

	(void)context;
	(void)partition;
	(void)offset;
	again->report(again, fate, why);
}

enum status publish_make(
	struct publish *publish, struct kafka_out **ret, struct reason *reterr)
{
	struct kafka_out_settings settings = {.kafka = publish->settings.kafka,
		.deadline = publish->settings.ack_deadline,
		.queue_bytes = publish->settings.queue_bytes,
		.report = took_report,
		.context = publish};
	enum status status = kafka_out_open(&settings, ret, reterr);

	if (status == OK)
		metric_add(publish->settings.metrics, METER_PRODUCERS, NULL, 1);
	return status;
}

enum status publish_open(const struct publish_settings *settings,
	struct publish **ret, struct reason *reterr)
{
	struct publish *publish = memory_new(sizeof(*publish));
	enum status status;

	MUST(settings->ack_deadline > 0 && settings->spool);
	publish->settings = *settings;
	pthread_rwlock_init(&publish->swap, NULL);
	pthread_mutex_init(&publish->lock, NULL);
	pthread_mutex_init(&publish->spool_lock, NULL);
	pthread_cond_init(&publish->spool_work, NULL);
	publish->queue_end = &publish->queue;
	status = publish_make(publish, &publish->out, reterr);
	if (status != OK) {
		publish_close(&publish);
		return status;
	}
	publish->broker_check =
		health_check(settings->health, "broker", 10 * INSTANT_SECOND);
	publish->spool_check =
		health_check(settings->health, "spool", 10 * INSTANT_SECOND);
	*ret = publish;
	return OK;
}

void publish_close(struct publish **ref)
{
	struct publish *publish = *ref;

	if (!publish)
		return;
	/* What is still in flight is in the spool as well. */
	kafka_out_close(&publish->out, 0);
	MUST(!publish->oldest && !publish->queue);
	pthread_cond_destroy(&publish->spool_work);
	pthread_mutex_destroy(&publish->spool_lock);
	pthread_mutex_destroy(&publish->lock);
	pthread_rwlock_destroy(&publish->swap);
	memory_free(publish);
	*ref = NULL;
}

void publish_hold(struct publish *publish)
{
	atomic_fetch_add(&publish->held, 1);
}

void publish_let_go(struct publish *publish)
{
	atomic_fetch_sub(&publish->held, 1);
}

bool publish_needed(struct publish *publish, struct service *service)
{
	return !service_stopping(service) || atomic_load(&publish->held) > 0;
}

bool publish_connected(struct publish *publish)
{
	return atomic_load(&publish->connected);
}

bool publish_warm(struct publish *publish, instant wait)
{
	instant until = clock_monotonic() + wait;

	while (!kafka_out_connected(publish->out) && clock_monotonic() < until)
		kafka_out_poll(publish->out, 20000);
	atomic_store(&publish->connected, kafka_out_connected(publish->out));
	return publish_connected(publish);
}

void publish_recovered(struct publish *publish)
{
	atomic_store(&publish->tripped, false);
}

/* NULL where Kafka may be tried. */
static const char *why_not_kafka(struct publish *publish, const char *lane)
{
	struct spool *spool = publish->settings.spool;

	if (!publish_connected(publish))
		return "no-broker";
	if (spool_count(spool) == 0)
		return NULL;
	if (atomic_load(&publish->tripped))
		return "broker-slow";
	return spool_holds(spool, lane) ? "order" : NULL;
}

static void unlink_ticket(struct publish *publish, struct ticket *ticket)
{
	if (!ticket->waits)
		return;
	ticket->waits = false;
	if (ticket->next)
		ticket->next->previous = ticket->previous;
	else
		publish->newest = ticket->previous;
	if (ticket->previous)
		ticket->previous->next = ticket->next;
	else
		publish->oldest = ticket->next;
}

static void link_ticket(struct publish *publish, struct ticket *ticket)
{
	ticket->waits = true;
	ticket->previous = publish->newest;
	if (publish->newest)
		publish->newest->next = ticket;
	else
		publish->oldest = ticket;
	publish->newest = ticket;
}

/* Under the lock. Takes the delivery off its ticket; the caller must then, not
 * under the lock, say what became of it. */
static struct outgoing *decide(struct publish *publish, struct ticket *ticket)
{
	struct outgoing *outgoing = ticket->outgoing;

	unlink_ticket(publish, ticket);
	ticket->outgoing = NULL;
	return outgoing;
}

static void stored(
	struct publish *publish, struct outgoing *outgoing, instant sent)
{
	metric_observe(publish->settings.metrics, METER_ACK_SECONDS,
		(double)(clock_monotonic() - sent) / (double)INSTANT_SECOND);
	outgoing->durable(outgoing->context, OUTCOME_STORED);
}

/* Kafka did not take it in time: it will not take the next ones either. */
static void missed(
	struct publish *publish, struct outgoing *outgoing, const char *why)
{
	atomic_store(&publish->tripped, true);
	publish_to_spool(publish, outgoing, why);
}

/* One report less, or the sender's part over: `count` of those awaited. */
static void settle(struct ticket *ticket, size_t count, bool failed)
{
	struct publish *publish = ticket->publish;
	struct outgoing *outgoing = NULL;
	instant sent = ticket->sent;
	bool last;

	pthread_mutex_lock(&publish->lock);
	ticket->left -= count;
	ticket->failed |= failed;
	last = ticket->left == 0;
	failed = ticket->failed;
	if (ticket->outgoing && (last || failed))
		outgoing = decide(publish, ticket);
	pthread_mutex_unlock(&publish->lock);
	if (last)
		memory_free(ticket);
	if (outgoing && failed)
		missed(publish, outgoing, "broker-failed");
	else if (outgoing)
		stored(publish, outgoing, sent);
}

static void reported(
	struct publish_again *again, enum kafka_fate fate, const char *why)
{
	struct ticket *ticket = (struct ticket *)again;

	(void)why;
	settle(ticket, 1, fate != KAFKA_STORED);
}

/* How many of the records librdkafka took. */
static size_t send_all(struct publish *publish,
	const struct kafka_record *records, size_t count, struct ticket *ticket)
{
	struct reason reason;
	size_t sent = 0;

	pthread_rwlock_rdlock(&publish->swap);
	while (sent < count && kafka_out_send(publish->out, &records[sent],
				       &ticket->token, &reason) == OK)
		sent++;
	pthread_rwlock_unlock(&publish->swap);
	return sent;
}

void publish_send(struct publish *publish, struct outgoing *outgoing)
{
	const char *why = why_not_kafka(publish, outgoing->lane);
	size_t count = outgoing->count, sent;
	struct ticket *ticket;
	bool honest = !publish->settings.answer_at_enqueue;

	MUST(count > 0);
	if (why) {
		publish_to_spool(publish, outgoing, why);
		return;
	}
	ticket = memory_new(sizeof(*ticket));
	ticket->token.report = reported;
	ticket->publish = publish;
	ticket->left = count + 1;
	ticket->sent = clock_monotonic();
	ticket->deadline = ticket->sent + publish->settings.ack_deadline;
	/* Its delivery hangs on the ticket only once we need it no more: until
	 * then neither a report nor the deadline can end it under us. */
	sent = send_all(publish, outgoing->records, count, ticket);
	if (!honest && sent == count) {
		stored(publish, outgoing, ticket->sent);
		settle(ticket, 1, false);
		return;
	}
	pthread_mutex_lock(&publish->lock);
	ticket->outgoing = outgoing;
	link_ticket(publish, ticket);
	pthread_mutex_unlock(&publish->lock);
	settle(ticket, 1 + count - sent, sent < count);
}

void publish_expire(struct publish *publish, instant now)
{
	for (;;) {
		struct outgoing *outgoing = NULL;

		pthread_mutex_lock(&publish->lock);
		if (publish->oldest && publish->oldest->deadline <= now)
			outgoing = decide(publish, publish->oldest);
		pthread_mutex_unlock(&publish->lock);
		if (!outgoing)
			return;
		missed(publish, outgoing, "deadline");
	}
}

enum status publish_again(struct publish *publish,
	const struct kafka_record *record, struct publish_again *again,
	struct reason *reterr)
{
	enum status status;

	pthread_rwlock_rdlock(&publish->swap);
	status = kafka_out_send(publish->out, record, again, reterr);
	pthread_rwlock_unlock(&publish->swap);
	return status;
}
