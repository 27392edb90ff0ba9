/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PosternWatchdog: an alert that always fires, so that its absence can be
 * noticed. It ends soon after we fall silent, unlike the others.
 */
#pragma once

#include "sink.h"

struct watchdog {
	bool wanted;
	const char *labels;
	instant since; /* wall clock */
	instant due;   /* monotonic */
};

void watchdog_init(struct watchdog *watchdog, struct arena *arena, bool wanted);
bool watchdog_due(const struct watchdog *watchdog, instant now);
void watchdog_fill(const struct watchdog *watchdog, struct sink_notice *ret);
/* Takes the outcome; true where it was delivered. */
bool watchdog_said(struct watchdog *watchdog, const struct sink_notice *out,
	instant refresh_every);
