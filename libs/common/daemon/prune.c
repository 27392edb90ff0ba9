/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/prune.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/migrate.h"

#define BATCH 1000
#define EVERY INSTANT_HOUR
#define FIRST INSTANT_MINUTE /* after the start, which has better to do */
#define BACK_OFF (5 * INSTANT_MINUTE)
#define ARENA_MAX ((size_t)1 << 20)

struct prune {
	struct prune_settings settings;
	struct arena *arena;
	struct pg *pg;
	int check;
};

struct prune *prune_open(const struct prune_settings *settings)
{
	struct prune *prune = memory_new(sizeof(*prune));

	MUST(settings->clock && settings->service);
	prune->settings = *settings;
	prune->arena = arena_new(ARENA_MAX);
	if (settings->health) {
		prune->check = health_check(settings->health, "prune", 0);
		health_set(settings->health, prune->check, true,
			"nothing was old enough yet");
	}
	return prune;
}

void prune_close(struct prune **prune)
{
	struct prune *gone = *prune;

	if (!gone)
		return;
	pg_close(&gone->pg);
	arena_free(&gone->arena);
	memory_free(gone);
	*prune = NULL;
}

static enum status connect(struct prune *prune, struct reason *reterr)
{
	enum status status;

	pg_close(&prune->pg);
	status = pg_open(&prune->settings.pg, &prune->pg, reterr);
	return status == OK ? migrate_check(prune->pg, prune->settings.service,
				      reterr)
			    : status;
}

static enum status one_batch(struct prune *prune, const struct prune_rule *rule,
	int64_t *ret_rows, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	arena_reset(prune->arena);
	pg_args_init(&args, prune->arena);
	pg_instant(&args, clock_now(prune->settings.clock) - rule->keep);
	pg_integer(&args, BATCH);
	status = pg_run(prune->pg, rule->sql, &args, &rows, reterr);
	if (status != OK)
		return status;
	MUST(pg_count(rows) == 1);
	*ret_rows = pg_get_integer(rows, 0, 0);
	pg_rows_free(&rows);
	return OK;
}

static enum status one_rule(struct prune *prune, const struct prune_rule *rule,
	struct service *service, int64_t *rows, struct reason *reterr)
{
	int64_t all = 0, some = BATCH;
	enum status status = OK;

	while (status == OK && some == BATCH &&
		!(service && service_stopping(service))) {
		status = one_batch(prune, rule, &some, reterr);
		all += status == OK ? some : 0;
	}
	if (all && prune->settings.metrics)
		metric_add(prune->settings.metrics, prune->settings.pruned_row,
			rule->what, all);
	if (all)
		log_line(LOG_INFO, "PRUNED", LOG_TEXT("what", rule->what),
			LOG_NUMBER("rows", all));
	*rows += all;
	return status;
}

enum status prune_round(struct prune *prune, struct service *service,
	int64_t *ret_rows, struct reason *reterr)
{
	enum status status = connect(prune, reterr);

	*ret_rows = 0;
	for (size_t i = 0; status == OK && i < prune->settings.count; i++)
		status = one_rule(prune, &prune->settings.rules[i], service,
			ret_rows, reterr);
	/* An hour is long for an idle connection. */
	pg_close(&prune->pg);
	return status;
}

static void say(struct prune *prune, enum status status, int64_t rows,
	const struct reason *reason)
{
	char sentence[300];

	if (!prune->settings.health)
		return;
	/* Nothing waits for it: what is not pruned today is tomorrow. */
	if (status == OK)
		snprintf(sentence, sizeof(sentence),
			"rows pruned in the last round: %lld", (long long)rows);
	else
		snprintf(sentence, sizeof(sentence), "tried again: %.250s",
			reason->sentence);
	health_set(prune->settings.health, prune->check, true, sentence);
}

enum status prune_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct prune *prune = context;

	service_sleep(service, FIRST);
	while (!service_stopping(service)) {
		int64_t rows = 0;
		enum status status = prune_round(prune, service, &rows, reterr);

		say(prune, status, rows, reterr);
		if (status != OK && status != RETRY)
			return status;
		if (status == RETRY)
			log_reason(LOG_WARN, "PRUNE-RETRY", reterr);
		service_sleep(service, status == OK ? EVERY : BACK_OFF);
	}
	return OK;
}
