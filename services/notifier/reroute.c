/* SPDX-License-Identifier: Apache-2.0 */
#include "reroute.h"

#include "base/log.h"
#include "base/memory.h"
#include "daemon/migrate.h"
#include "intake.h"

#define IDLE (INSTANT_SECOND / 4)
#define BACK_OFF (2 * INSTANT_SECOND)
#define ARENA_MAX ((size_t)16 << 20)

struct reroute {
	struct reroute_settings settings;
	struct intake intake;
	struct arena *life, *arena;
	struct pg *pg;
	struct edition *done; /* every open episode was decided by it */
	int check;
};

struct reroute *reroute_open(const struct reroute_settings *settings)
{
	struct reroute *reroute = memory_new(sizeof(*reroute));

	reroute->settings = *settings;
	reroute->intake =
		(struct intake){.book = settings->book, .clock = &clock_wall};
	reroute->life = arena_new(1 << 16);
	reroute->arena = arena_new(ARENA_MAX);
	if (settings->health)
		reroute->check = health_check(settings->health, "reroute", 0);
	return reroute;
}

void reroute_close(struct reroute **reroute)
{
	struct reroute *gone = *reroute;

	if (!gone)
		return;
	edition_unref(&gone->done);
	pg_close(&gone->pg);
	arena_free(&gone->arena);
	arena_free(&gone->life);
	memory_free(gone);
	*reroute = NULL;
}

static void say(struct reroute *reroute, bool well, const char *sentence)
{
	if (reroute->settings.health)
		health_set(reroute->settings.health, reroute->check, well,
			sentence);
}

static enum status connect(struct reroute *reroute, struct reason *reterr)
{
	enum status status;

	pg_close(&reroute->pg);
	status = pg_open(&reroute->settings.pg, &reroute->pg, reterr);
	return status == OK ? migrate_check(reroute->pg, "notifier", reterr)
			    : status;
}

/* Each open episode by itself: none waits for the others. */
static enum status go_through(struct reroute *reroute, struct service *service,
	size_t *ret_count, struct reason *reterr)
{
	char last[EVIDENCE_ID] = "";
	const char *id = NULL;
	enum status status = OK;

	*ret_count = 0;
	while (!service_stopping(service)) {
		arena_reset(reroute->arena);
		status = intake_reroute(&reroute->intake, reroute->pg,
			reroute->arena, last, &id, reterr);
		if (status != OK)
			break;
		snprintf(last, sizeof(last), "%s", id);
		++*ret_count;
	}
	return status == IGNORED ? OK : status;
}

static enum status run(struct reroute *reroute, struct service *service,
	struct edition *now, struct reason *reterr)
{
	size_t count = 0;
	enum status status = connect(reroute, reterr);

	if (status == OK)
		status = go_through(reroute, service, &count, reterr);
	pg_close(&reroute->pg);
	if (status != OK)
		return status;
	edition_unref(&reroute->done);
	reroute->done = edition_ref(now);
	say(reroute, true, "open episodes are told by the files in force");
	log_line(LOG_INFO, "NOTIFIER-REROUTED",
		LOG_NUMBER("episodes", (int64_t)count));
	return OK;
}

enum status reroute_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct reroute *reroute = context;
	enum status status = OK;

	while (!service_stopping(service) && status == OK) {
		struct edition *now = book_get(reroute->settings.book);

		if (now == reroute->done) {
			service_sleep(service, IDLE);
		} else {
			status = run(reroute, service, now, reterr);
			if (status == RETRY) {
				log_reason(LOG_WARN, "NOTIFIER-REROUTE-RETRY",
					reterr);
				say(reroute, false, reterr->sentence);
				service_sleep(service, BACK_OFF);
				status = OK;
			}
		}
		edition_unref(&now);
	}
	return status;
}
