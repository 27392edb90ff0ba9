/* SPDX-License-Identifier: Apache-2.0 */
/* For route*.c only: what a reading of routes.yaml carries along. */
#pragma once

#include "route.h"
#include "wire/doc.h"

struct route_reading {
	struct arena *arena;
	const struct roles *roles;
	struct reason *reterr;
	const struct stamp_file *files; /* named so far */
};

/* One member of `sinks:`. */
enum status route_read_sink(struct route_reading *reading,
	const struct doc *node, struct sink_config *ret) MUST_CHECK;
/* Overwrites what came from secret files. */
void route_wipe_sink(const struct sink_config *config);
