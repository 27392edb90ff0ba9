/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts in: which episode, which party, which sinks, and the notices owed,
 * all in the batch's transaction. Speaks to nobody.
 */
#pragma once

#include "base/clock.h"
#include "daemon/metrics.h"
#include "daemon/reader.h"
#include "role.h"
#include "route.h"

/* What is sent on this channel wakes the dispatchers. */
#define INTAKE_CHANNEL "postern_notice"

struct intake {
	const struct roles *roles;
	const struct routes *routes;
	const struct clock *clock;
	struct metrics *metrics; /* NULL: none */
};

/* A reader_user's apply; the context is a struct intake. */
enum status intake_apply(void *intake, struct pg *pg, struct arena *arena,
	const struct kafka_batch *batch, size_t *ret_culprit,
	struct reason *reterr);
