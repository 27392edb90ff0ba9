/* SPDX-License-Identifier: Apache-2.0 */
/* What translate sends: records in flight, their acknowledgements, and the
 * punctuation between them. */
#include "translate/translate_private.h"

#include "base/bug.h"
#include "base/log.h"
#include "meters.h"
#include "model/punctuation.h"

#define RECORD_DEADLINE (20 * INSTANT_SECOND)
#define QUEUE_BYTES ((size_t)64 << 20)
#define ROOM_WAIT (30 * INSTANT_SECOND)
#define ACK_WAIT (30 * INSTANT_SECOND)
#define STOP_WAIT (3 * INSTANT_SECOND)
#define POLL (100 * INSTANT_SECOND / 1000)
#define ASK_EVERY (60 * INSTANT_SECOND)
#define ASK_WAIT (5 * INSTANT_SECOND)
#define SAY_EVERY INSTANT_SECOND
/* The others are held to the last receipt translated. */
#define PARTS_ASKED 1000

/* Punctuation has no token: a lost one is followed by another. */
static void reported(void *context, void *token, enum kafka_fate fate,
	int32_t partition, int64_t offset, const char *why)
{
	struct translate *translate = context;

	(void)partition;
	(void)offset;
	if (fate == KAFKA_STORED || !token)
		return;
	translate->failed++;
	reason_set(&translate->why, "kafka", "a record was not stored: %s",
		why ? why : "no answer");
}

enum status send_open(struct translate *translate, struct reason *reterr)
{
	const struct kafka_out_settings settings = {
		.kafka = translate->settings.kafka,
		.deadline = RECORD_DEADLINE,
		.queue_bytes = QUEUE_BYTES,
		.report = reported,
		.context = translate,
	};

	return kafka_out_open(&settings, &translate->out, reterr);
}

enum status send_mend(struct translate *translate, struct reason *reterr)
{
	struct reason why;

	if (translate->out && !kafka_out_fatal(translate->out, &why))
		return OK;
	if (translate->out) {
		log_reason(LOG_WARN, "INGEST-TRANSLATE-PRODUCER", &why);
		kafka_out_close(&translate->out, 0);
	}
	return send_open(translate, reterr);
}

enum status send_record(struct translate *translate, const char *topic,
	struct kafka_record *record, struct reason *reterr)
{
	instant until = clock_monotonic() + ROOM_WAIT;
	struct reason why;
	enum status status;

	record->topic = topic;
	for (;;) {
		status = kafka_out_send(
			translate->out, record, translate, reterr);
		/* Everything we make is held to the limit as it is made. */
		MUST(status != REJECT);
		if (status == OK || kafka_out_fatal(translate->out, &why) ||
			service_stopping(translate->service) ||
			clock_monotonic() > until)
			return status;
		kafka_out_poll(translate->out, POLL);
	}
}

enum status send_acknowledged(
	struct translate *translate, struct reason *reterr)
{
	instant until = clock_monotonic() + ACK_WAIT;
	bool all;
	size_t failed;

	/* Asked to end, we do not wait for a broker that is not there: what
	 * has no acknowledgement is read again next time. */
	do {
		instant now = clock_monotonic();

		if (service_stopping(translate->service) &&
			until > now + STOP_WAIT)
			until = now + STOP_WAIT;
		all = kafka_out_flush(translate->out, POLL);
	} while (!all && clock_monotonic() < until);
	failed = translate->failed;
	translate->failed = 0;
	if (all && failed == 0)
		return OK;
	if (failed > 0)
		*reterr = translate->why;
	else
		reason_set(reterr, "kafka",
			"records were not acknowledged in time");
	return RETRY;
}

static bool know_partitions(struct translate *translate, instant now)
{
	struct reason why;
	int count;

	if (translate->evidence_partitions > 0 &&
		now - translate->asked < ASK_EVERY)
		return true;
	if (kafka_out_partitions(translate->out, translate->evidence, ASK_WAIT,
		    &count, &why) == OK) {
		translate->evidence_partitions = count;
		translate->asked = now;
	} else {
		log_reason(LOG_WARN, "INGEST-PUNCTUATION", &why);
	}
	return translate->evidence_partitions > 0;
}

/*
 * Sets `looked` of the partitions that are read to their end: the wall clock
 * before that was asked. Asking is what makes it true: a reader that gets
 * nothing might only have lost its connection.
 */
static void look_for_ends(struct translate *translate)
{
	instant before = clock_now(translate->settings.clock);
	int32_t numbers[PARTS_ASKED];
	int64_t ends[PARTS_ASKED];
	struct part *asked[PARTS_ASKED];
	struct part *part;
	struct reason why;
	size_t count = 0;

	for (part = translate->parts; part; part = part->next_part) {
		part->looked = 0;
		if (!part->known || !part->at_end || count == PARTS_ASKED)
			continue;
		asked[count] = part;
		numbers[count++] = part->number;
	}
	if (count == 0)
		return;
	if (kafka_out_ends(translate->out, translate->deliveries, numbers,
		    count, ASK_WAIT, ends, &why) != OK) {
		log_reason(LOG_WARN, "INGEST-PUNCTUATION", &why);
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (ends[i] >= 0 && ends[i] <= asked[i]->next)
			asked[i]->looked = before;
}

static void say(struct translate *translate, struct part *part)
{
	struct punctuation punctuation = {
		.partition = part->number,
		.received_to = reached_say(&part->reached, part->looked,
			assembly_oldest(part->assembly),
			translate->settings.punctuation_margin),
		.spool_oldest = translate->settings.spool_oldest(
			translate->settings.context),
	};
	struct kafka_record record;
	struct reason ignored;
	enum status status;

	if (punctuation.received_to == 0)
		return;
	punctuation_encode(translate->batch, &punctuation, &record);
	record.topic = translate->evidence;
	for (int32_t i = 0; i < translate->evidence_partitions; i++) {
		record.partition = i;
		status =
			kafka_out_send(translate->out, &record, NULL, &ignored);
		if (status != OK)
			return; /* a full queue says it later */
	}
	metric_add(translate->settings.metrics, METER_PUNCTUATIONS, NULL, 1);
}

void send_punctuation(struct translate *translate)
{
	instant now = clock_monotonic();

	if (!translate->parts || now - translate->said < SAY_EVERY ||
		!know_partitions(translate, now))
		return;
	translate->said = now;
	look_for_ends(translate);
	for (struct part *part = translate->parts; part; part = part->next_part)
		if (part->known)
			say(translate, part);
}
