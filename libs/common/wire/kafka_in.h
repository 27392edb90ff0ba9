/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A consumer of whole batches, one partition each. Two ways to own partitions:
 * assigned from outside (leases; no group at all) or an ordinary consumer
 * group. Never commits by itself, never resets an offset by itself.
 */
#pragma once

#include "wire/kafka.h"

struct kafka_in;

/* Group only: what changed hands; called from kafka_in_batch. */
typedef void kafka_in_moved(
	void *context, const char *topic, int32_t partition, bool gained);

struct kafka_in_settings {
	struct kafka_settings kafka;
	const char *group; /* NULL: partitions are assigned by the caller */
	const char *const *topics; /* group only; NULL ends */
	size_t fetch_bytes;        /* bound of what is buffered */
	bool read_committed;
	kafka_in_moved *moved;
	void *context;
};

struct kafka_batch {
	const char *topic;
	int32_t partition;
	struct kafka_record *records; /* in offset order, may have holes */
	size_t count;
	size_t bytes;
	int64_t next; /* offset after the last record */
	bool at_end;  /* the partition was read to its end */
	void *read;   /* what its user has made of it so far; NULL: nothing */
};

enum status kafka_in_open(const struct kafka_in_settings *settings,
	struct kafka_in **ret, struct reason *reterr) MUST_CHECK;
void kafka_in_close(struct kafka_in **in);
/*
 * True where one of the files that the properties name, secrets and those of
 * TLS, is another than the client was made of and has been so for a second: one
 * made now would be another. Looks, by stat, once a second at most, and is
 * false in between; one thread at a time.
 */
bool kafka_in_stale(struct kafka_in *in);

/* Assigned mode. Offset -2 means the beginning. */
enum status kafka_in_assign(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t offset, struct reason *reterr) MUST_CHECK;
void kafka_in_unassign(
	struct kafka_in *in, const char *topic, int32_t partition);
/* First offset that is there, and the one after the last. */
enum status kafka_in_bounds(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t *ret_first, int64_t *ret_end,
	struct reason *reterr) MUST_CHECK;

/*
 * Waits up to `wait` for the next batch: records of one partition, at most
 * `max_records` and `max_bytes` (at least one record). OK: a batch, which may
 * have count 0 and at_end set. IGNORED: nothing within the time. RETRY: a
 * passing error. CONFIG: an offset out of range or another fatal error, which
 * must end the process with its sentence. The batch lives in `arena`.
 */
enum status kafka_in_batch(struct kafka_in *in, struct arena *arena,
	size_t max_records, size_t max_bytes, instant wait,
	struct kafka_batch *ret, struct reason *reterr) MUST_CHECK;
/* Goes back: the next batch of the partition begins at `offset`. */
enum status kafka_in_seek(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t offset, struct reason *reterr) MUST_CHECK;

/* Group mode: commits `next` with at most 4,000 bytes of metadata, waits. */
enum status kafka_in_commit(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t next, const char *metadata,
	struct reason *reterr) MUST_CHECK;
/* What was committed, -2 (the beginning) where nothing was; `ret_metadata`
 * lives in `arena`, "" where none. A group that never committed begins at the
 * beginning. */
enum status kafka_in_committed(struct kafka_in *in, struct arena *arena,
	const char *topic, int32_t partition, int64_t *ret_next,
	const char **ret_metadata, struct reason *reterr) MUST_CHECK;
