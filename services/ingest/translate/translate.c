/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/translate.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "model/topics.h"
#include "translate/translate_private.h"
#include "translate/translation.h"

#include <string.h>

#define BATCH_RECORDS 500
#define BATCH_BYTES ((size_t)4 << 20)
#define FETCH_BYTES ((size_t)16 << 20)
/* Headers are not counted in BATCH_BYTES, but no record passes 900,000. */
#define BATCH_ARENA ((size_t)1 << 30)
#define LIFE_ARENA (1u << 20)
#define WAIT (100 * INSTANT_SECOND / 1000)
#define TIDY_EVERY INSTANT_SECOND
#define BACKOFF_FIRST (100 * INSTANT_SECOND / 1000)
#define BACKOFF_MOST (5 * INSTANT_SECOND)
#define PATIENCE (2 * INSTANT_MINUTE)

enum status translate_check(const char *subjects, struct reason *reterr)
{
	struct mapping *mapping;
	enum status status = mapping_load(subjects, &mapping, reterr);

	if (status == OK)
		mapping_unref(&mapping);
	return status;
}

struct mapping *translate_rules(struct translate *translate)
{
	struct mapping *mapping;

	pthread_mutex_lock(&translate->lock);
	mapping = mapping_ref(translate->mapping);
	pthread_mutex_unlock(&translate->lock);
	return mapping;
}

enum status translate_reload(struct translate *translate, struct reason *reterr)
{
	struct mapping *new, *old;
	enum status status =
		mapping_load(translate->settings.subjects, &new, reterr);

	if (status != OK)
		return status;
	pthread_mutex_lock(&translate->lock);
	old = translate->mapping;
	translate->mapping = new;
	pthread_mutex_unlock(&translate->lock);
	mapping_unref(&old);
	return OK;
}

/* A translator that was killed gives its partitions up in seconds; being
 * thought dead wrongly costs a repeat, no more. What a user sets counts. */
static const struct kafka_property *properties_of(struct translate *translate)
{
	const struct kafka_property *theirs =
		translate->settings.kafka.properties;
	struct kafka_property *rows;
	size_t count = 0;

	while (theirs && theirs[count].name)
		count++;
	rows = arena_array(translate->life, count + 3, sizeof(*rows));
	rows[0] = (struct kafka_property){"session.timeout.ms", "6000"};
	rows[1] = (struct kafka_property){"heartbeat.interval.ms", "1500"};
	for (size_t i = 0; i < count; i++)
		rows[2 + i] = theirs[i];
	return rows;
}

static enum status open_in(struct translate *translate, struct reason *reterr)
{
	const char *const topics[] = {translate->deliveries, NULL};
	struct kafka_in_settings settings = {
		.kafka = translate->settings.kafka,
		.group = translate->settings.group,
		.topics = topics,
		.fetch_bytes = FETCH_BYTES,
		.moved = part_moved,
		.context = translate,
	};

	settings.kafka.properties = translate->properties;
	return kafka_in_open(&settings, &translate->in, reterr);
}

static void name_topics(struct translate *translate, const char *prefix)
{
	struct arena *life = translate->life;

	translate->deliveries = topic_name(life, prefix, TOPIC_DELIVERIES);
	translate->evidence = topic_name(life, prefix, TOPIC_EVIDENCE);
	translate->rejected = topic_name(life, prefix, TOPIC_REJECTED);
	translate->parked = topic_name(life, prefix, TOPIC_PARKED);
}

enum status translate_open(const struct translate_settings *settings,
	struct translate **ret, struct reason *reterr)
{
	struct translate *translate = memory_new(sizeof(*translate));
	enum status status;

	MUST(settings->group && settings->spool_oldest && settings->clock &&
		settings->health && settings->metrics);
	translate->settings = *settings;
	pthread_mutex_init(&translate->lock, NULL);
	translate->life = arena_new(LIFE_ARENA);
	translate->batch = arena_new(BATCH_ARENA);
	translate->delivery = arena_new(TRANSLATION_ARENA);
	translate->crypto = crypto_new();
	name_topics(translate, settings->topic_prefix);
	translate->properties = properties_of(translate);
	status = mapping_load(settings->subjects, &translate->mapping, reterr);
	if (status == OK)
		status = send_open(translate, reterr);
	if (status == OK)
		status = open_in(translate, reterr);
	if (status != OK) {
		translate_close(&translate);
		return status;
	}
	translate->check =
		health_check(settings->health, "translate", PATIENCE);
	*ret = translate;
	return OK;
}

