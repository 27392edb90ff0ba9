/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_in.h"

#include "base/bug.h"
#include "base/memory.h"
#include "wire/kafka_client.h"
#include "wire/kafka_held.h"
#include "wire/kafka_private.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#define CALL_MS 10000
#define METADATA_MAX 4000
#define ASSIGN_TRIES 3

struct kafka_in {
	struct kafka_client client; /* first: the library's opaque */
	rd_kafka_t *rk;
	bool group;
	kafka_in_moved *moved;
	void *context;
	size_t fetch_bytes;
	struct kafka_held *held; /* polled, but not of the batch then made */
	bool broken; /* found in a callback, which cannot return it */
	struct reason why;
};

static enum status failed(rd_kafka_resp_err_t err, const char *place,
	const char *what, struct reason *reterr)
{
	reason_set(reterr, place, "%s", what);
	switch (err) {
	case RD_KAFKA_RESP_ERR__FATAL:
	case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
	case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
		return CONFIG;
	default:
		return RETRY;
	}
}

/* A group that has never committed begins at the beginning; everything else
 * that has no offset is an error, never a jump. */
static bool where_from(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *parts)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;

	for (int i = 0; err && i < ASSIGN_TRIES; i++)
		err = rd_kafka_committed(rk, parts, CALL_MS);
	if (err)
		return false;
	for (int i = 0; i < parts->cnt; i++) {
		if (parts->elems[i].err)
			return false;
		if (parts->elems[i].offset < 0)
			parts->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
	}
	return true;
}

static void tell(struct kafka_in *in,
	const rd_kafka_topic_partition_list_t *parts, bool gained)
{
	for (int i = 0; in->moved && i < parts->cnt; i++)
		in->moved(in->context, parts->elems[i].topic,
			parts->elems[i].partition, gained);
}

static void gained(struct kafka_in *in, rd_kafka_topic_partition_list_t *parts)
{
	if (!where_from(in->rk, parts)) {
		in->broken = true;
		reason_set(&in->why, "kafka",
			"the committed offsets could not be read");
		rd_kafka_assign(in->rk, NULL);
		return;
	}
	rd_kafka_assign(in->rk, parts);
	tell(in, parts, true);
}

static void rebalanced(rd_kafka_t *rk, rd_kafka_resp_err_t err,
	rd_kafka_topic_partition_list_t *parts, void *opaque)
{
	struct kafka_in *in = opaque;

	if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		gained(in, parts);
		return;
	}
	tell(in, parts, false);
	kafka_held_clear(in->held);
	rd_kafka_assign(rk, NULL);
}

static enum status conf_of(const struct kafka_in_settings *settings,
	rd_kafka_conf_t **ret, struct reason *reterr)
{
	char kbytes[24];
	const struct kafka_property defaults[] = {
		{"fetch.queue.backoff.ms", "10"},
		{"fetch.error.backoff.ms", "100"},
		{"session.timeout.ms", "15000"},
		{"heartbeat.interval.ms", "3000"},
		{"check.crcs", "true"},
		{0, 0},
	};
	const struct kafka_property forced[] = {
		{"statistics.interval.ms", "1000"},
		/* Assigned mode never joins it, but the library wants one. */
		{"group.id", settings->group ? settings->group
					     : settings->kafka.client_id},
		{"partition.assignment.strategy", "range"},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "error"},
		{"enable.partition.eof", "true"},
		{"isolation.level", settings->read_committed
					    ? "read_committed"
					    : "read_uncommitted"},
		{"queued.max.messages.kbytes", kbytes},
		{0, 0},
	};

	snprintf(kbytes, sizeof(kbytes), "%zu",
		settings->fetch_bytes / 1024 + 1);
	return kafka_conf_make(&settings->kafka, defaults, forced, ret, reterr);
}

