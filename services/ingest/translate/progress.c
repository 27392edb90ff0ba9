/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/progress.h"

#include <inttypes.h>
#include <stdio.h>

void progress_write(const struct deaths *deaths, char ret[PROGRESS_TEXT])
{
	if (deaths->until == 0)
		ret[0] = '\0';
	else
		snprintf(ret, PROGRESS_TEXT, "1 %" PRId64 " %" PRId64 " %d %d",
			deaths->first, deaths->until, deaths->deaths,
			deaths->alone);
}

void progress_read(const char *text, int64_t next, struct deaths *ret)
{
	struct deaths deaths = {0};
	int alone = 0, end = 0;

	*ret = (struct deaths){0};
	if (sscanf(text, "1 %" SCNd64 " %" SCNd64 " %d %d%n", &deaths.first,
		    &deaths.until, &deaths.deaths, &alone, &end) != 4 ||
		text[end] || deaths.first < next ||
		deaths.until <= deaths.first || deaths.deaths < 0)
		return;
	deaths.alone = alone != 0;
	deaths_resume(&deaths, deaths.first);
	*ret = deaths;
}

size_t progress_share(const struct deaths *deaths, const int64_t *offsets,
	size_t count, bool *ret_again)
{
	size_t n = 0;

	*ret_again = deaths->until > 0 && offsets[0] < deaths->first;
	if (!*ret_again)
		return deaths_limit(deaths, offsets[0], count);
	while (n < count && offsets[n] < deaths->first)
		n++;
	return n;
}
