/* SPDX-License-Identifier: Apache-2.0 */
/* Between publish.c, publish_ack.c and publish_spool.c; nobody else. */
#pragma once

#include "edge/publish.h"
#include "meters.h"

#include <pthread.h>
#include <stdatomic.h>

/* A delivery whose records are with librdkafka. It lives until the last report,
 * the delivery itself (`outgoing`) only until it is durable. */
struct ticket {
	struct publish_again token; /* first: reports come by its address */
	struct publish *publish;
	struct outgoing *outgoing; /* NULL once it is decided */
	size_t left;               /* reports to come, and one of the sender */
	bool failed;
	instant sent, deadline;
	struct ticket *next, *previous; /* while it waits */
	bool waits;
};

struct publish {
	struct publish_settings settings;
	int broker_check, spool_check;
	atomic_int held;
	atomic_bool connected;
	/* Kafka missed a deadline; counts while the spool holds something. */
	atomic_bool tripped;

	pthread_rwlock_t swap; /* written to replace a producer */
	struct kafka_out *out;
	struct reason none; /* why no other could be made, as logged last */
	instant again; /* monotonic: then it is tried again; 0: it was not */

	pthread_mutex_t lock; /* guards tickets */
	struct ticket *oldest, *newest;

	pthread_mutex_t spool_lock;
	pthread_cond_t spool_work;
	struct outgoing *queue, **queue_end;
	bool acks_ended; /* nothing will be added to the queue any more */
};

/* True while somebody may still send. */
bool publish_needed(struct publish *publish, struct service *service);
enum status publish_make(
	struct publish *publish, struct kafka_out **ret, struct reason *reterr);
/* Decides tickets past their deadline. */
void publish_expire(struct publish *publish, instant now);
/* Takes it until it is durable or full; `why` is for the metric. */
void publish_to_spool(
	struct publish *publish, struct outgoing *outgoing, const char *why);
/* Nothing comes any more: the spool loop may end when its queue is empty. */
void publish_spool_last(struct publish *publish);
