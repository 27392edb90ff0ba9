/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What producers and consumers of Kafka share: connection properties, a record
 * as we send and receive it, topics by administration. Over librdkafka 2.14.2
 * or newer; older ones end idempotent producers in fatal errors.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No record, key and headers included, may be larger: stock brokers take it. */
#define KAFKA_RECORD_MAX 900000

/* "NAME-file": the value of NAME is what the file holds when a client is made,
 * without the line breaks at its end. */
struct kafka_property {
	const char *name;
	const char *value;
};
/* Whether the name is of that form. */
bool kafka_property_is_file(const char *name);

struct kafka_settings {
	const char *brokers;   /* "host:port,..." */
	const char *client_id; /* the service's name */
	/* Passed through, name NULL ends; outlive the clients made of them. */
	const struct kafka_property *properties;
};

struct kafka_header {
	const char *name;
	const char *value; /* NUL-terminated; binary values are not used */
	size_t length;
};

/* Sending: fields are copied by kafka_out_send. Receiving: owned by the batch.
 */
struct kafka_record {
	const char *topic;
	int32_t partition; /* -1: by key */
	int64_t offset;    /* received only */
	instant timestamp;
	const char *key; /* NULL: none */
	size_t key_length;
	const char *value; /* NULL is a tombstone */
	size_t value_length;
	const struct kafka_header *headers;
	size_t header_count;
};

/* NULL where there is none; the last one where there are several. */
const char *kafka_header_of(
	const struct kafka_record *record, const char *name);
/* Bytes the record takes at most on the wire, for the limit above. */
size_t kafka_record_size(const struct kafka_record *record);

struct kafka_topic {
	const char *name;
	int partitions;
	int replication;
	int min_insync;
	bool compacted;
	bool flush_each;   /* flush.messages=1: durable on a single broker */
	instant retention; /* INSTANT_NEVER: for ever */
};

struct kafka_admin;
enum status kafka_admin_open(const struct kafka_settings *settings,
	struct kafka_admin **ret, struct reason *reterr) MUST_CHECK;
void kafka_admin_close(struct kafka_admin **admin);
/* IGNORED where it is there already; RETRY where no broker answers. */
enum status kafka_topic_create(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr) MUST_CHECK;
/*
 * What the broker has, compared with what is wanted. OK: as wanted. IGNORED:
 * usable, `reterr` is a warning (for example not durable). CONFIG: missing or
 * not usable, `reterr` says what to do. RETRY: no broker answered.
 */
enum status kafka_topic_check(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr) MUST_CHECK;
#define KAFKA_TOPIC_ID 40
/* The broker's identity of the topic: another one means it was made anew. */
enum status kafka_topic_id(struct kafka_admin *admin, const char *topic,
	char ret[KAFKA_TOPIC_ID], int *ret_partitions,
	struct reason *reterr) MUST_CHECK;
