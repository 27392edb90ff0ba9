/* SPDX-License-Identifier: Apache-2.0 */
#include "throttle.h"

#define FRESH (30 * INSTANT_SECOND)
#define HOLD (10 * INSTANT_SECOND)
#define LEAST INSTANT_SECOND
#define AWAY_MOST (30 * INSTANT_SECOND)
#define BARRED_LEAST (10 * INSTANT_SECOND)
#define BARRED_MOST (5 * INSTANT_MINUTE)
#define ASKED_MOST INSTANT_HOUR
#define DOUBLINGS_MOST 20

instant throttle_due(instant known, instant now)
{
	return now - known > FRESH ? now + HOLD : now;
}

instant throttle_back_off(int tries, instant most, instant least, uint64_t dice)
{
	int doublings = tries > DOUBLINGS_MOST ? DOUBLINGS_MOST : tries - 1;
	instant wait = LEAST << (doublings > 0 ? doublings : 0);

	if (wait > most)
		wait = most;
	wait = wait / 2 + (instant)(dice % (uint64_t)(wait / 2 + 1));
	if (least > ASKED_MOST)
		least = ASKED_MOST;
	return wait > least ? wait : least;
}

/* Credentials are seldom mended within seconds, and some servers lock out. */
static instant barred_wait(int failures)
{
	instant wait = BARRED_LEAST << (failures > 5 ? 5 : failures - 1);

	return wait < BARRED_MOST ? wait : BARRED_MOST;
}

void throttle_failed(struct throttle *throttle, instant now, bool barred,
	instant least, uint64_t dice)
{
	throttle->failures++;
	if (barred && least < barred_wait(throttle->failures))
		least = barred_wait(throttle->failures);
	throttle->until = now + throttle_back_off(throttle->failures, AWAY_MOST,
					least, dice);
}

bool throttle_well(struct throttle *throttle)
{
	bool was_away = throttle->failures > 0;

	*throttle = (struct throttle){0};
	return was_away;
}
