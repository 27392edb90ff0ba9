/* SPDX-License-Identifier: Apache-2.0 */
/* The files that people write for ingest: read at the start, by --check, and
 * anew on SIGHUP, when all of them are taken or none. */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "edge/source.h"
#include "edge/toolstate.h"
#include "translate/translate.h"

struct files {
	const char *sources, *subjects; /* subjects: NULL where there is none */
	struct source_book *book;
	struct toolstate *toolstate; /* told of a reload, both */
	struct translate *translate;
	struct metrics *metrics;
	struct health *health;
	int check;     /* of health */
	uint64_t read; /* files_stamp as they were read at the start */
	bool refused;  /* what was read last; what is in force is older */
};

/* Descriptors of the adapters and every file; CONFIG with the first line that
 * is wrong. `ret_sources` may be NULL. */
enum status files_read(const char *sources, const char *subjects,
	struct sources **ret_sources, struct reason *reterr) MUST_CHECK;
/* Reads all for a process whose names, health and metrics are set; makes the
 * book, which is the caller's. */
enum status files_open(struct files *files, struct reason *reterr) MUST_CHECK;
/* For service_on_reload: where a file is wrong, the older ones stay in force,
 * and log, readiness and a metric say why. */
void files_reload(void *files);
/* For service_on_change. What was refused is looked at again now and then: a
 * file that it names may come later than it. */
uint64_t files_stamp(void *files);
