/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop that writes to the spool. One transaction, one fsync, takes all that
 * came meanwhile, in the order it came; so a burst costs few of them.
 */
#include "edge/publish_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "edge/spooled.h"

#define BATCH_RECORDS 500
/* Copies of bodies in one transaction; one delivery may be larger alone. */
#define BATCH_BYTES ((size_t)8 << 20)
#define BATCH_ARENA ((size_t)96 << 20)

void publish_to_spool(
	struct publish *publish, struct outgoing *outgoing, const char *why)
{
	outgoing->next = NULL;
	outgoing->why = why;
	pthread_mutex_lock(&publish->spool_lock);
	*publish->queue_end = outgoing;
	publish->queue_end = &outgoing->next;
	pthread_cond_signal(&publish->spool_work);
	pthread_mutex_unlock(&publish->spool_lock);
}

void publish_spool_last(struct publish *publish)
{
	pthread_mutex_lock(&publish->spool_lock);
	publish->acks_ended = true;
	pthread_cond_signal(&publish->spool_work);
	pthread_mutex_unlock(&publish->spool_lock);
}

static size_t bytes_of(const struct outgoing *outgoing)
{
	size_t bytes = 0;

	for (size_t i = 0; i < outgoing->count; i++)
		bytes += kafka_record_size(&outgoing->records[i]);
	return bytes;
}

/* The head of the queue as far as one transaction goes; waits for work. NULL:
 * there is none and none will come. */
static struct outgoing *take(struct publish *publish)
{
	struct outgoing *first, **end;
	size_t records = 0, bytes = 0;

	pthread_mutex_lock(&publish->spool_lock);
	while (!publish->queue && !publish->acks_ended)
		pthread_cond_wait(&publish->spool_work, &publish->spool_lock);
	first = publish->queue;
	for (end = &publish->queue; *end; end = &(*end)->next) {
		records += (*end)->count;
		bytes += bytes_of(*end);
		if (*end != first &&
			(records > BATCH_RECORDS || bytes > BATCH_BYTES))
			break;
	}
	publish->queue = *end;
	if (!publish->queue)
		publish->queue_end = &publish->queue;
	/* `end` is a link of what is taken, unless nothing was. */
	if (first)
		*end = NULL;
	pthread_mutex_unlock(&publish->spool_lock);
	return first;
}

static enum status put(struct publish *publish, const struct outgoing *first,
	const struct outgoing *end, struct reason *reterr)
{
	struct arena *arena = arena_new(BATCH_ARENA);
	struct spool_item *items;
	size_t count = 0, at = 0;
	enum status status;

	for (const struct outgoing *o = first; o != end; o = o->next)
		count += o->count;
	items = arena_array(arena, count, sizeof(*items));
	for (const struct outgoing *o = first; o != end; o = o->next)
		for (size_t i = 0; i < o->count; i++, at++) {
			items[at].lane = o->lane;
			spooled_write(arena, &o->records[i], &items[at].bytes,
				&items[at].size);
		}
	status = spool_put(publish->settings.spool, items, count, reterr);
	arena_free(&arena);
	return status;
}

static void answer(struct publish *publish, struct outgoing *outgoing,
	enum outcome outcome)
{
	if (outcome == OUTCOME_SPOOLED)
		metric_add(publish->settings.metrics, METER_SPOOLED,
			outgoing->why, 1);
	outgoing->durable(outgoing->context, outcome);
}

/* Where all do not fit, some may. */
static void put_each(struct publish *publish, struct outgoing *first)
{
	struct reason reason = {0};
	bool full = false;

	while (first) {
		struct outgoing *next = first->next;
		enum status status = put(publish, first, next, &reason);

		full |= status != OK;
		answer(publish, first,
			status == OK ? OUTCOME_SPOOLED : OUTCOME_FULL);
		first = next;
	}
	if (full)
		log_reason(LOG_ERROR, "INGEST-SPOOL-FULL", &reason);
}

enum status publish_spool_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct publish *publish = context;
	struct outgoing *first;

	(void)service; /* it ends after the last who could add something */
	while ((first = take(publish))) {
		if (put(publish, first, NULL, reterr) != OK) {
			put_each(publish, first);
			continue;
		}
		while (first) {
			struct outgoing *next = first->next;

			answer(publish, first, OUTCOME_SPOOLED);
			first = next;
		}
	}
	return OK;
}
