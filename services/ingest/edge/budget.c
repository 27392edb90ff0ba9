/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/budget.h"

#include "base/bug.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 1024

/* Exists while it holds something: strangers can't fill the table either. */
struct account {
	char holder[SOURCE_NAME_MAX + NETWORK_KEY];
	bool unproven;
	size_t bytes;
	struct account *next;
};

struct budget {
	struct budget_settings settings;
	pthread_mutex_t lock;
	size_t used, unproven;
	struct account *buckets[BUCKETS];
};

struct budget *budget_new(const struct budget_settings *settings)
{
	struct budget *budget = memory_new(sizeof(*budget));

	budget->settings = *settings;
	pthread_mutex_init(&budget->lock, NULL);
	return budget;
}

void budget_free(struct budget **budget)
{
	if (!*budget)
		return;
	MUST((*budget)->used == 0);
	pthread_mutex_destroy(&(*budget)->lock);
	memory_free(*budget);
	*budget = NULL;
}

void budget_begin(struct budget_hold *hold, const char *holder, bool unproven)
{
	MUST(hold->bytes == 0);
	snprintf(hold->holder, sizeof(hold->holder), "%s", holder);
	hold->unproven = unproven;
}

/* FNV-1a; who may choose the text can at worst slow its own bucket down, and
 * holds no more accounts than it has connections. */
static struct account **bucket_of(struct budget *budget, const char *holder)
{
	uint32_t hash = 2166136261u;

	for (; *holder; holder++)
		hash = (hash ^ (uint8_t)*holder) * 16777619u;
	return &budget->buckets[hash % BUCKETS];
}

/* The link that points, or would point, to the account. */
static struct account **find(
	struct budget *budget, const struct budget_hold *hold)
{
	struct account **at = bucket_of(budget, hold->holder);

	while (*at && ((*at)->unproven != hold->unproven ||
			      strcmp((*at)->holder, hold->holder) != 0))
		at = &(*at)->next;
	return at;
}

static void put(struct budget *budget, const struct budget_hold *hold)
{
	struct account **at = find(budget, hold);

	if (hold->bytes == 0)
		return;
	if (!*at) {
		*at = memory_new(sizeof(**at));
		snprintf((*at)->holder, sizeof((*at)->holder), "%s",
			hold->holder);
		(*at)->unproven = hold->unproven;
	}
	(*at)->bytes += hold->bytes;
	budget->used += hold->bytes;
	budget->unproven += hold->unproven ? hold->bytes : 0;
}

static void take(struct budget *budget, const struct budget_hold *hold)
{
	struct account **at = find(budget, hold);
	struct account *account = *at;

	if (hold->bytes == 0)
		return;
	MUST(account && account->bytes >= hold->bytes &&
		budget->used >= hold->bytes);
	account->bytes -= hold->bytes;
	budget->used -= hold->bytes;
	budget->unproven -= hold->unproven ? hold->bytes : 0;
	if (account->bytes > 0)
		return;
	*at = account->next;
	memory_free(account);
}

static bool has_room(
	struct budget *budget, const struct budget_hold *hold, size_t more)
{
	const struct budget_settings *most = &budget->settings;
	struct account *account = *find(budget, hold);
	size_t held = account ? account->bytes : 0;

	if (more == 0)
		return true;
	if (more > most->total || budget->used > most->total - more)
		return false;
	if (!hold->unproven)
		return held + more <= most->per_source;
	if (budget->unproven + more > most->total / 2)
		return false;
	/* A peer with one body alone may send it whole. */
	return held == hold->bytes || held + more <= most->per_peer;
}

bool budget_grow(struct budget *budget, struct budget_hold *hold, size_t bytes)
{
	struct budget_hold grown = *hold;
	bool fits;

	MUST(bytes >= hold->bytes);
	grown.bytes = bytes;
	pthread_mutex_lock(&budget->lock);
	fits = has_room(budget, hold, bytes - hold->bytes);
	if (fits) {
		take(budget, hold);
		put(budget, &grown);
	}
	pthread_mutex_unlock(&budget->lock);
	if (fits)
		hold->bytes = bytes;
	return fits;
}

void budget_prove(
	struct budget *budget, struct budget_hold *hold, const char *source)
{
	pthread_mutex_lock(&budget->lock);
	take(budget, hold);
	snprintf(hold->holder, sizeof(hold->holder), "%s", source);
	hold->unproven = false;
	put(budget, hold);
	pthread_mutex_unlock(&budget->lock);
}

void budget_release(struct budget *budget, struct budget_hold *hold)
{
	pthread_mutex_lock(&budget->lock);
	take(budget, hold);
	hold->bytes = 0;
	pthread_mutex_unlock(&budget->lock);
}

size_t budget_used(struct budget *budget)
{
	size_t used;

	pthread_mutex_lock(&budget->lock);
	used = budget->used;
	pthread_mutex_unlock(&budget->lock);
	return used;
}
