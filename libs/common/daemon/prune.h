/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that only served to deliver or to tell repeats apart are deleted when
 * they are old enough, in small transactions, now and then. Which, and how old,
 * is the service's to say; evidence, history and ledger never are.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "daemon/service.h"
#include "wire/pg.h"

struct prune_rule {
	const char *what; /* label of the counter, and for the log */
	/* Deletes at most $2 rows that are older than $1 and answers one row
	 * with their count. */
	const char *sql;
	instant keep;
};

struct prune_settings {
	struct pg_settings pg;
	const char *service; /* of the migrations */
	const struct prune_rule *rules;
	size_t count;
	const struct clock *clock; /* wall */
	struct health *health;     /* may be NULL */
	struct metrics *metrics;   /* may be NULL; then the row is not read */
	int pruned_row;            /* counter by what */
};

struct prune;
struct prune *prune_open(const struct prune_settings *settings);
void prune_close(struct prune **prune);
/* A service_loop; the context is the prune. */
enum status prune_loop(
	void *prune, struct service *service, struct reason *reterr);
/* One round, for tests and for the loop: until nothing is old enough.
 * `service` may be NULL. */
enum status prune_round(struct prune *prune, struct service *service,
	int64_t *ret_rows, struct reason *reterr) MUST_CHECK;
