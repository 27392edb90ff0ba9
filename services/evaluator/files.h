/* SPDX-License-Identifier: Apache-2.0 */
/* The pack in this process: read at the start, and anew on SIGHUP, as a whole
 * or not at all. Which pack judges is pack_force.h's. */
#pragma once

#include "pack.h"

#include "daemon/book.h"
#include "daemon/health.h"
#include "daemon/metrics.h"

struct files {
	const char *folder;
	struct book *packs; /* editions are struct pack */
	struct health *health;
	struct metrics *metrics;
	int check; /* of health */
};

/* Takes the pack that was read at the start; the book is the caller's. */
void files_open(struct files *files, struct pack **pack);
/* A service_reload: CONFIG where a file is wrong, then the pack before stays,
 * and readiness and a metric say why. */
enum status files_reload(void *files, bool asked, struct reason *reterr);
/* To look at, for service_on_change. */
uint64_t files_stamp(void *files);
