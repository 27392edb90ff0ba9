/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outbox to Kafka: one leased relay per service reads rows in the order they
 * were numbered, produces them in a transaction whose id fences a zombie
 * relay, and deletes them. At least once on the wire, in order per key.
 *
 * A row of table outbox: seq, topic, key, headers (text[] of name, value, ...),
 * value (NULL: tombstone).
 */
#pragma once

#include "base/arena.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/kafka.h"
#include "wire/pg.h"

struct relay_settings {
	const char *service;
	struct kafka_settings kafka;
	struct pg_settings pg;
	instant lease_time;
	const char *transactional_id;
	struct health *health;
	struct metrics *metrics; /* NULL: nothing is counted */
	int held_row;            /* gauge: 1 while we are the relay */
	int relayed_row;         /* counter: records published */
};

struct relay;
enum status relay_open(const struct relay_settings *settings,
	struct relay **ret, struct reason *reterr) MUST_CHECK;
void relay_close(struct relay **relay);
/* A service_loop; the context is the relay. */
enum status relay_loop(
	void *relay, struct service *service, struct reason *reterr);

/* Adds records to the outbox inside the caller's transaction and wakes the
 * relay at commit (NOTIFY). */
enum status outbox_add(struct pg *pg, struct arena *arena,
	const struct kafka_record *records, size_t count,
	struct reason *reterr) MUST_CHECK;
