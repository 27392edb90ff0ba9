/* SPDX-License-Identifier: Apache-2.0 */
#include "deck.h"

#include "base/log.h"
#include "base/memory.h"
#include "daemon/reader.h"
#include "daemon/relay.h"
#include "dispatch.h"
#include "files.h"
#include "intake.h"
#include "metric.h"
#include "model/topics.h"
#include "pruned.h"
#include "reroute.h"

#include <stdio.h>

#define BATCH_RECORDS 500
/* Instances of sinks, also those that are gone since the start. */
#define DISPATCHES_MOST 48
#define BATCH_BYTES (4u << 20)

struct deck {
	struct arena *arena;
	struct deck_settings settings;
	struct intake intake;
	struct reader_user user;
	struct reader *reader;
	struct relay *relay;
	struct reroute *reroute;
	struct prune_rule rules[PRUNED_RULES];
	struct prune *prune;
	struct dispatch *dispatches[DISPATCHES_MOST];
	size_t count;
	struct service *service; /* NULL: not started yet */
	int check;               /* of health: the files */
};

static struct pg_settings database(
	const struct notifier_settings *values, const char *name)
{
	return (struct pg_settings){.conninfo = values->postgres,
		.password = values->postgres_password,
		.name = name,
		.schema = values->schema,
		.statement_timeout = 30 * INSTANT_SECOND,
		/* A stopped holder must not keep its locks past its lease. */
		.idle_timeout = values->lease_time / 2};
}

static enum status open_intake(struct deck *deck,
	const struct deck_settings *settings, struct reason *reterr)
{
	const struct notifier_settings *values = settings->values;
	const char *prefix = values->common.topic_prefix;
	struct reader_settings reader = {.service = "notifier",
		.topic = topic_name(deck->arena, prefix, TOPIC_VERDICTS),
		.parked_topic = topic_name(deck->arena, prefix, TOPIC_PARKED),
		.kafka = *settings->kafka,
		.pg = database(values, "notifier intake"),
		.lease_time = values->lease_time,
		.batch_records = BATCH_RECORDS,
		.batch_bytes = BATCH_BYTES,
		.user = &deck->user,
		.health = settings->health,
		.meters = {settings->metrics, METRIC_PARTITIONS, METRIC_HELD,
			METRIC_LAG, METRIC_FENCED, METRIC_PARKED}};

	deck->intake = (struct intake){.book = settings->book,
		.clock = &clock_wall,
		.metrics = settings->metrics};
	deck->user = (struct reader_user){
		.apply = intake_apply, .context = &deck->intake};
	return reader_open(&reader, &deck->reader, reterr);
}

static enum status open_relay(struct deck *deck,
	const struct deck_settings *settings, struct reason *reterr)
{
	const struct notifier_settings *values = settings->values;
	struct relay_settings relay = {.service = "notifier",
		.kafka = *settings->kafka,
		.pg = database(values, "notifier relay"),
		.lease_time = values->lease_time,
		.transactional_id = arena_printf(deck->arena,
			"%s-notifier-relay", values->common.topic_prefix),
		.health = settings->health,
		.metrics = settings->metrics,
		.held_row = METRIC_RELAY,
		.relayed_row = METRIC_RELAYED};

	return relay_open(&relay, &deck->relay, reterr);
}

static struct reroute *open_reroute(const struct deck_settings *settings)
{
	const struct reroute_settings reroute = {.book = settings->book,
		.pg = database(settings->values, "notifier reroute"),
		.health = settings->health};

	return reroute_open(&reroute);
}

static void open_prune(struct deck *deck)
{
	const struct deck_settings *settings = &deck->settings;
	const struct prune_settings prune = {
		.pg = database(settings->values, "notifier prune"),
		.service = "notifier",
		.rules = deck->rules,
		.count = PRUNED_RULES,
		.clock = &clock_wall,
		.health = settings->health,
		.metrics = settings->metrics,
		.pruned_row = METRIC_PRUNED};

	pruned_rules(settings->values, deck->rules);
	deck->prune = prune_open(&prune);
}

