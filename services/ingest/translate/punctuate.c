/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/punctuate.h"

instant reached_say(struct reached *reached, instant looked, instant waiting,
	instant margin)
{
	/* Deliveries stand in the order they were acknowledged; one received
	 * a margin earlier may still follow. */
	instant to = (looked ? looked : reached->translated) - margin;

	if (waiting <= to)
		to = waiting - 1;
	if (to > reached->said)
		reached->said = to;
	return reached->said;
}
