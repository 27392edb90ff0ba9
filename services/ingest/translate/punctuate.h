/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Up to which receipt time one partition of deliveries is translated. Where it
 * was read to its end that is a wall-clock time: whatever was received a margin
 * before the end was looked at is on the topic by then, or in the spool.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

struct reached {
	instant translated; /* receipt of the last one translated; 0: none */
	instant said;       /* never goes back; 0: nothing yet */
};

/*
 * What may be said now, 0 for nothing. `looked` is the wall clock before the
 * partition was found read to its end, 0 where it was not; `waiting` the
 * receipt of the oldest delivery that is incomplete, or INSTANT_NEVER.
 */
instant reached_say(struct reached *reached, instant looked, instant waiting,
	instant margin);
