/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back to the bootstrap servers, for a client that has forgotten every broker.
 * The last broker of a cluster that ends may answer that there is none, and
 * librdkafka from 2.10 drops all it knew, and with it its way back (its issue
 * 5301): such a client never connects again. Only wire/kafka*.c may include
 * this.
 */
#pragma once

#include <stddef.h>

struct rd_kafka_s;

/*
 * To be called with each of the library's statistics (STATISTICS.md there):
 * where no broker was known in two in a row, those of bootstrap.servers are
 * added again. `brokerless` counts; it begins at 0 and is one client's.
 */
void kafka_rebootstrap(struct rd_kafka_s *rk, const char *statistics,
	size_t size, int *brokerless);
