/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kafka cluster inside the process, for tests only: nothing else may include
 * this. It keeps no disk and knows no administration, but it can be told to
 * fail. Linked into no service, since none calls it.
 */
#pragma once

#include "wire/kafka.h"

struct kafka_mock;

struct kafka_mock *kafka_mock_new(int brokers);
void kafka_mock_free(struct kafka_mock **mock);
const char *kafka_mock_brokers(const struct kafka_mock *mock);
void kafka_mock_topic(
	struct kafka_mock *mock, const char *name, int partitions);
/* The next produce request is answered with this Kafka error code. */
void kafka_mock_fail_produce(struct kafka_mock *mock, int code);
/* What of that has not happened yet does not. */
void kafka_mock_heal_produce(struct kafka_mock *mock);
/* The next request for a producer id, likewise: some codes are fatal. */
void kafka_mock_fail_producer_id(struct kafka_mock *mock, int code);
/* All brokers stop answering, or begin again. */
void kafka_mock_down(struct kafka_mock *mock, bool down);
