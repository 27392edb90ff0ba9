/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of one instance of a sink: its own connection, its own queue, its
 * own lease, so that a slow or dead instance delays nobody else. Who holds the
 * lease is the only one that speaks to the instance; each request is preceded
 * by a proof of it, and the lease outlives the request's time limit.
 */
#pragma once

#include "daemon/book.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "route.h"
#include "wire/pg.h"

struct dispatch_settings {
	const struct sink_config *sink;
	struct edition *edition; /* that it is of; NULL: it outlives us */
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
bool dispatch_is(
	const struct dispatch *dispatch, const char *sink, const char *url);

/* By what a dispatcher speaks, as one edition of the files has it. */
struct dispatch_wire {
	const struct sink_config *sink; /* NULL: this instance is gone */
	struct sink_line *line;
	struct edition *edition;
};
/* Opens what `edition` has; takes a reference. CONFIG where a file or a setting
 * is wrong, and nothing has changed then. */
enum status dispatch_wire_open(const struct dispatch *dispatch,
	const struct sink_config *sink, struct edition *edition,
	struct dispatch_wire *ret, struct reason *reterr) MUST_CHECK;
void dispatch_wire_close(struct dispatch_wire *wire);
/*
 * Takes the wire: it speaks by it from its next turn on. One that is gone first
 * says, by what it had, what is over there, and then rests until it has a
 * wire again. Any thread.
 */
void dispatch_rewire(struct dispatch *dispatch, struct dispatch_wire *wire);
/* A service_loop; the context is the dispatch. */
enum status dispatch_loop(
	void *dispatch, struct service *service, struct reason *reterr);
