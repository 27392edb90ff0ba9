/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For daemon/reader*.c only: one partition's place in the database. Each call
 * is one statement; who calls them in what order is reader.c's business.
 */
#pragma once

#include "daemon/deaths.h"
#include "daemon/lease.h"
#include "daemon/reader.h"
#include "wire/crypto.h"

struct reader_part {
	int32_t number;
	const char *lease; /* name */
	const char *label; /* number, as metrics have it */
	int64_t epoch;     /* 0: not held */
	int64_t next;
	struct deaths deaths;
	bool begun;   /* the batch at next is counted already */
	size_t most;  /* of one batch, after a refusal; 0: no limit */
	bool compare; /* the record before next is still to be compared */
	uint8_t digest[SHA256_SIZE]; /* of that record */
	bool has_digest;
	bool at_end;     /* as the database has it */
	instant written; /* when it was, monotonic */
};

/* Digest over key and value of a record. */
void reader_digest(struct crypto *crypto, const struct kafka_record *record,
	uint8_t ret[SHA256_SIZE]);

/*
 * Makes the place ours: raises its epoch, reads it and the deaths. REJECT:
 * fenced. CONFIG: the topic is another one than was read.
 */
enum status part_enter(struct pg *pg, struct arena *arena, const char *topic,
	const char *topic_id, struct reader_part *part,
	struct reason *reterr) MUST_CHECK;
/* Inside the batch's transaction: moves next, watermark and digest; REJECT
 * where the epoch is over or next is not where we left it. */
enum status part_advance(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct kafka_batch *batch,
	const uint8_t digest[SHA256_SIZE], struct reason *reterr) MUST_CHECK;
/* Says that the partition was read to its end. REJECT: fenced. */
enum status part_at_end(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, struct reason *reterr) MUST_CHECK;
/* Counts a batch as begun, at once and for all to see. REJECT: fenced. */
enum status part_begun(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct deaths *deaths,
	struct reason *reterr) MUST_CHECK;
/* Inside the batch's transaction: what remains of the count. */
enum status part_finished(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct deaths *deaths,
	struct reason *reterr) MUST_CHECK;

/* The batch whose turn comes next, fetched and partly read while the
 * transaction of the one before is under way. */
struct reader_ahead {
	struct arena *arena;
	struct kafka_batch batch;
	bool asked; /* for a batch, in this turn */
	bool there;
	int64_t epoch, from; /* of its partition; other ones: it is stale */
	const struct reader_part *now; /* whose transaction is under way */
	int64_t end;                   /* where that batch ends */
	enum status status;            /* of asking; told when its turn comes */
	struct reason reason;
};

struct reader {
	struct reader_settings settings;
	struct arena *life;
	struct arena *arena; /* of one turn */
	struct crypto *crypto;
	struct lease_holder holder;
	struct pg *pg;
	struct kafka_in *in;
	bool opened; /* `in` was, at least once */
	char topic_id[KAFKA_TOPIC_ID];
	struct reader_part *parts;
	int part_count; /* 0: the topic was not looked at yet */
	instant shared; /* when leases were last seen to, monotonic */
	int check;
	struct reader_ahead ahead;
	int careful; /* batches to go without reading ahead, after a death */
};

/* Renews what is ours, takes our fair share, gives surplus back. */
enum status reader_share(
	struct reader *reader, struct reason *reterr) MUST_CHECK;
/* Forgets a partition that is not ours any more. */
void reader_drop(struct reader *reader, struct reader_part *part);
/* Gives one back for others to take at once. */
void reader_give_back(struct reader *reader, struct reader_part *part);
/* Gives everything back: an orderly end. */
void reader_release(struct reader *reader);
int reader_held(const struct reader *reader);

/*
 * Reading ahead, between the two calls, while `part` works on a batch that ends
 * (as fetched) at `end`. A record that kills us ahead of its turn would be
 * counted against the batch in work: after a death nothing is read ahead until
 * each partition had its turn.
 */
void reader_ahead_begin(struct reader *reader, const struct reader_part *part,
	const struct kafka_batch *batch, int64_t end);
void reader_ahead_end(struct reader *reader);
/* The next batch, as kafka_in_batch gives it. IGNORED also where one that was
 * fetched ahead is not what comes next any more: it is read again. */
enum status reader_ahead_take(struct reader *reader, instant wait,
	struct kafka_batch *ret, struct reason *reterr) MUST_CHECK;

/* Metrics; nothing where the service wants none. */
void reader_count(struct reader *reader, int row);
void reader_gauge_held(struct reader *reader);
/* `at`: of the record that is not taken in yet; INSTANT_NEVER: there is none */
void reader_gauge_lag(
	struct reader *reader, const struct reader_part *part, instant at);