static enum status subscribe(struct kafka_in *in,
	const struct kafka_in_settings *settings, struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *topics;
	rd_kafka_resp_err_t err;

	MUST(settings->topics && settings->topics[0]);
	topics = rd_kafka_topic_partition_list_new(4);
	for (const char *const *topic = settings->topics; *topic; topic++)
		rd_kafka_topic_partition_list_add(
			topics, *topic, RD_KAFKA_PARTITION_UA);
	err = rd_kafka_subscribe(in->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (!err)
		return OK;
	reason_set(reterr, settings->group, "%s", rd_kafka_err2str(err));
	return CONFIG;
}

static enum status make(struct kafka_in *in,
	const struct kafka_in_settings *settings, struct reason *reterr)
{
	rd_kafka_conf_t *conf;
	enum status status = conf_of(settings, &conf, reterr);

	if (status != OK)
		return status;
	if (in->group)
		rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
	status = kafka_client_make(
		&in->client, RD_KAFKA_CONSUMER, conf, &in->rk, reterr);
	if (status == OK)
		rd_kafka_poll_set_consumer(in->rk);
	return status;
}

enum status kafka_in_open(const struct kafka_in_settings *settings,
	struct kafka_in **ret, struct reason *reterr)
{
	struct kafka_in *in = memory_new(sizeof(*in));
	enum status status;

	kafka_client_begin(&in->client, &settings->kafka, clock_monotonic());
	in->group = settings->group != NULL;
	in->moved = settings->moved;
	in->context = settings->context;
	in->fetch_bytes = settings->fetch_bytes;
	in->held = kafka_held_new(settings->fetch_bytes);
	status = make(in, settings, reterr);
	if (status == OK && in->group)
		status = subscribe(in, settings, reterr);
	if (status != OK)
		kafka_in_close(&in);
	else
		*ret = in;
	return status;
}

void kafka_in_close(struct kafka_in **in)
{
	if (!*in)
		return;
	(*in)->moved = NULL;
	kafka_held_clear((*in)->held);
	if ((*in)->rk) {
		rd_kafka_consumer_close((*in)->rk);
		kafka_held_clear((*in)->held);
		rd_kafka_destroy((*in)->rk);
	}
	kafka_held_free(&(*in)->held);
	memory_free(*in);
	*in = NULL;
}

bool kafka_in_stale(struct kafka_in *in)
{
	return kafka_client_stale(&in->client, clock_monotonic());
}

static enum status listed(rd_kafka_error_t *error,
	rd_kafka_topic_partition_list_t *list, const char *topic,
	struct reason *reterr)
{
	enum status status = OK;

	if (error)
		status = failed(rd_kafka_error_code(error), topic,
			rd_kafka_error_string(error), reterr);
	else if (list->elems[0].err)
		status = failed(list->elems[0].err, topic,
			rd_kafka_err2str(list->elems[0].err), reterr);
	rd_kafka_error_destroy(error);
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

enum status kafka_in_assign(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t offset, struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *one;

	MUST(!in->group && offset >= RD_KAFKA_OFFSET_BEGINNING && offset != -1);
	one = kafka_one(topic, partition, offset);
	return listed(
		rd_kafka_incremental_assign(in->rk, one), one, topic, reterr);
}

void kafka_in_unassign(
	struct kafka_in *in, const char *topic, int32_t partition)
{
	rd_kafka_topic_partition_list_t *one = kafka_one(topic, partition, 0);

	MUST(!in->group);
	rd_kafka_error_destroy(rd_kafka_incremental_unassign(in->rk, one));
	rd_kafka_topic_partition_list_destroy(one);
	kafka_held_drop(in->held, topic, partition);
}

enum status kafka_in_bounds(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t *ret_first, int64_t *ret_end,
	struct reason *reterr)
{
	rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(
		in->rk, topic, partition, ret_first, ret_end, CALL_MS);

	if (!err)
		return OK;
	return failed(err, topic, rd_kafka_err2str(err), reterr);
}

/* The next message: a held one, else a polled one, else NULL. */
static rd_kafka_message_t *first_message(struct kafka_in *in, instant wait)
{
	rd_kafka_message_t *message = kafka_held_first(in->held);

	if (message)
		return message;
	return rd_kafka_consumer_poll(in->rk, kafka_milliseconds(wait));
}

static enum status message_failed(
	rd_kafka_message_t *message, struct reason *reterr)
{
	const char *topic =
		message->rkt ? rd_kafka_topic_name(message->rkt) : "kafka";
	enum status status = failed(
		message->err, topic, rd_kafka_message_errstr(message), reterr);

	rd_kafka_message_destroy(message);
	return status;
}

/* A partition that was given back, or sought away from, may still have
 * messages on the way; the library drops those, we only drop ours. */
static void fill(struct kafka_in *in, struct kafka_making *making)
{
	while (!kafka_making_full(making)) {
		rd_kafka_message_t *message = kafka_held_of(in->held,
			making->batch->topic, making->batch->partition);

		if (!message) {
			if (kafka_held_full(in->held))
				return;
			message = rd_kafka_consumer_poll(in->rk, 0);
		}
		if (!message)
			return;
		if (!kafka_making_takes(making, message)) {
			kafka_held_add(in->held, message);
			if (kafka_making_of(making, message))
				return; /* no room, or an error: next time */
		}
	}
}

enum status kafka_in_batch(struct kafka_in *in, struct arena *arena,
	size_t max_records, size_t max_bytes, instant wait,
	struct kafka_batch *ret, struct reason *reterr)
{
	struct kafka_making making;
	rd_kafka_message_t *message;

	MUST(max_records > 0);
	message = first_message(in, wait);
	if (in->broken) {
		if (message)
			rd_kafka_message_destroy(message);
		*reterr = in->why;
		return CONFIG;
	}
	if (!message)
		return IGNORED;
	if (message->err && message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
		return message_failed(message, reterr);
	kafka_making_begin(
		&making, arena, max_records, max_bytes, message, ret);
	fill(in, &making);
	return OK;
}

enum status kafka_in_seek(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t offset, struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *one =
		kafka_one(topic, partition, offset);
	enum status status =
		listed(rd_kafka_seek_partitions(in->rk, one, CALL_MS), one,
			topic, reterr);

	if (status == OK)
		kafka_held_drop(in->held, topic, partition);
	return status;
}

static enum status commit_answer(
	rd_kafka_queue_t *queue, const char *topic, struct reason *reterr)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, CALL_MS);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;

	if (event)
		err = rd_kafka_event_error(event);
	rd_kafka_event_destroy(event);
	if (!err)
		return OK;
	return failed(err, topic, rd_kafka_err2str(err), reterr);
}

enum status kafka_in_commit(struct kafka_in *in, const char *topic,
	int32_t partition, int64_t next, const char *metadata,
	struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *one;
	rd_kafka_queue_t *queue;
	rd_kafka_resp_err_t err;
	enum status status;
	size_t length = metadata ? strlen(metadata) : 0;

	MUST(in->group && next >= 0 && length <= METADATA_MAX);
	one = kafka_one(topic, partition, next);
	if (length > 0) {
		/* The list frees it: memory_string comes from malloc. */
		one->elems[0].metadata = memory_string(metadata);
		one->elems[0].metadata_size = length;
	}
	queue = rd_kafka_queue_new(in->rk);
	err = rd_kafka_commit_queue(in->rk, one, queue, NULL, NULL);
	rd_kafka_topic_partition_list_destroy(one);
	if (err)
		status = failed(err, topic, rd_kafka_err2str(err), reterr);
	else
		status = commit_answer(queue, topic, reterr);
	rd_kafka_queue_destroy(queue);
	return status;
}

enum status kafka_in_committed(struct kafka_in *in, struct arena *arena,
	const char *topic, int32_t partition, int64_t *ret_next,
	const char **ret_metadata, struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *one =
		kafka_one(topic, partition, RD_KAFKA_OFFSET_INVALID);
	rd_kafka_topic_partition_t *row = &one->elems[0];
	rd_kafka_resp_err_t err = rd_kafka_committed(in->rk, one, CALL_MS);

	if (!err)
		err = row->err;
	if (err) {
		rd_kafka_topic_partition_list_destroy(one);
		return failed(err, topic, rd_kafka_err2str(err), reterr);
	}
	*ret_next = row->offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : row->offset;
	*ret_metadata = arena_copy(arena, row->metadata ? row->metadata : "",
		row->metadata ? row->metadata_size : 0);
	rd_kafka_topic_partition_list_destroy(one);
	return OK;
}
