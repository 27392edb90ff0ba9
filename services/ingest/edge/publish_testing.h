/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of publish, drain, toolstate and listener only: a mock cluster, a
 * spool in a folder of its own, the loops running, a reader of the topic. */
#pragma once

#include "base/log.h"
#include "base/memory.h"
#include "edge/drain.h"
#include "edge/publish.h"
#include "meters.h"
#include "wire/kafka_in.h"
#include "wire/kafka_mock.h"

#include <dirent.h>
#include <stdatomic.h>

#define TOPIC "t.deliveries"

struct rig {
	struct service *service;
	struct kafka_mock *mock;
	char folder[64];
	struct spool *spool;
	struct health *health;
	struct metrics *metrics;
	struct publish *publish;
	struct drain *drain;
	bool draining;
	size_t spool_size;
	instant ack_deadline;
	const char *brokers; /* NULL: the mock's */
	const struct kafka_property *properties;
	bool answer_at_enqueue;
};

static inline void rig_open_publish(struct rig *rig)
{
	struct reason reason;
	struct publish_settings settings = {
		.kafka = {rig->brokers ? rig->brokers
				       : kafka_mock_brokers(rig->mock),
			"test", rig->properties},
		.ack_deadline = rig->ack_deadline,
		.queue_bytes = 16u << 20,
		.spool = rig->spool,
		.health = rig->health,
		.metrics = rig->metrics,
		.answer_at_enqueue = rig->answer_at_enqueue};

	assert_int_equal(publish_open(&settings, &rig->publish, &reason), OK);
}

static inline void rig_start(struct rig *rig)
{
	publish_warm(rig->publish, rig->brokers ? 0 : 10 * INSTANT_SECOND);
	service_start(rig->service, "ack", publish_ack_loop, rig->publish);
	service_start(rig->service, "spool", publish_spool_loop, rig->publish);
	if (!rig->draining)
		return;
	rig->drain = drain_new(&(struct drain_settings){rig->publish,
		rig->spool, rig->health, rig->metrics, INSTANT_SECOND});
	service_start(rig->service, "drain", drain_loop, rig->drain);
}

/* Set what is not the default before; then everything runs. */
static inline void rig_begin(struct rig *rig)
{
	struct reason reason;

	log_setup(LOG_ERROR, false);
	/* Before the mock's threads, so that they don't take our signals. */
	rig->service = service_new("test");
	rig->mock = kafka_mock_new(1);
	kafka_mock_topic(rig->mock, TOPIC, 1);
	kafka_mock_topic(rig->mock, "t.rejected", 1);
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/edge-test-XXXXXX");
	assert_non_null(mkdtemp(rig->folder));
	if (!rig->spool_size)
		rig->spool_size = 64u << 20;
	if (!rig->ack_deadline)
		rig->ack_deadline = 2 * INSTANT_SECOND;
	assert_int_equal(
		spool_open(rig->folder, rig->spool_size, &rig->spool, &reason),
		OK);
	rig->health = health_new(&clock_wall);
	rig->metrics = meters_new();
	rig_open_publish(rig);
}

static inline void rig_stop(struct rig *rig)
{
	kill(getpid(), SIGTERM);
	assert_int_equal(service_wait(rig->service), 0);
	drain_free(&rig->drain);
	publish_close(&rig->publish);
}

static inline void rig_end(struct rig *rig)
{
	struct dirent *entry;
	DIR *folder;

	spool_close(&rig->spool);
	metrics_free(&rig->metrics);
	health_free(&rig->health);
	kafka_mock_free(&rig->mock);
	service_free(&rig->service);
	folder = opendir(rig->folder);
	while (folder && (entry = readdir(folder))) {
		char path[400];

		snprintf(path, sizeof(path), "%s/%s", rig->folder,
			entry->d_name);
		unlink(path);
	}
	closedir(folder);
	assert_int_equal(rmdir(rig->folder), 0);
}

/* Values of all records of the topic, each and a blank, in order. */
static inline char *rig_read(struct rig *rig, const char *topic)
{
	const struct kafka_in_settings settings = {
		.kafka = {kafka_mock_brokers(rig->mock), "test", NULL},
		.fetch_bytes = 8u << 20};
	struct arena *arena = arena_new(64u << 20);
	struct kafka_in *in;
	struct kafka_batch batch;
	struct reason reason;
	struct strbuf all;
	bool at_end = false;

	strbuf_init(&all, 32u << 20);
	assert_int_equal(kafka_in_open(&settings, &in, &reason), OK);
	assert_int_equal(kafka_in_assign(in, topic, 0, -2, &reason), OK);
	while (!at_end) {
		enum status status = kafka_in_batch(in, arena, 1000, 8u << 20,
			INSTANT_SECOND, &batch, &reason);

		if (status == IGNORED || status == RETRY)
			continue;
		assert_int_equal(status, OK);
		for (size_t i = 0; i < batch.count; i++) {
			strbuf_add(&all, batch.records[i].value,
				batch.records[i].value_length);
			strbuf_addc(&all, ' ');
		}
		at_end = batch.at_end;
		arena_reset(arena);
	}
	kafka_in_close(&in);
	arena_free(&arena);
	return all.text;
}

/* One delivery and what became of it. */
struct parcel_sent {
	char lane[20], value[40];
	struct kafka_record record;
	struct outgoing outgoing;
	atomic_int outcome; /* -1: none yet */
	atomic_int times;
};

static inline void rig_durable(void *context, enum outcome outcome)
{
	struct parcel_sent *sent = context;

	sent->times++;
	sent->outcome = (int)outcome;
}

static inline void rig_send(struct rig *rig, struct parcel_sent *sent,
	const char *lane, const char *value)
{
	memset(sent, 0, sizeof(*sent));
	snprintf(sent->lane, sizeof(sent->lane), "%s", lane);
	snprintf(sent->value, sizeof(sent->value), "%s", value);
	sent->record = (struct kafka_record){.topic = TOPIC,
		.partition = -1,
		.timestamp = 1700000000 * INSTANT_SECOND,
		.key = sent->lane,
		.key_length = strlen(sent->lane),
		.value = sent->value,
		.value_length = strlen(sent->value)};
	sent->outgoing = (struct outgoing){.lane = sent->lane,
		.records = &sent->record,
		.count = 1,
		.durable = rig_durable,
		.context = sent};
	sent->outcome = -1;
	publish_send(rig->publish, &sent->outgoing);
}

static inline bool rig_until(instant wait, bool (*what)(void *), void *of)
{
	instant until = clock_monotonic() + wait;

	while (!what(of)) {
		if (clock_monotonic() > until)
			return false;
		clock_sleep(2000);
	}
	return true;
}

static inline bool rig_has_outcome(void *sent)
{
	return ((struct parcel_sent *)sent)->outcome >= 0;
}

static inline bool rig_spool_is_empty(void *rig)
{
	return spool_count(((struct rig *)rig)->spool) == 0;
}

static inline enum outcome rig_outcome(struct parcel_sent *sent)
{
	assert_true(rig_until(15 * INSTANT_SECOND, rig_has_outcome, sent));
	return (enum outcome)(int)sent->outcome;
}
