/* SPDX-License-Identifier: Apache-2.0 */
/* For translate/translate*.c only: the loop, its partitions and what they
 * send. */
#pragma once

#include "translate/translate.h"

#include "translate/assembly.h"
#include "translate/mapping.h"
#include "translate/progress.h"
#include "translate/punctuate.h"
#include "wire/crypto.h"
#include "wire/kafka_in.h"
#include "wire/kafka_out.h"

#include <pthread.h>

/* One partition of deliveries that is ours. */
struct part {
	struct part *next_part;
	int32_t number;
	bool known;   /* what was committed has been read */
	bool sought;  /* we went back to it once already */
	int64_t next; /* after the last record that is done */
	struct assembly *assembly;
	struct deaths deaths;
	bool at_end;    /* the batch before found it so */
	bool unsaid;    /* done, but not committed */
	instant looked; /* wall clock before it was asked so; 0: not */
	struct reached reached;
};

struct translate {
	struct translate_settings settings;
	struct arena *life;
	struct arena *batch;    /* of one turn */
	struct arena *delivery; /* of one delivery */
	struct crypto *crypto;
	const char *deliveries, *evidence, *rejected, *parked; /* topics */
	pthread_mutex_t lock; /* over `mapping` */
	struct mapping *mapping;
	const struct kafka_property *properties; /* of the consumer */
	struct kafka_in *in;
	struct kafka_out *out;
	struct service *service; /* while the loop runs */
	struct part *parts;
	int evidence_partitions; /* 0: not known yet */
	instant asked;           /* when that was, monotonic */
	instant said;            /* when we punctuated last, monotonic */
	size_t failed;           /* records not stored since the flush before */
	struct reason why;       /* of the last one */
	int check;
};

/* The rules in force; the caller gives them back by mapping_unref. */
struct mapping *translate_rules(struct translate *translate);

/* translate_send.c */
enum status send_open(
	struct translate *translate, struct reason *reterr) MUST_CHECK;
/* Queues one record, waiting for room. RETRY: Kafka does not take it now. */
enum status send_record(struct translate *translate, const char *topic,
	struct kafka_record *record, struct reason *reterr) MUST_CHECK;
/* Waits for all acknowledgements; RETRY: one of them did not come. */
enum status send_acknowledged(
	struct translate *translate, struct reason *reterr) MUST_CHECK;
/* Makes another producer where this one is broken for good. */
enum status send_mend(
	struct translate *translate, struct reason *reterr) MUST_CHECK;
/* Says to every partition of evidence how far ours are. */
void send_punctuation(struct translate *translate);

/* translate_part.c */
void part_moved(
	void *translate, const char *topic, int32_t partition, bool gained);
void part_drop_all(struct translate *translate);
/* One batch of records of one partition; RETRY after having gone back. */
enum status part_work(struct translate *translate,
	const struct kafka_batch *batch, struct reason *reterr) MUST_CHECK;
/* Commits what is done. */
enum status part_commit(struct translate *translate, struct part *part,
	struct reason *reterr) MUST_CHECK;
/* Gives up what never completes. */
enum status part_tidy(struct translate *translate, struct part *part,
	struct reason *reterr) MUST_CHECK;

/* translate_one.c: one record; RETRY: Kafka did not take what came of it. */
enum status one_record(struct translate *translate, struct part *part,
	const struct kafka_record *record, struct reason *reterr) MUST_CHECK;
enum status one_rejection(struct translate *translate,
	const struct assembled *assembled, const struct kafka_record *record,
	const char *adapter, const struct reason *reason,
	struct reason *reterr) MUST_CHECK;
/* The record that killed us, to <prefix>.parked. */
enum status one_parking(struct translate *translate, struct part *part,
	const struct kafka_record *record, struct reason *reterr) MUST_CHECK;
