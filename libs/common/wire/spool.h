/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A durable queue over LMDB: records in order, per lane, fsynced before `put`
 * returns. Bounded in bytes from birth. Knows nothing of HTTP or Kafka.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool;

/* Opens or makes it below `folder`; CONFIG where it cannot be. One process. */
enum status spool_open(const char *folder, size_t max_bytes, struct spool **ret,
	struct reason *reterr) MUST_CHECK;
void spool_close(struct spool **spool);

struct spool_item {
	const char *lane; /* at most 200 bytes; order holds inside a lane */
	const void *bytes;
	size_t size;
	uint64_t number; /* set by spool_first */
};
/*
 * Stores the items in one durable transaction, all or none. RETRY: full (the
 * place says how full) or the disk refused. Any thread.
 */
enum status spool_put(struct spool *spool, const struct spool_item *items,
	size_t count, struct reason *reterr) MUST_CHECK;
/* Oldest items, at most `max` and `max_bytes` (at least one), whole lanes in
 * order; copied into `arena`. IGNORED: empty. */
enum status spool_first(struct spool *spool, struct arena *arena, size_t max,
	size_t max_bytes, struct spool_item *ret, size_t *ret_count,
	struct reason *reterr) MUST_CHECK;
/* Forgets the items with these numbers, durably. */
enum status spool_remove(struct spool *spool, const uint64_t *numbers,
	size_t count, struct reason *reterr) MUST_CHECK;
/*
 * Puts items aside, durably: they stay on disk and take room, but are of no
 * lane any more, not counted, and not among the first. Numbers that are not
 * there are skipped.
 */
enum status spool_park(struct spool *spool, const uint64_t *numbers,
	size_t count, struct reason *reterr) MUST_CHECK;
/*
 * Takes at most `max` of those put aside back, the first ones from number
 * `from` on, each to its old place. OK: `ret_next` is where to go on.
 * IGNORED: there are none from there on.
 */
enum status spool_unpark(struct spool *spool, uint64_t from, size_t max,
	uint64_t *ret_next, struct reason *reterr) MUST_CHECK;
size_t spool_parked(struct spool *spool);
/* True while the lane has items. Cheap: kept in memory. */
bool spool_holds(struct spool *spool, const char *lane);
size_t spool_count(struct spool *spool);
size_t spool_bytes(struct spool *spool);
size_t spool_room(struct spool *spool);
