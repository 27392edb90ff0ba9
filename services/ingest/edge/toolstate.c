/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/toolstate.h"

#include "base/log.h"
#include "base/memory.h"
#include "edge/known.h"
#include "edge/spooled.h"
#include "model/topics.h"
#include "parcel.h"
#include "wire/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define TOOL "toolstate"
#define ARENA_MAX ((size_t)64 << 20)
/* So many are on their way at once. */
#define WINDOW 100
#define TURN (INSTANT_SECOND / 5)

struct toolstate {
	struct toolstate_settings settings;
	char name[SOURCE_NAME_MAX + 20]; /* of the heartbeat's source */
	int check;
	atomic_bool changed;
	struct sources *told; /* NULL before the first time */
	pthread_mutex_t lock; /* guards the two below */
	pthread_cond_t reported;
	size_t awaited;
};

/* One thing to be told of one source. */
struct message {
	struct toolstate *toolstate;
	const char *source, *tenant;
	struct json_node *body;
	bool durable;
	struct outgoing outgoing;
};

/* What is told together, in the order it was added. */
struct telling {
	struct toolstate *toolstate;
	struct arena *arena;
	struct json_maker *maker;
	struct crypto *crypto;
	struct message *messages;
	size_t count, room;
	instant now;
};

struct toolstate *toolstate_new(const struct toolstate_settings *settings)
{
	struct toolstate *toolstate = memory_new(sizeof(*toolstate));

	toolstate->settings = *settings;
	snprintf(toolstate->name, sizeof(toolstate->name), "ingest-%s",
		settings->instance);
	toolstate->check = health_check(settings->health, TOOL, INSTANT_MINUTE);
	pthread_mutex_init(&toolstate->lock, NULL);
	pthread_cond_init(&toolstate->reported, NULL);
	publish_hold(settings->publish);
	return toolstate;
}

void toolstate_free(struct toolstate **toolstate)
{
	if (!*toolstate)
		return;
	sources_unref(&(*toolstate)->told);
	pthread_cond_destroy(&(*toolstate)->reported);
	pthread_mutex_destroy(&(*toolstate)->lock);
	memory_free(*toolstate);
	*toolstate = NULL;
}

void toolstate_changed(struct toolstate *toolstate)
{
	atomic_store(&toolstate->changed, true);
}

static void telling_begin(
	struct telling *telling, struct toolstate *toolstate, size_t room)
{
	telling->toolstate = toolstate;
	telling->arena = arena_new(ARENA_MAX);
	telling->maker = json_maker_new(telling->arena);
	telling->crypto = crypto_new();
	telling->count = 0;
	telling->room = room;
	telling->messages = arena_array(
		telling->arena, room + 1, sizeof(*telling->messages));
	telling->now = clock_now(toolstate->settings.clock);
}

static void telling_end(struct telling *telling)
{
	crypto_free(&telling->crypto);
	arena_free(&telling->arena);
}

/* The body of the new message, with what each one says. */
static struct json_node *add(struct telling *telling, const char *state,
	const char *source, const char *tool, const char *tenant)
{
	struct message *message = &telling->messages[telling->count++];
	struct json_maker *maker = telling->maker;

	message->toolstate = telling->toolstate;
	message->source = source;
	message->tenant = tenant;
	message->body = json_object(maker);
	json_set_text(maker, message->body, "state", state);
	json_set_text(maker, message->body, "source", source);
	json_set_text(maker, message->body, "tool", tool);
	return message->body;
}

static void add_source(
	struct telling *telling, const char *state, const struct source *source)
{
	struct json_node *body =
		add(telling, state, source->name, source->tool, source->tenant);
	instant seconds = source->interval / INSTANT_SECOND;

	json_set_integer(telling->maker, body, "interval_seconds", seconds);
	json_set_instant(telling->maker, body, "from", telling->now);
}

static void add_removed(struct telling *telling, const char *name,
	const char *tool, const char *tenant)
{
	struct json_node *body = add(telling, "removed", name, tool, tenant);

	json_set_instant(telling->maker, body, "from", telling->now);
}

static void durable(void *context, enum outcome outcome)
{
	struct message *message = context;
	struct toolstate *toolstate = message->toolstate;

	pthread_mutex_lock(&toolstate->lock);
	message->durable = outcome != OUTCOME_FULL;
	if (--toolstate->awaited == 0)
		pthread_cond_signal(&toolstate->reported);
	pthread_mutex_unlock(&toolstate->lock);
}

