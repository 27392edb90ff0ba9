/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog.h"

#include "label_set.h"

void watchdog_init(struct watchdog *watchdog, struct arena *arena, bool wanted)
{
	static const struct label labels[] = {
		{"alertname", "PosternWatchdog"}, {"severity", "none"}};

	*watchdog = (struct watchdog){.wanted = wanted,
		.labels = label_write(arena, labels, 2),
		.since = clock_now(&clock_wall)};
}

bool watchdog_due(const struct watchdog *watchdog, instant now)
{
	return watchdog->wanted && watchdog->due <= now;
}

void watchdog_fill(const struct watchdog *watchdog, struct sink_notice *ret)
{
	*ret = (struct sink_notice){.action = NOTICE_REFRESH,
		.episode = "",
		.role = "",
		.party = "",
		.party_key = "",
		.labels = watchdog->labels,
		.opened = watchdog->since,
		.ended = INSTANT_NEVER};
}

bool watchdog_said(struct watchdog *watchdog, const struct sink_notice *out,
	instant refresh_every)
{
	bool well = out->outcome.result == SINK_DELIVERED;

	if (well)
		watchdog->due = clock_monotonic() + refresh_every;
	return well;
}
