/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a snapshot that is not whole does to a judgement, whatever the rule: it
 * is an error that names the snapshot, from when nothing can make it whole any
 * more until a newer complete one of the same scanner and target. A failure
 * stays one: that a scan could not be read closes nothing.
 */
#pragma once

#include "rule.h"
#include "window.h"

/* Texts are in `arena`, like the judgement's. */
void flaw_apply(const struct window *window, instant at, struct arena *arena,
	struct judgement *judgement);
