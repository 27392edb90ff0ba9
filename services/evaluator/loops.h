/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All loops of a running evaluator, in the order of the walk: intake, the
 * judge's now, judges, relay. Opens them, starts them, closes them.
 */
#pragma once

#include "chores.h"
#include "daemon/service.h"
#include "files.h"

struct loops;
/* Connects to nothing yet. `evaluator` and `files` outlive them. */
enum status loops_open(const struct evaluator *evaluator,
	const struct files *files, struct loops **ret,
	struct reason *reterr) MUST_CHECK;
void loops_start(struct loops *loops, struct service *service);
/* After service_wait. */
void loops_close(struct loops **loops);