static enum status open_dispatch(const struct deck *deck,
	const struct sink_config *sink, const char *url,
	struct edition *edition, struct dispatch **ret, struct reason *reterr)
{
	const struct notifier_settings *values = deck->settings.values;
	const struct dispatch_settings dispatch = {.sink = sink,
		.edition = edition,
		.url = url,
		.pg = database(values, "notifier dispatch"),
		.lease_time = values->lease_time,
		.refresh_every = values->refresh_every,
		.ends_ahead = values->ends_ahead,
		.resolved_for = values->resolved_for,
		.watchdog = values->watchdog,
		.mute = values->mute,
		.topic = topic_name(deck->arena, values->common.topic_prefix,
			TOPIC_NOTICES),
		.health = deck->settings.health,
		.metrics = deck->settings.metrics};

	return dispatch_open(&dispatch, ret, reterr);
}

/* What other files come to: a wire for each dispatcher there is, and more
 * dispatchers. Nothing of it is in force yet. */
struct change {
	struct dispatch_wire wires[DISPATCHES_MOST];
	struct dispatch *more[DISPATCHES_MOST];
	size_t more_count;
};

static void change_close(struct change *change)
{
	for (size_t i = 0; i < DISPATCHES_MOST; i++)
		dispatch_wire_close(&change->wires[i]);
	while (change->more_count)
		dispatch_close(&change->more[--change->more_count]);
}

static enum status prepare_one(const struct deck *deck,
	const struct sink_config *sink, const char *url,
	struct edition *edition, struct change *change, struct reason *reterr)
{
	size_t i = 0;
	enum status status;

	while (i < deck->count &&
		!dispatch_is(deck->dispatches[i], sink->name, url))
		i++;
	if (i < deck->count)
		return dispatch_wire_open(deck->dispatches[i], sink, edition,
			&change->wires[i], reterr);
	if (deck->count + change->more_count == DISPATCHES_MOST) {
		reason_set(reterr, sink->name,
			"this process has spoken to %d instances of sinks, as "
			"many as it can: restart it, or name fewer",
			DISPATCHES_MOST);
		return CONFIG;
	}
	status = open_dispatch(deck, sink, url, edition,
		&change->more[change->more_count], reterr);
	change->more_count += status == OK;
	return status;
}

static enum status prepare(const struct deck *deck, struct edition *edition,
	struct change *change, struct reason *reterr)
{
	const struct directory *directory = edition_text(edition);
	enum status status = OK;

	for (size_t i = 0; i < routes_sinks(directory->routes); i++) {
		const struct sink_config *sink =
			routes_sink_at(directory->routes, i);

		for (size_t j = 0; status == OK && j < sink->url_count; j++)
			status = prepare_one(deck, sink, sink->urls[j], edition,
				change, reterr);
	}
	return status;
}

static void start_dispatch(struct deck *deck, struct dispatch *dispatch)
{
	service_start(deck->service, dispatch_name(dispatch), dispatch_loop,
		dispatch);
}

static void commit(struct deck *deck, struct change *change)
{
	for (size_t i = 0; i < deck->count; i++)
		dispatch_rewire(deck->dispatches[i], &change->wires[i]);
	for (size_t i = 0; i < change->more_count; i++) {
		deck->dispatches[deck->count++] = change->more[i];
		if (deck->service)
			start_dispatch(deck, change->more[i]);
	}
	change->more_count = 0;
}

static void files_in_force(struct deck *deck, struct edition *edition)
{
	const struct directory *directory = edition_text(edition);
	char sentence[100];

	snprintf(sentence, sizeof(sentence), "%zu sinks, %zu parties",
		routes_sinks(directory->routes),
		roles_parties(directory->roles));
	health_set(deck->settings.health, deck->check, true, sentence);
	metric_set(deck->settings.metrics, METRIC_RELOAD_FAILED, NULL, 0);
}

static enum status open_dispatches(struct deck *deck, struct reason *reterr)
{
	struct edition *edition = book_get(deck->settings.book);
	struct change change = {.more_count = 0};
	enum status status = prepare(deck, edition, &change, reterr);

