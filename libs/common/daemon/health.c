/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health.h"

#include "base/bug.h"
#include "base/memory.h"
#include "daemon/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHECKS_MAX 64

struct check {
	const char *name;
	instant patience;
	instant refreshed;
	bool well;
	char sentence[300];
};

struct health {
	const struct clock *clock;
	pthread_mutex_t lock;
	struct check checks[CHECKS_MAX];
	int count;
};

struct health *health_new(const struct clock *clock)
{
	struct health *health = memory_new(sizeof(*health));

	health->clock = clock;
	pthread_mutex_init(&health->lock, NULL);
	return health;
}

void health_free(struct health **health)
{
	if (!*health)
		return;
	pthread_mutex_destroy(&(*health)->lock);
	memory_free(*health);
	*health = NULL;
}

int health_check(struct health *health, const char *name, instant patience)
{
	int number;

	pthread_mutex_lock(&health->lock);
	MUST(health->count < CHECKS_MAX);
	number = health->count++;
	health->checks[number] = (struct check){
		.name = name,
		.patience = patience,
		.refreshed = clock_now(health->clock),
		.sentence = "not looked at yet",
	};
	pthread_mutex_unlock(&health->lock);
	return number;
}

void health_patience(struct health *health, int check, instant patience)
{
	MUST(check >= 0 && check < CHECKS_MAX);
	pthread_mutex_lock(&health->lock);
	health->checks[check].patience = patience;
	pthread_mutex_unlock(&health->lock);
}

void health_set(
	struct health *health, int check, bool well, const char *sentence)
{
	struct check *row;

	MUST(check >= 0 && check < CHECKS_MAX);
	pthread_mutex_lock(&health->lock);
	row = &health->checks[check];
	row->well = well;
	row->refreshed = clock_now(health->clock);
	snprintf(row->sentence, sizeof(row->sentence), "%s", sentence);
	pthread_mutex_unlock(&health->lock);
}

#define PLACE_MOST 110

void health_older(struct health *health, int check, const struct reason *reason)
{
	size_t length = strlen(reason->place);
	bool cut = length > PLACE_MOST;
	char sentence[300];

	snprintf(sentence, sizeof(sentence), "older files in force: %s%s: %s",
		cut ? ".." : "",
		reason->place + (cut ? length - PLACE_MOST : 0),
		reason->sentence);
	utf8_cut(sentence, sizeof(sentence) - 1);
	health_set(health, check, true, sentence);
}

static bool is_late(const struct check *row, instant now)
{
	return row->patience && now - row->refreshed > row->patience;
}

static bool report(const struct check *row, instant now, struct strbuf *out)
{
	instant age = now - row->refreshed;

	if (row->well && is_late(row, now)) {
		strbuf_addf(out, "failed %s: no progress for %lld s\n",
			row->name, (long long)(age / INSTANT_SECOND));
		return false;
	}
	strbuf_addf(out, "%s %s: %s\n", row->well ? "ok" : "failed", row->name,
		row->sentence);
	return row->well;
}

bool health_report(struct health *health, struct strbuf *out)
{
	bool well = true;

	pthread_mutex_lock(&health->lock);
	for (int i = 0; i < health->count; i++)
		if (!report(&health->checks[i], clock_now(health->clock), out))
			well = false;
	pthread_mutex_unlock(&health->lock);
	return well;
}

void health_write(struct health *health, struct strbuf *out)
{
	instant now = clock_now(health->clock);
	bool ready = true;

	strbuf_adds(out, "# HELP postern_check_well 1 while this check of "
			 "/readyz is well.\n"
			 "# TYPE postern_check_well gauge\n");
	pthread_mutex_lock(&health->lock);
	for (int i = 0; i < health->count; i++) {
		const struct check *row = &health->checks[i];
		bool well = row->well && !is_late(row, now);

		ready = ready && well;
		strbuf_adds(out, "postern_check_well{check=\"");
		metric_label(out, row->name);
		strbuf_addf(out, "\"} %d\n", well);
	}
	pthread_mutex_unlock(&health->lock);
	strbuf_addf(out,
		"# HELP postern_ready 1 while /readyz says 200.\n"
		"# TYPE postern_ready gauge\n"
		"postern_ready %d\n",
		ready);
}
