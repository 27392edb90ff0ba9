/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast we speak: back-off per notice and per instance of a sink, and a
 * short hold on old news, so that what comes after an outage is the present
 * state of each episode and not a replay of all it went through. Pure.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* When a notice made from a verdict that was known at `known` is due. */
instant throttle_due(instant known, instant now);

/* What to wait after `tries` failures in a row, half of it by `dice` (any
 * random number), never less than `least` (what the other side asked for). */
instant throttle_back_off(
	int tries, instant most, instant least, uint64_t dice);

/* One instance of a sink: none is asked of it while it is away. */
struct throttle {
	int failures;  /* in a row */
	instant until; /* monotonic */
};
/* `barred`: it refuses us, so it is asked seldom and by one notice only. */
void throttle_failed(struct throttle *throttle, instant now, bool barred,
	instant least, uint64_t dice);
/* True where it was away and is back. */
bool throttle_well(struct throttle *throttle);
