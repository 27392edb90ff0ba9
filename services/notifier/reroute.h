/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once other files are in force (and at the start, when they may be others than
 * before): goes through the open episodes and decides again who is owed what.
 */
#pragma once

#include "daemon/book.h"
#include "daemon/health.h"
#include "daemon/service.h"
#include "wire/pg.h"

struct reroute_settings {
	struct book *book; /* of directories */
	struct pg_settings pg;
	struct health *health; /* may be NULL */
};

struct reroute;
struct reroute *reroute_open(const struct reroute_settings *settings);
void reroute_close(struct reroute **reroute);
/* A service_loop; the context is the reroute. */
enum status reroute_loop(
	void *reroute, struct service *service, struct reason *reterr);
