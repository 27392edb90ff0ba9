/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts in: which episode, which party, which sinks, and the notices owed,
 * all in the batch's transaction. Speaks to nobody.
 */
#pragma once

#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/reader.h"
#include "files.h"

/* What is sent on this channel wakes the dispatchers. */
#define INTAKE_CHANNEL "postern_notice"

struct intake {
	struct book *book; /* of directories: each batch by the one in force */
	const struct roles *roles; /* where there is no book */
	const struct routes *routes;
	const struct clock *clock;
	struct metrics *metrics; /* NULL: none */
};

/* A reader_user's apply; the context is a struct intake. */
enum status intake_apply(void *intake, struct pg *pg, struct arena *arena,
	const struct kafka_batch *batch, size_t *ret_culprit,
	struct reason *reterr);
/*
 * Other files are in force: decides again who is owed what of one episode that
 * is open, as if its newest verdict had just come. What stays as it is is not
 * told again. One transaction. IGNORED: none is open after `after` (an id).
 */
enum status intake_reroute(struct intake *intake, struct pg *pg,
	struct arena *arena, const char *after, const char **ret_id,
	struct reason *reterr) MUST_CHECK;
