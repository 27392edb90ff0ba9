/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows of the notifier may go, and when. */
#pragma once

#include "daemon/prune.h"

#include "settings.h"

#define PRUNED_RULES 3
/* Attempts older than keep-attempts; notices and episodes that are over for
 * longer than keep-notices, and about which nothing is to be said any more.
 * What tells repeats of verdicts apart stays. */
void pruned_rules(const struct notifier_settings *settings,
	struct prune_rule ret[PRUNED_RULES]);
