/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The leased intake loop of evaluator and notifier: partitions of one topic
 * held by lease, one PostgreSQL transaction per partition batch in which the
 * user's rows, the next offset and the epoch commit together. This is the
 * function behind "intake stores offsets only together with what it made of
 * them". Deaths are counted before a batch is worked on; after three the batch
 * shrinks, and a record that died three times alone is parked.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/kafka_in.h"
#include "wire/pg.h"

struct reader_user {
	/*
	 * Inside the open transaction: turn the batch into rows. OK commits.
	 * RETRY rolls back and tries the same batch again; REJECT names, by
	 * `ret_culprit` (index in the batch), a record to park; CONFIG ends
	 * the process. Must be the same for any batch size.
	 */
	enum status (*apply)(void *context, struct pg *pg, struct arena *arena,
		const struct kafka_batch *batch, size_t *ret_culprit,
		struct reason *reterr);
	/*
	 * May be NULL. While the transaction of another batch is under way:
	 * does some ten microseconds of what apply will have to do with this
	 * one, kept in batch->read and in `arena`; false: there is no more.
	 * Has no other effect: the batch may be given up.
	 */
	bool (*read_ahead)(
		void *context, struct arena *arena, struct kafka_batch *batch);
	/* After the commit; may wake others. May be NULL. */
	void (*committed)(void *context, const struct kafka_batch *batch);
	void *context;
};

/* Rows of the service's own table. */
struct reader_meters {
	struct metrics *metrics; /* NULL: nothing is counted */
	int partitions;          /* gauge: of the topic */
	int held;                /* gauge: of them by us */
	int lag;    /* gauge by "partition": seconds we are behind its end */
	int fenced; /* counter: partitions lost while we worked */
	int parked; /* counter: records put aside */
};

struct reader_settings {
	const char *service; /* log ids and lease names begin with it */
	const char *topic;
	const char *parked_topic;
	struct kafka_settings kafka;
	struct pg_settings pg;
	instant lease_time;
	size_t batch_records, batch_bytes;
	const struct reader_user *user;
	struct health *health;
	struct reader_meters meters;
};

struct reader;
enum status reader_open(const struct reader_settings *settings,
	struct reader **ret, struct reason *reterr) MUST_CHECK;
void reader_close(struct reader **reader);
/* A service_loop; the context is the reader. */
enum status reader_loop(
	void *reader, struct service *service, struct reason *reterr);
