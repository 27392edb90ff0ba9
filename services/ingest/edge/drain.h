/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings what is spooled to Kafka, oldest first, and forgets it once it is
 * acknowledged. A record that fails holds back those of its source, so each
 * source's order is kept; so does a topic that we may not write. One that Kafka
 * refuses for what it is (too large, malformed) would hold them back for ever:
 * it is put aside in the spool, alone, and overtaken by what came after it. It
 * is not lost: one of those put aside is tried again each minute, and once one
 * is taken, or on drain_retry, all are.
 */
#pragma once

#include "edge/publish.h"

struct drain_settings {
	struct publish *publish;
	struct spool *spool;
	struct health *health;
	struct metrics *metrics;
	instant farewell; /* how long it goes on once the service stops */
};

struct drain;
struct drain *drain_new(const struct drain_settings *settings);
void drain_free(struct drain **drain);
/* Tries what was put aside again. Any thread. */
void drain_retry(struct drain *drain);
/* A service_loop; the context is the drain. Holds the publish until it ends. */
enum status drain_loop(
	void *drain, struct service *service, struct reason *reterr);
