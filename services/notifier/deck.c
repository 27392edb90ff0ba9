/* SPDX-License-Identifier: Apache-2.0 */
#include "deck.h"

#include "base/memory.h"
#include "daemon/reader.h"
#include "daemon/relay.h"
#include "dispatch.h"
#include "intake.h"
#include "metric.h"
#include "model/topics.h"

#define BATCH_RECORDS 500
#define BATCH_BYTES (4u << 20)

struct deck {
	struct arena *arena;
	struct intake intake;
	struct reader_user user;
	struct reader *reader;
	struct relay *relay;
	struct dispatch **dispatches;
	size_t count;
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

	deck->intake = (struct intake){settings->roles, settings->routes,
		&clock_wall, settings->metrics};
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

static enum status open_dispatches(struct deck *deck,
	const struct deck_settings *settings, const struct sink_config *sink,
	struct reason *reterr)
{
	const struct notifier_settings *values = settings->values;
	struct dispatch_settings dispatch = {.sink = sink,
		.pg = database(values, "notifier dispatch"),
		.lease_time = values->lease_time,
		.refresh_every = values->refresh_every,
		.ends_ahead = values->ends_ahead,
		.resolved_for = values->resolved_for,
		.watchdog = values->watchdog,
		.mute = values->mute,
		.topic = topic_name(deck->arena, values->common.topic_prefix,
			TOPIC_NOTICES),
		.health = settings->health,
		.metrics = settings->metrics};
	enum status status = OK;

	for (size_t i = 0; status == OK && i < sink->url_count; i++) {
		dispatch.url = sink->urls[i];
		status = dispatch_open(
			&dispatch, &deck->dispatches[deck->count], reterr);
		if (status == OK)
			deck->count++;
	}
	return status;
}

enum status deck_open(const struct deck_settings *settings, struct deck **ret,
	struct reason *reterr)
{
	struct deck *deck = memory_new(sizeof(*deck));
	size_t room = 0, sinks = routes_sinks(settings->routes);
	enum status status;

	deck->arena = arena_new(1 << 20);
	for (size_t i = 0; i < sinks; i++)
		room += routes_sink_at(settings->routes, i)->url_count;
	deck->dispatches =
		arena_array(deck->arena, room, sizeof(*deck->dispatches));
	status = open_intake(deck, settings, reterr);
	if (status == OK)
		status = open_relay(deck, settings, reterr);
	for (size_t i = 0; status == OK && i < sinks; i++)
		status = open_dispatches(deck, settings,
			routes_sink_at(settings->routes, i), reterr);
	if (status != OK) {
		deck_close(&deck);
		return status;
	}
	*ret = deck;
	return OK;
}

void deck_start(struct deck *deck, struct service *service)
{
	service_start(service, "intake", reader_loop, deck->reader);
	service_start(service, "relay", relay_loop, deck->relay);
	for (size_t i = 0; i < deck->count; i++)
		service_start(service, dispatch_name(deck->dispatches[i]),
			dispatch_loop, deck->dispatches[i]);
}

void deck_close(struct deck **deck)
{
	struct deck *gone = *deck;

	if (!gone)
		return;
	for (size_t i = 0; i < gone->count; i++)
		dispatch_close(&gone->dispatches[i]);
	reader_close(&gone->reader);
	if (gone->relay)
		relay_close(&gone->relay);
	arena_free(&gone->arena);
	memory_free(gone);
	*deck = NULL;
}
