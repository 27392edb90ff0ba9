/* SPDX-License-Identifier: Apache-2.0 */
/* For dispatch*.c only. */
#pragma once

#include "dispatch.h"

#include "daemon/lease.h"
#include "throttle.h"
#include "watchdog.h"

#include <pthread.h>

struct dispatch {
	struct dispatch_settings settings;
	const struct sink *kind;
	struct arena *life, *arena; /* arena: of one turn */
	const char *name;           /* of the lease, the check, log lines */
	struct lease_holder holder;
	struct sink_line *line;
	struct pg *pg;
	int64_t epoch;   /* 0: not held */
	instant renewed; /* monotonic */
	struct throttle throttle;
	struct watchdog watchdog;
	int check;
	/* Its instance is gone from the files: what stood there is ended, at
	 * most until then (monotonic). Then it rests. */
	bool leaving, resting;
	instant leaves_at;
	pthread_mutex_t lock; /* guards the two below */
	bool rewired;
	struct dispatch_wire next;
};

/* One that leaves is nobody's concern any more. */
void dispatch_say(struct dispatch *dispatch, bool well, const char *sentence);
instant dispatch_patience(
	const struct dispatch *dispatch, const struct sink_config *sink);
enum status dispatch_line(const struct dispatch *dispatch,
	const struct sink_config *config, struct sink_line **ret,
	struct reason *reterr) MUST_CHECK;
void dispatch_set_kind(struct dispatch *dispatch, const struct sink *kind);
/* Between turns: what the main thread has laid out for us since. */
void dispatch_take_wire(struct dispatch *dispatch);
