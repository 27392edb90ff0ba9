/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only wire/kafka*.c may include this: how our settings become librdkafka's
 * configuration, and what its errors mean for a caller.
 */
#pragma once

#include "wire/kafka.h"

struct rd_kafka_conf_s;
struct rd_kafka_topic_partition_list_s;
struct rd_kafka_s;
struct rd_kafka_queue_s;

/*
 * `defaults`, then the caller's own properties, then `forced`; rows end with a
 * NULL name. CONFIG naming the property that librdkafka refuses.
 */
enum status kafka_conf_make(const struct kafka_settings *settings,
	const struct kafka_property *defaults,
	const struct kafka_property *forced, struct rd_kafka_conf_s **ret,
	struct reason *reterr) MUST_CHECK;

/* rd_kafka_new, of an rd_kafka_type_t; takes `conf`. CONFIG: it refuses. */
enum status kafka_handle_make(int type, struct rd_kafka_conf_s *conf,
	struct rd_kafka_s **ret, struct reason *reterr) MUST_CHECK;

/* Milliseconds for a library that counts in int: never negative, never 0
 * for a wait that is not. */
int kafka_milliseconds(instant wait);

/* A list of one, for calls that want lists. */
struct rd_kafka_topic_partition_list_s *kafka_one(
	const char *topic, int32_t partition, int64_t offset);

/* For other requests of administration than kafka_admin.c makes. */
struct rd_kafka_s *kafka_admin_handle(struct kafka_admin *admin);
struct rd_kafka_queue_s *kafka_admin_queue(struct kafka_admin *admin);
/* RETRY for a passing rd_kafka_resp_err_t, else CONFIG. */
enum status kafka_admin_status(int error);