void translate_close(struct translate **ref)
{
	struct translate *translate = *ref;

	if (!translate)
		return;
	kafka_in_close(&translate->in);
	if (translate->out)
		kafka_out_close(&translate->out, 0);
	part_drop_all(translate);
	mapping_unref(&translate->mapping);
	crypto_free(&translate->crypto);
	arena_free(&translate->delivery);
	arena_free(&translate->batch);
	arena_free(&translate->life);
	pthread_mutex_destroy(&translate->lock);
	memory_free(translate);
	*ref = NULL;
}

/* What is due about once a second: give up, commit, punctuate. */
static enum status tidy(
	struct translate *translate, instant *last, struct reason *reterr)
{
	instant now = clock_monotonic();
	enum status status = OK;

	if (now - *last < TIDY_EVERY)
		return OK;
	*last = now;
	for (struct part *part = translate->parts; part && status == OK;
		part = part->next_part)
		if (part->known) {
			status = part_tidy(translate, part, reterr);
			if (status == OK)
				status = part_commit(translate, part, reterr);
		}
	if (status == OK)
		send_punctuation(translate);
	return status;
}

/* Secrets have changed. */
static bool stale(struct translate *translate)
{
	return (translate->in && kafka_in_stale(translate->in)) ||
	       (translate->out && kafka_out_stale(translate->out));
}

/* Between two batches nothing is in flight but punctuation, which another one
 * follows. Where no client can be made the loop comes back here. */
static enum status renew(struct translate *translate, struct reason *reterr)
{
	enum status status = OK;
	struct reason why;

	if (translate->in) {
		log_line(LOG_INFO, "INGEST-KAFKA-RENEWED",
			LOG_TEXT("client", "translate"));
		for (struct part *part = translate->parts; part;
			part = part->next_part)
			if (part->known &&
				part_commit(translate, part, &why) != OK)
				log_reason(LOG_WARN, "INGEST-TRANSLATE-RENEW",
					&why);
		kafka_in_close(&translate->in);
		part_drop_all(translate);
		kafka_out_close(&translate->out, 0);
	}
	if (!translate->out)
		status = send_open(translate, reterr);
	if (status == OK)
		status = open_in(translate, reterr);
	return status == OK ? OK : RETRY;
}

static enum status turn(
	struct translate *translate, instant *tidied, struct reason *reterr)
{
	struct kafka_batch batch;
	enum status status;

	arena_reset(translate->batch);
	if (!translate->in || stale(translate)) {
		status = renew(translate, reterr);
		if (status != OK)
			return status;
	}
	status = send_mend(translate, reterr);
	if (status == OK)
		status = kafka_in_batch(translate->in, translate->batch,
			BATCH_RECORDS, BATCH_BYTES, WAIT, &batch, reterr);
	if (status == OK)
		status = part_work(translate, &batch, reterr);
	if (status == OK || status == IGNORED)
		status = tidy(translate, tidied, reterr);
	/* Serves what became of punctuation, too. */
	if (translate->out)
		kafka_out_poll(translate->out, 0);
	return status;
}

/* Well also while Kafka is away, or refuses us: deliveries go to the spool, and
 * to turn senders away would lose what they send. Lag is what tells. */
static void tell_health(struct translate *translate, enum status status,
	const struct reason *reason)
{
	int parts = 0;
	char text[500];

	for (struct part *part = translate->parts; part; part = part->next_part)
		parts++;
	if (status == OK)
		snprintf(text, sizeof(text), "%d partitions of deliveries",
			parts);
	else
		snprintf(text, sizeof(text), "waits: %s", reason->sentence);
	health_set(translate->settings.health, translate->check, true, text);
}

/* What is done is committed, so that nobody does it again. */
static void farewell(struct translate *translate)
{
	struct reason why;

	for (struct part *part = translate->parts; part; part = part->next_part)
		if (part->known && part_commit(translate, part, &why) != OK)
			log_reason(LOG_WARN, "INGEST-TRANSLATE-END", &why);
	kafka_out_flush(translate->out, INSTANT_SECOND);
}

enum status translate_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct translate *translate = context;
	instant backoff = BACKOFF_FIRST, tidied = 0;

	translate->service = service;
	while (!service_stopping(service)) {
		enum status status = turn(translate, &tidied, reterr);

		MUST(status != REJECT && status != IGNORED);
		if (status == CONFIG)
			return CONFIG;
		tell_health(translate, status, reterr);
		if (status == OK) {
			backoff = BACKOFF_FIRST;
			continue;
		}
		log_reason(LOG_WARN, "INGEST-TRANSLATE-RETRY", reterr);
		service_sleep(service, backoff);
		backoff =
			backoff * 2 < BACKOFF_MOST ? backoff * 2 : BACKOFF_MOST;
	}
	if (translate->out)
		farewell(translate);
	return OK;
}