static void encode(struct telling *telling, struct message *message)
{
	struct toolstate *toolstate = telling->toolstate;
	struct arena *arena = telling->arena;
	static const struct kafka_header json_type[] = {
		{"content-type", "application/json", 16}};
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX], id[PARCEL_ID];
	struct parcel parcel = {.id = id,
		.source = message->source,
		.tool = TOOL,
		.tenant = message->tenant,
		.received = clock_now(toolstate->settings.clock),
		.headers = json_type,
		.header_count = 1};
	struct kafka_record *records;
	struct reason reason;
	size_t length;
	const char *text = json_write(telling->maker, message->body, &length);

	sha256(telling->crypto, text, length, digest);
	hex_encode(digest, sizeof(digest), hex);
	parcel.digest = arena_printf(arena, "sha256:%s", hex);
	parcel_id(id);
	parcel.id = arena_string(arena, id);
	if (parcel_encode(arena, &parcel, text, length, &records,
		    &message->outgoing.count, &reason) != OK)
		return; /* cannot be: it has one header */
	for (size_t i = 0; i < message->outgoing.count; i++)
		records[i].topic = topic_name(arena,
			toolstate->settings.topic_prefix, TOPIC_DELIVERIES);
	message->outgoing.records = records;
	message->outgoing.lane = message->source;
	message->outgoing.durable = durable;
	message->outgoing.context = message;
}

/* True where all of them are durable. */
static bool tell_some(
	struct telling *telling, struct message *first, size_t count)
{
	struct toolstate *toolstate = telling->toolstate;
	bool all = true;

	pthread_mutex_lock(&toolstate->lock);
	toolstate->awaited = count;
	pthread_mutex_unlock(&toolstate->lock);
	for (size_t i = 0; i < count; i++) {
		encode(telling, &first[i]);
		publish_send(toolstate->settings.publish, &first[i].outgoing);
	}
	pthread_mutex_lock(&toolstate->lock);
	while (toolstate->awaited > 0)
		pthread_cond_wait(&toolstate->reported, &toolstate->lock);
	for (size_t i = 0; i < count; i++)
		all &= first[i].durable;
	pthread_mutex_unlock(&toolstate->lock);
	return all;
}

/* Ends when all is durable, or the service must end without; then false. What
 * was durable already is told twice, which changes nothing. */
static bool tell(struct telling *telling, struct service *service)
{
	size_t at = 0;

	while (at < telling->count) {
		size_t left = telling->count - at;
		size_t count = left < WINDOW ? left : WINDOW;

		if (tell_some(telling, &telling->messages[at], count)) {
			at += count;
			continue;
		}
		if (service_stopping(service))
			return false;
		service_sleep(service, INSTANT_SECOND);
	}
	return true;
}

/* All sources at the start, else those that are other than when last told. */
static void add_declarations(
	struct telling *telling, const struct sources *sources)
{
	const struct sources *told = telling->toolstate->told;

	for (size_t i = 0; i < sources_count(sources); i++) {
		const struct source *source = sources_at(sources, i);
		const struct source *before =
			told ? sources_find(told, source->name) : NULL;

		if (!before)
			add_source(telling, "declared", source);
		else if (!source_same(before, source))
			add_source(telling, "changed", source);
	}
	for (size_t i = 0; told && i < sources_count(told); i++) {
		const struct source *before = sources_at(told, i);

		if (!sources_find(sources, before->name))
			add_removed(telling, before->name, before->tool,
				before->tenant);
	}
}

static void add_removed_while_down(struct telling *telling,
	const struct sources *sources, const struct known *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!sources_find(sources, known[i].name))
			add_removed(telling, known[i].name, known[i].tool,
				known[i].tenant);
}

static size_t read_known(
	struct toolstate *toolstate, struct arena *arena, struct known **ret)
{
	struct reason reason;
	size_t count = 0;

	if (known_read(arena, toolstate->settings.folder, ret, &count,
		    &reason) == REJECT)
		log_reason(LOG_WARN, "INGEST-KNOWN-UNREADABLE", &reason);
	return count;
}

