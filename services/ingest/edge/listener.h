/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP half of the edge: who may send, how much, and what is answered.
 * Knows no tool. 200 (or the adapter's own answer) is said only after publish
 * called the delivery durable; unknown sources and wrong credentials are one
 * constant 401.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "edge/budget.h"
#include "edge/forwarded.h"
#include "edge/publish.h"
#include "edge/source.h"
#include "tally.h"
#include "wire/httpd.h"

struct listener_settings {
	struct httpd_settings httpd;
	struct budget_settings budget;
	const char *topic_prefix;
	struct proxies proxies; /* whose X-Forwarded-* count */
	struct source_book *book;
	struct publish *publish;
	struct tally *tally;
	struct health *health;
	struct metrics *metrics;
	const struct clock *clock;
	instant farewell; /* how long requests under way may take at the end */
};

struct listener;
/* CONFIG where the address or the TLS files are none. */
enum status listener_open(const struct listener_settings *settings,
	struct listener **ret, struct reason *reterr) MUST_CHECK;
unsigned listener_port(const struct listener *listener);
/* Takes the TLS files anew; also done by itself when they change. */
void listener_renew(struct listener *listener);
/* A service_loop; the context is the listener. When the service stops it takes
 * no connection any more, lets what is under way finish, and closes. */
enum status listener_loop(
	void *listener, struct service *service, struct reason *reterr);
/* After its loop and those of publish have ended. */
void listener_free(struct listener **listener);
