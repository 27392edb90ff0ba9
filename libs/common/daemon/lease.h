/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single ownership through a PostgreSQL row: topic partitions, the relay.
 * Taking a lease ends the stopped holder's backend, then raises the epoch;
 * every transaction of a holder checks it, so a zombie's write rolls back.
 * Tables lease and member of the connection's schema; time is the database's.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/pg.h"

struct lease_holder {
	const char *owner; /* unique per process start */
	instant time;      /* how long a lease lives unless renewed */
};

/* A name no other process start has: host, process id, random. */
const char *lease_owner(struct arena *arena);

/* Says that this owner lives; returns how many live owners there are. */
enum status lease_enrol(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, int64_t *ret_members,
	struct reason *reterr) MUST_CHECK;
/* An orderly end: others share what was ours at once. */
enum status lease_leave(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, struct reason *reterr) MUST_CHECK;
/*
 * OK: taken, or already ours on this connection. IGNORED: somebody else holds
 * it. Call outside a transaction: the stopped holder's backend is ended, and
 * waited for, before its row is touched.
 */
enum status lease_take(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t *ret_epoch,
	struct reason *reterr) MUST_CHECK;
/* REJECT: it is no longer ours. */
enum status lease_renew(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t epoch,
	struct reason *reterr) MUST_CHECK;
enum status lease_release(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t epoch,
	struct reason *reterr) MUST_CHECK;
/* Inside a transaction: locks the row against a taker; REJECT where fenced. */
enum status lease_guard(struct pg *pg, struct arena *arena, const char *name,
	int64_t epoch, struct reason *reterr) MUST_CHECK;
