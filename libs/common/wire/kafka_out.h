/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An idempotent producer: acks=all, no linger, no Nagle, keys by
 * murmur2_random (as Java's default partitioner for keyed records), a bounded
 * queue. Reports what became of each record; never blocks, never retries
 * beyond its deadline. Knows nothing of what a record means.
 */
#pragma once

#include "wire/kafka.h"

struct kafka_out;

enum kafka_fate {
	KAFKA_STORED,  /* acknowledged as durable as the topic is */
	KAFKA_FAILED,  /* not stored, or not known to be: may be sent again */
	KAFKA_REFUSED, /* never will be, for what it is: too large, malformed */
};

/* Called from kafka_out_poll, in the order of the answers. */
typedef void kafka_out_report(void *context, void *token, enum kafka_fate fate,
	int32_t partition, int64_t offset, const char *why);

struct kafka_out_settings {
	struct kafka_settings kafka;
	instant deadline;             /* delivery.timeout of a record */
	size_t queue_bytes;           /* bound of what is in flight */
	const char *transactional_id; /* NULL: none; only a relay has one */
	const char *mock_rtt;         /* test builds only */
	kafka_out_report *report;     /* may be NULL */
	void *context;
};

/* Opens without a broker: records wait for one until their deadline. */
enum status kafka_out_open(const struct kafka_out_settings *settings,
	struct kafka_out **ret, struct reason *reterr) MUST_CHECK;
/* Waits up to `flush` for what is in flight; the rest is reported FAILED. */
void kafka_out_close(struct kafka_out **out, instant flush);
/* As kafka_in_stale. */
bool kafka_out_stale(struct kafka_out *out);

/*
 * Queues one record, copying it; any thread. RETRY: the queue is full or the
 * producer is fatal (look at kafka_out_fatal); REJECT: too large. `token` comes
 * back once with its fate if, and only if, OK was returned.
 */
enum status kafka_out_send(struct kafka_out *out,
	const struct kafka_record *record, void *token,
	struct reason *reterr) MUST_CHECK;
/* Serves reports for up to `wait`; returns how many were served. */
int kafka_out_poll(struct kafka_out *out, instant wait);
/* Waits until nothing is in flight or `wait` is over; true when empty. */
bool kafka_out_flush(struct kafka_out *out, instant wait);
/* An error that ends this producer: close it and open another. */
bool kafka_out_fatal(struct kafka_out *out, struct reason *ret);
/* True while at least one broker is connected. */
bool kafka_out_connected(struct kafka_out *out);
/* False where a broker is connected, or none said why it is not: refused
 * credentials, a certificate that is not believed, nobody there. */
bool kafka_out_trouble(struct kafka_out *out, struct reason *ret);
size_t kafka_out_in_flight(struct kafka_out *out);
/* How many partitions a topic has; asks a broker, waits up to `wait`. RETRY
 * where none answers or there is no such topic. */
enum status kafka_out_partitions(struct kafka_out *out, const char *topic,
	instant wait, int *ret, struct reason *reterr) MUST_CHECK;
/*
 * The offset after the last record of each partition, asked in one go: `ret`
 * has `count` places, -1 where one is not known. A consumer's own connection
 * is the wrong one to ask, it waits for records there. RETRY: nobody answered.
 */
enum status kafka_out_ends(struct kafka_out *out, const char *topic,
	const int32_t *partitions, size_t count, instant wait, int64_t *ret,
	struct reason *reterr) MUST_CHECK;

/* With a transactional_id only. Fencing is REJECT: another relay took over. */
enum status kafka_out_fence(
	struct kafka_out *out, instant wait, struct reason *reterr) MUST_CHECK;
enum status kafka_out_begin(
	struct kafka_out *out, struct reason *reterr) MUST_CHECK;
enum status kafka_out_commit(
	struct kafka_out *out, instant wait, struct reason *reterr) MUST_CHECK;
enum status kafka_out_abort(
	struct kafka_out *out, instant wait, struct reason *reterr) MUST_CHECK;
