/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a producer and a consumer have alike. Each begins with one, so that it
 * can be the library's opaque for both. Only wire/kafka*.c may include this.
 */
#pragma once

#include "wire/kafka.h"

#include <stdatomic.h>

struct rd_kafka_conf_s;
struct rd_kafka_s;

struct kafka_client {
	atomic_bool connected; /* to a broker, as the library said last */
	int brokerless;        /* of kafka_rebootstrap */
	const struct kafka_property *properties;
	uint64_t taken, seen; /* stamps of their files: as made, last looked */
	instant looked;       /* monotonic */
};

/* Before the configuration is made of the settings' files. */
void kafka_client_begin(struct kafka_client *client,
	const struct kafka_settings *settings, instant now);
/* Makes the library's client (an rd_kafka_type_t) of `conf`, which it takes,
 * with the client as its opaque. CONFIG: the library refuses. */
enum status kafka_client_make(struct kafka_client *client, int type,
	struct rd_kafka_conf_s *conf, struct rd_kafka_s **ret,
	struct reason *reterr) MUST_CHECK;
/* The promise of kafka_in_stale and kafka_out_stale. */
bool kafka_client_stale(struct kafka_client *client, instant now);