static void declare(struct toolstate *toolstate, struct service *service)
{
	struct sources *sources = source_book_get(toolstate->settings.book);
	size_t before = toolstate->told ? sources_count(toolstate->told) : 0;
	struct arena *arena = arena_new(ARENA_MAX);
	struct telling telling;
	struct known *known = NULL;
	struct reason reason;

	if (!toolstate->told)
		before = read_known(toolstate, arena, &known);
	telling_begin(&telling, toolstate, sources_count(sources) + before);
	add_declarations(&telling, sources);
	if (known)
		add_removed_while_down(&telling, sources, known, before);
	if (tell(&telling, service)) {
		/* Only now: what was not told is told at the next start. */
		if (known_write(arena, toolstate->settings.folder, sources,
			    &reason) != OK)
			log_reason(LOG_WARN, "INGEST-KNOWN-UNWRITTEN", &reason);
		sources_unref(&toolstate->told);
		toolstate->told = sources;
	} else {
		sources_unref(&sources);
	}
	telling_end(&telling);
	arena_free(&arena);
}

static void add_counts(struct telling *telling, const struct tally_row *row,
	const struct source *source, instant from)
{
	struct json_maker *maker = telling->maker;
	struct json_node *body = add(
		telling, "counts", row->source, source->tool, source->tenant);

	json_set_integer(maker, body, "accepted", row->accepted);
	json_set_integer(maker, body, "rejected", row->rejected);
	json_set_integer(maker, body, "unauthenticated", row->unauthenticated);
	if (row->last_delivery)
		json_set_instant(
			maker, body, "last_delivery", row->last_delivery);
	json_set_instant(maker, body, "from", from);
	json_set_instant(maker, body, "until", telling->now);
}

static void count(
	struct toolstate *toolstate, struct service *service, instant from)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct sources *sources = source_book_get(toolstate->settings.book);
	struct tally_row *rows;
	size_t taken = tally_take(toolstate->settings.tally, arena, &rows);
	struct telling telling;

	telling_begin(&telling, toolstate, taken);
	for (size_t i = 0; i < taken; i++) {
		const struct source *source =
			sources_find(sources, rows[i].source);

		/* One that is removed meanwhile is not spoken of again. */
		if (source)
			add_counts(&telling, &rows[i], source, from);
	}
	if (!tell(&telling, service))
		for (size_t i = 0; i < taken; i++)
			tally_give_back(toolstate->settings.tally, &rows[i]);
	telling_end(&telling);
	sources_unref(&sources);
	arena_free(&arena);
}

static void beat(struct toolstate *toolstate, struct service *service)
{
	struct spool *spool = toolstate->settings.spool;
	struct telling telling;
	struct json_node *body;

	telling_begin(&telling, toolstate, 1);
	body = add(&telling, "heartbeat", toolstate->name, "ingest", "default");
	json_set_instant(telling.maker, body, "until", telling.now);
	json_set_integer(telling.maker, body, "spool_records",
		(int64_t)spool_count(spool));
	json_set_instant(
		telling.maker, body, "spool_oldest", spooled_oldest(spool));
	if (!tell(&telling, service))
		log_line(LOG_WARN, "INGEST-HEARTBEAT-UNTOLD",
			LOG_TEXT("instance", toolstate->name));
	telling_end(&telling);
}

enum status toolstate_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct toolstate *toolstate = context;
	const struct toolstate_settings *settings = &toolstate->settings;
	instant counted = clock_now(settings->clock);
	instant counts_due = clock_monotonic() + settings->counts_every;
	instant beat_due = 0;

	(void)reterr;
	declare(toolstate, service);
	while (!service_stopping(service)) {
		if (atomic_exchange(&toolstate->changed, false))
			declare(toolstate, service);
		if (clock_monotonic() >= counts_due) {
			instant from = counted;

			counted = clock_now(settings->clock);
			count(toolstate, service, from);
			counts_due = clock_monotonic() + settings->counts_every;
		}
		if (clock_monotonic() >= beat_due) {
			beat(toolstate, service);
			beat_due =
				clock_monotonic() + settings->heartbeat_every;
		}
		health_set(settings->health, toolstate->check, true,
			"sources are told");
		service_sleep(service, TURN);
	}
	count(toolstate, service, counted);
	publish_let_go(settings->publish);
	return OK;
}