	if (status == OK) {
		commit(deck, &change);
		files_in_force(deck, edition);
	}
	change_close(&change);
	edition_unref(&edition);
	return status;
}

enum status deck_open(const struct deck_settings *settings, struct deck **ret,
	struct reason *reterr)
{
	struct deck *deck = memory_new(sizeof(*deck));
	enum status status;

	deck->arena = arena_new(1 << 20);
	deck->settings = *settings;
	deck->check = health_check(settings->health, "files", 0);
	status = open_intake(deck, settings, reterr);
	if (status == OK)
		status = open_relay(deck, settings, reterr);
	if (status == OK)
		status = open_dispatches(deck, reterr);
	if (status != OK) {
		deck_close(&deck);
		return status;
	}
	deck->reroute = open_reroute(settings);
	open_prune(deck);
	*ret = deck;
	return OK;
}

/* Everything that may be refused is, before anything is taken. */
static enum status take_files(struct deck *deck, struct reason *reterr)
{
	const struct notifier_settings *values = deck->settings.values;
	struct directory *directory = NULL;
	struct edition *edition = NULL;
	struct change change = {.more_count = 0};
	struct book *next;
	enum status status = directory_read(
		values->roles, values->routes, &directory, reterr);

	if (status != OK)
		return status;
	next = book_new(directory, directory_free);
	edition = book_get(next);
	status = prepare(deck, edition, &change, reterr);
	if (status == OK) {
		book_follow(deck->settings.book, edition);
		commit(deck, &change);
		files_in_force(deck, edition);
	}
	change_close(&change);
	edition_unref(&edition);
	book_free(&next);
	return status;
}

enum status deck_reload(void *context, bool asked, struct reason *reterr)
{
	struct deck *deck = context;
	const struct notifier_settings *values = deck->settings.values;
	enum status status = take_files(deck, reterr);

	(void)asked;
	if (status != OK) {
		health_older(deck->settings.health, deck->check, reterr);
		metric_set(
			deck->settings.metrics, METRIC_RELOAD_FAILED, NULL, 1);
		return status;
	}
	log_line(LOG_INFO, "NOTIFIER-RELOADED",
		LOG_TEXT("roles", values->roles),
		LOG_TEXT("routes", values->routes));
	return OK;
}

static uint64_t look(void *context)
{
	const struct deck *deck = context;
	const struct notifier_settings *values = deck->settings.values;
	struct edition *edition = book_get(deck->settings.book);
	uint64_t stamp = directory_stamp(
		values->roles, values->routes, edition_text(edition));

	edition_unref(&edition);
	return stamp;
}

static void watch(struct deck *deck, struct service *service)
{
	struct edition *edition = book_get(deck->settings.book);
	const struct directory *directory = edition_text(edition);

	service_on_change(service, &(struct service_watch){.look = look,
					   .context = deck,
					   .taken = directory->stamp});
	edition_unref(&edition);
}

void deck_start(struct deck *deck, struct service *service)
{
	service_start(service, "intake", reader_loop, deck->reader);
	service_start(service, "relay", relay_loop, deck->relay);
	service_start(service, "reroute", reroute_loop, deck->reroute);
	service_start(service, "prune", prune_loop, deck->prune);
	deck->service = service;
	for (size_t i = 0; i < deck->count; i++)
		start_dispatch(deck, deck->dispatches[i]);
	service_on_reload(service, deck_reload, deck, "NOTIFIER-RELOAD-FAILED");
	if (deck->settings.values->common.watch_files)
		watch(deck, service);
}

void deck_close(struct deck **deck)
{
	struct deck *gone = *deck;

	if (!gone)
		return;
	for (size_t i = 0; i < gone->count; i++)
		dispatch_close(&gone->dispatches[i]);
	prune_close(&gone->prune);
	reroute_close(&gone->reroute);
	reader_close(&gone->reader);
	if (gone->relay)
		relay_close(&gone->relay);
	arena_free(&gone->arena);
	memory_free(gone);
	*deck = NULL;
}
