/* SPDX-License-Identifier: Apache-2.0 */
/* Between spool.c and spool_park.c; nobody else. */
#pragma once

#include "wire/spool.h"

#include <lmdb.h>
#include <pthread.h>

#define LANE_MAX 200
#define SPOOL_PARKED (UINT64_C(1) << 63)

struct lane {
	char name[LANE_MAX + 1];
	size_t count;
};

struct spool {
	MDB_env *env;
	MDB_dbi dbi;
	int lock_fd;
	/* One transaction at a time; never waited for with `lock` held, so
	 * that nobody who only asks waits for a disk. */
	pthread_mutex_t writing;
	pthread_mutex_t lock; /* guards all below */
	uint64_t next;
	size_t max_bytes, bytes, count, parked;
	struct lane *lanes;
	size_t lane_count, lane_room;
};

/* What the lanes lose is known only while the items are still there. */
struct spool_leaving {
	char lane[LANE_MAX + 1];
	size_t cost;
	bool there;
};

/* All below under the lock that their names speak of: counts under `lock`. */
void spool_count_in(
	struct spool *spool, const char *name, size_t size, size_t bytes);
void spool_count_out(
	struct spool *spool, const char *name, size_t size, size_t bytes);
void spool_number_write(uint64_t number, uint8_t ret[8]);
uint64_t spool_number_read(const void *bytes);
/* RETRY with what the disk said. */
enum status spool_disk_said(
	struct reason *reterr, const char *doing, int failed);
/* 0, `leaving` untouched, where there is no such number. */
int spool_remove_one(struct spool *spool, MDB_txn *txn, uint64_t number,
	struct spool_leaving *leaving);
