/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ingest knows and the evaluator learns by evidence: which sources there
 * are, how much came from each, that this process lives and how far its spool
 * is behind. Internal deliveries of tool "toolstate", on the same way and with
 * the same durability as all others.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/service.h"
#include "edge/publish.h"
#include "edge/source.h"
#include "tally.h"

struct toolstate_settings {
	struct publish *publish;
	struct spool *spool;
	struct source_book *book;
	struct tally *tally;
	const struct clock *clock;
	struct health *health;
	const char *topic_prefix;
	const char *instance; /* heartbeats are of source ingest-<instance> */
	/* Where the sources that were told are remembered, so that one removed
	 * between two starts is said to be; made whole or not at all. */
	const char *folder;
	instant heartbeat_every, counts_every;
};

struct toolstate;
struct toolstate *toolstate_new(const struct toolstate_settings *settings);
void toolstate_free(struct toolstate **toolstate);
/* A service_loop; the context is the toolstate. Holds the publish until it
 * ends; last it tells what was counted since. */
enum status toolstate_loop(
	void *toolstate, struct service *service, struct reason *reterr);
/* The book was changed; any thread. */
void toolstate_changed(struct toolstate *toolstate);
