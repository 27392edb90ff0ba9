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
};

/* Descriptors of the adapters and every file; CONFIG with the first line that
 * is wrong. `ret_sources` may be NULL. */
enum status files_read(const char *sources, const char *subjects,
	struct sources **ret_sources, struct reason *reterr) MUST_CHECK;
/* Reads all for a process whose names, health and metrics are set; makes the
 * book, which is the caller's. */
enum status files_open(struct files *files, struct reason *reterr) MUST_CHECK;
/* CONFIG where a file is wrong: the older ones stay in force, and readiness and
 * a metric say why. */
enum status files_reload(struct files *files, struct reason *reterr) MUST_CHECK;
/* Of all that files_reload reads; to look at, for service_on_change. */
uint64_t files_stamp(void *files);
