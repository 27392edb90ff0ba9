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
/* For service_on_reload: where a file is wrong the pack before stays, and log,
 * readiness and a metric say why. */
void files_reload(void *files);
/* For service_on_change. */
uint64_t files_stamp(void *files);
