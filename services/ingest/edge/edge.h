/* SPDX-License-Identifier: Apache-2.0 */
/* The accepting half as a whole: its parts, wired in the order of the walk. */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "edge/drain.h"
#include "edge/listener.h"
#include "edge/toolstate.h"
#include "settings.h"

struct edge {
	const struct ingest_settings *settings;
	struct health *health;
	struct metrics *metrics;
	struct tally *tally;
	struct source_book *book;
	struct spool *spool;
	struct publish *publish;
	struct drain *drain;
	struct toolstate *toolstate;
	struct listener *listener;
};

/* All but the listener; the first five members are set. */
enum status edge_open(struct edge *edge, struct reason *reterr) MUST_CHECK;
/* The last thing to open, since from then on requests come. Waits some seconds
 * for a broker, and goes on without one. Logs where it listens. */
enum status edge_listen(struct edge *edge, struct reason *reterr) MUST_CHECK;
void edge_start(struct edge *edge, struct service *service);
/* After the loops have ended; may be called after a failed open. */
void edge_close(struct edge *edge);
/* Receipt time of the oldest delivery in the spool; the context is the edge. */
instant edge_spool_oldest(void *edge);
