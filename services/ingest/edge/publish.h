/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a whole delivery to a durable one: to Kafka, and where Kafka does not
 * acknowledge inside the edge's own deadline, to the spool. This is the
 * function behind "200 only after the raw bytes are durable". While a source
 * has anything in the spool, all it sends goes there, so its order holds.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/kafka_out.h"
#include "wire/spool.h"

struct publish;

struct publish_settings {
	struct kafka_settings kafka;
	instant ack_deadline;
	size_t queue_bytes; /* most bytes in flight to Kafka */
	struct spool *spool;
	struct health *health;
	struct metrics *metrics; /* rows of meters.def */
	/* Test builds only: call `durable` when librdkafka has the records.
	 * What honesty costs is measured against it. */
	bool answer_at_enqueue;
};

enum status publish_open(const struct publish_settings *settings,
	struct publish **ret, struct reason *reterr) MUST_CHECK;
/* After its loops have ended. */
void publish_close(struct publish **publish);
/* Service loops; the context is the publish. The first serves acknowledgements
 * and deadlines and makes another producer where Kafka's secrets have changed
 * (what is in flight goes to the spool), the second writes to the spool, many
 * deliveries in one go. */
enum status publish_ack_loop(
	void *publish, struct service *service, struct reason *reterr);
enum status publish_spool_loop(
	void *publish, struct service *service, struct reason *reterr);
/* Both loops outlive a stop of the service until whoever holds them lets go. */
void publish_hold(struct publish *publish);
void publish_let_go(struct publish *publish);
/* Waits until a broker is connected or `wait` is over; before the loops start.
 */
bool publish_warm(struct publish *publish, instant wait);
bool publish_connected(struct publish *publish);

enum outcome {
	OUTCOME_STORED,  /* acknowledged by Kafka */
	OUTCOME_SPOOLED, /* fsynced in the spool */
	OUTCOME_FULL,    /* nowhere: the spool is full or its disk refused */
};
/* The caller's, untouched until `durable` is called, which happens once, on
 * any thread, perhaps before publish_send returns. */
struct outgoing {
	const char *lane;                   /* the source */
	const struct kafka_record *records; /* topic set */
	size_t count;
	void (*durable)(void *context, enum outcome outcome);
	void *context;
	/* publish's own */
	struct outgoing *next;
	const char *why;
};
/* Any thread; does not block. */
void publish_send(struct publish *publish, struct outgoing *outgoing);

/* For drain alone: one record again, past the spool. `report` is called by the
 * acknowledging loop if, and only if, OK was returned. */
struct publish_again {
	void (*report)(struct publish_again *again, enum kafka_fate fate,
		const char *why);
};
enum status publish_again(struct publish *publish,
	const struct kafka_record *record, struct publish_again *again,
	struct reason *reterr) MUST_CHECK;
/* Kafka took what was spooled: whoever has nothing there goes direct again. */
void publish_recovered(struct publish *publish);
