/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/deaths.h"

static const struct deaths none;

void deaths_resume(struct deaths *deaths, int64_t next)
{
	if (deaths->until <= next || (!deaths->alone && deaths->first != next))
		*deaths = none;
	else if (!deaths->alone && deaths->deaths >= DEATHS_MOST) {
		deaths->alone = true;
		deaths->deaths = 0;
	} else if (deaths->first != next)
		deaths->deaths = 0;
	if (deaths->until)
		deaths->first = next;
}

size_t deaths_limit(const struct deaths *deaths, int64_t next, size_t most)
{
	return deaths->alone && next < deaths->until ? 1 : most;
}

bool deaths_park(const struct deaths *deaths, int64_t next)
{
	return deaths->alone && deaths->first == next &&
	       deaths->deaths >= DEATHS_MOST;
}

void deaths_begin(
	struct deaths *deaths, int64_t next, int64_t end, size_t count)
{
	if (deaths->until <= next)
		*deaths = none;
	if (deaths->first != next || !deaths->until)
		deaths->deaths = 0;
	deaths->first = next;
	if (count == 1)
		deaths->alone = true;
	if (!deaths->alone || deaths->until < end)
		deaths->until = end;
	deaths->deaths++;
}

void deaths_left(struct deaths *deaths)
{
	if (deaths->deaths > 0)
		deaths->deaths--;
}

bool deaths_survived(struct deaths *deaths, int64_t next)
{
	if (!deaths->alone || deaths->until <= next) {
		*deaths = none;
		return false;
	}
	deaths->first = next;
	deaths->deaths = 0;
	return true;
}
