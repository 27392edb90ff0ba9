/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that kills us: what is remembered of a partition's batch that was
 * begun, and what follows from it. Pure: the reader keeps it in table death.
 *
 * A batch that was begun DEATHS_MOST times and never finished is taken record
 * by record; a record that was begun alone as often is parked.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEATHS_MOST 3

struct deaths {
	int64_t first; /* where the batch that was begun starts */
	int64_t until; /* offset after the last suspect; 0: none */
	int deaths;    /* times it was begun and not finished */
	bool alone;    /* suspects are taken one at a time */
};

/* Takes up what a table row says; `next` is where the partition stands. */
void deaths_resume(struct deaths *deaths, int64_t next);
/* How many records may be taken at once from `next`. */
size_t deaths_limit(const struct deaths *deaths, int64_t next, size_t most);
/* True where the record at `next` has died alone often enough. */
bool deaths_park(const struct deaths *deaths, int64_t next);
/* Before work begins on `count` records, the offset after them being `end`. */
void deaths_begin(
	struct deaths *deaths, int64_t next, int64_t end, size_t count);
/* The work was left in an orderly way: no death. */
void deaths_left(struct deaths *deaths);
/* Work up to `next` is done; true while the row must be kept. */
bool deaths_survived(struct deaths *deaths, int64_t next);
