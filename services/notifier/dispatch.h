/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of one instance of a sink: its own connection, its own queue, its
 * own lease, so that a slow or dead instance delays nobody else. Who holds the
 * lease is the only one that speaks to the instance; each request is preceded
 * by a proof of it, and the lease outlives the request's time limit.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "route.h"
#include "wire/pg.h"

struct dispatch_settings {
	const struct sink_config *sink;
	const char *url;
	struct pg_settings pg;
	instant lease_time;
	instant refresh_every, ends_ahead, resolved_for;
	bool watchdog;
	bool mute;
	const char *topic; /* of notice outcomes */
	struct health *health;
	struct metrics *metrics;
};

struct dispatch;
enum status dispatch_open(const struct dispatch_settings *settings,
	struct dispatch **ret, struct reason *reterr) MUST_CHECK;
void dispatch_close(struct dispatch **dispatch);
/* For log lines: "<sink> <url>". */
const char *dispatch_name(const struct dispatch *dispatch);
/* A service_loop; the context is the dispatch. */
enum status dispatch_loop(
	void *dispatch, struct service *service, struct reason *reterr);
