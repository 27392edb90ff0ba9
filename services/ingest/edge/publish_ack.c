/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that serves acknowledgements: the only one that polls librdkafka,
 * so every report and every deadline is decided on one thread. */
#include "edge/publish_private.h"

#include "base/log.h"

#include <stdio.h>

#define POLL_WAIT (20 * INSTANT_SECOND / 1000)
#define LOOK_EVERY (INSTANT_SECOND / 2)
/* To make a client again that could not be made. */
#define AGAIN INSTANT_SECOND
/* Below this a delivery of the default size may not fit. */
#define SPOOL_LOW (4u << 20)

/* All in flight is reported as failed by the close, and so spooled. Where no
 * new one can be made the old one stays; if it is fatal it refuses all, which
 * is spooled, too. */
static void replace(struct publish *publish)
{
	struct kafka_out *old, *made;
	struct reason reason;

	if (publish_make(publish, &made, &reason) != OK) {
		if (!reason_same(&reason, &publish->none))
			log_reason(LOG_ERROR, "INGEST-PRODUCER-NONE", &reason);
		publish->none = reason;
		publish->again = clock_monotonic() + AGAIN;
		return;
	}
	publish->none = (struct reason){0};
	publish->again = 0;
	pthread_rwlock_wrlock(&publish->swap);
	old = publish->out;
	publish->out = made;
	pthread_rwlock_unlock(&publish->swap);
	atomic_store(&publish->connected, false);
	log_line(LOG_INFO, "INGEST-KAFKA-RENEWED",
		LOG_TEXT("client", "publish"));
	kafka_out_close(&old, 0);
}

static void look_at_broker(struct publish *publish)
{
	bool now = kafka_out_connected(publish->out);
	bool before = atomic_exchange(&publish->connected, now);
	struct reason why = {.sentence = "is it there?"};
	char sentence[200];

	(void)kafka_out_trouble(publish->out, &why);
	snprintf(sentence, sizeof(sentence),
		"no broker is connected, deliveries go to the spool: %.130s",
		why.sentence);
	if (now != before)
		log_line(now ? LOG_INFO : LOG_WARN,
			now ? "INGEST-BROKER-CONNECTED" : "INGEST-BROKER-GONE",
			LOG_NUMBER("spool_records",
				spool_count(publish->settings.spool)));
	metric_set(publish->settings.metrics, METER_CONNECTED, NULL, now);
	health_set(publish->settings.health, publish->broker_check, true,
		now ? "connected" : sentence);
}

static void look_at_spool(struct publish *publish)
{
	const struct publish_settings *settings = &publish->settings;
	size_t count = spool_count(settings->spool);
	size_t room = spool_room(settings->spool);
	char sentence[200];

	metric_set(
		settings->metrics, METER_SPOOL_RECORDS, NULL, (int64_t)count);
	metric_set(settings->metrics, METER_SPOOL_BYTES, NULL,
		(int64_t)spool_bytes(settings->spool));
	metric_set(settings->metrics, METER_SPOOL_ROOM, NULL, (int64_t)room);
	if (room < SPOOL_LOW)
		snprintf(sentence, sizeof(sentence),
			"full: %zu records wait for a broker, %zu bytes are "
			"left; bring a broker back or raise spool-size",
			count, room);
	else if (count > 0)
		snprintf(sentence, sizeof(sentence),
			"%zu records wait for Kafka: keep this volume", count);
	else
		snprintf(sentence, sizeof(sentence), "empty");
	health_set(settings->health, publish->spool_check, room >= SPOOL_LOW,
		sentence);
}

/* Whether it is time for another producer. A fatal one says so once. */
static bool is_over(struct publish *publish)
{
	struct reason reason;

	if (clock_monotonic() < publish->again)
		return false;
	if (kafka_out_fatal(publish->out, &reason)) {
		if (!publish->again)
			log_reason(LOG_ERROR, "INGEST-PRODUCER-FATAL", &reason);
		return true;
	}
	publish->again = 0;
	return kafka_out_stale(publish->out);
}

static void serve(struct publish *publish)
{
	kafka_out_poll(publish->out, POLL_WAIT);
	publish_expire(publish, clock_monotonic());
	if (is_over(publish))
		replace(publish);
}

enum status publish_ack_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct publish *publish = context;
	instant looked = 0;

	(void)reterr;
	while (publish_needed(publish, service)) {
		serve(publish);
		if (clock_monotonic() - looked < LOOK_EVERY)
			continue;
		looked = clock_monotonic();
		look_at_broker(publish);
		look_at_spool(publish);
	}
	/* Nobody sends any more: what is in flight goes to the spool as well.
	 */
	publish_expire(publish, INSTANT_NEVER);
	publish_spool_last(publish);
	return OK;
}
