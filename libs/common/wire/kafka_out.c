/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_out.h"

#include "base/bug.h"
#include "base/memory.h"
#include "wire/kafka_client.h"
#include "wire/kafka_private.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Topic, partition, key, value, headers, opaque, flags, time. */
#define SEND_PARTS 8

struct kafka_out {
	struct kafka_client client; /* first: the library's opaque */
	rd_kafka_t *rk;
	kafka_out_report *report;
	void *context;
	pthread_mutex_t lock; /* guards the one below */
	char trouble[300];    /* what a broker said last, or "" */
	atomic_size_t in_flight;
	int served;
};

static enum kafka_fate fate_of(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return KAFKA_STORED;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
		return KAFKA_REFUSED;
	default:
		/* An unknown topic and one that we may not write, too: that
		 * is mended while we wait, and says nothing of a record. */
		return KAFKA_FAILED;
	}
}

static void reported(
	rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct kafka_out *out = opaque;
	enum kafka_fate fate = fate_of(message->err);

	(void)rk;
	atomic_fetch_sub(&out->in_flight, 1);
	out->served++;
	if (fate == KAFKA_STORED)
		atomic_store(&out->client.connected, true);
	if (out->report)
		out->report(out->context, message->_private, fate,
			message->partition, message->offset,
			message->err ? rd_kafka_err2str(message->err) : "");
}

static void failed(rd_kafka_t *rk, int err, const char *why, void *opaque)
{
	struct kafka_out *out = opaque;

	(void)rk;
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		atomic_store(&out->client.connected, false);
		return;
	}
	pthread_mutex_lock(&out->lock);
	snprintf(out->trouble, sizeof(out->trouble), "%s", why);
	pthread_mutex_unlock(&out->lock);
}

static enum status conf_of(const struct kafka_out_settings *settings,
	rd_kafka_conf_t **ret, struct reason *reterr)
{
	char deadline[24], kbytes[24], transaction[24];
	bool fenced = settings->transactional_id != NULL;
	const struct kafka_property defaults[] = {
		{"linger.ms", "0"},
		{"message.max.bytes", "1000000"},
		{0, 0},
	};
	const struct kafka_property forced[] = {
		{"statistics.interval.ms", "1000"},
		{"acks", "all"},
		{"enable.idempotence", "true"},
		{"partitioner", "murmur2_random"},
		{"message.timeout.ms", deadline},
		{"queue.buffering.max.kbytes", kbytes},
		{settings->mock_rtt ? "test.mock.broker.rtt" : "acks",
			settings->mock_rtt ? settings->mock_rtt : "all"},
		{fenced ? "transactional.id" : NULL,
			settings->transactional_id},
		{"transaction.timeout.ms", transaction},
		{0, 0},
	};

	snprintf(deadline, sizeof(deadline), "%d",
		kafka_milliseconds(settings->deadline));
	snprintf(transaction, sizeof(transaction), "%d",
		kafka_milliseconds(settings->deadline) + 10000);
	snprintf(kbytes, sizeof(kbytes), "%zu",
		settings->queue_bytes / 1024 + 1);
	return kafka_conf_make(&settings->kafka, defaults, forced, ret, reterr);
}

static void end(struct kafka_out **out)
{
	pthread_mutex_destroy(&(*out)->lock);
	memory_free(*out);
	*out = NULL;
}

enum status kafka_out_open(const struct kafka_out_settings *settings,
	struct kafka_out **ret, struct reason *reterr)
{
	struct kafka_out *out = memory_new(sizeof(*out));
	rd_kafka_conf_t *conf;
	enum status status;

	MUST(settings->deadline > 0 && settings->queue_bytes > 0);
	kafka_client_begin(&out->client, &settings->kafka, clock_monotonic());
	pthread_mutex_init(&out->lock, NULL);
	out->report = settings->report;
	out->context = settings->context;
	status = conf_of(settings, &conf, reterr);
	if (status == OK) {
		rd_kafka_conf_set_dr_msg_cb(conf, reported);
		rd_kafka_conf_set_error_cb(conf, failed);
		status = kafka_client_make(&out->client, RD_KAFKA_PRODUCER,
			conf, &out->rk, reterr);
	}
	if (status != OK)
		end(&out);
	else
		*ret = out;
	return status;
}

bool kafka_out_stale(struct kafka_out *out)
{
	return kafka_client_stale(&out->client, clock_monotonic());
}

void kafka_out_close(struct kafka_out **out, instant flush)
{
	rd_kafka_resp_err_t err;

	if (!*out)
		return;
	if (!kafka_out_flush(*out, flush)) {
		err = rd_kafka_purge((*out)->rk,
			RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
		MUST(err == RD_KAFKA_RESP_ERR_NO_ERROR);
		kafka_out_flush(*out, 5 * INSTANT_SECOND);
	}
	rd_kafka_destroy((*out)->rk);
	end(out);
}

static rd_kafka_headers_t *headers_of(const struct kafka_record *record)
{
	rd_kafka_headers_t *headers =
		rd_kafka_headers_new(record->header_count);

	for (size_t i = 0; i < record->header_count; i++) {
		rd_kafka_resp_err_t err = rd_kafka_header_add(headers,
			record->headers[i].name, -1, record->headers[i].value,
			(ssize_t)record->headers[i].length);

		MUST(err == RD_KAFKA_RESP_ERR_NO_ERROR);
	}
	return headers;
}

/* The library copies for us and never writes through these. */
static void *constant(const void *bytes)
{
	return (void *)(uintptr_t)bytes;
}

static size_t fill(rd_kafka_vu_t *parts, const struct kafka_record *record,
	rd_kafka_headers_t *headers, void *token)
{
	size_t n = 0;

	parts[n].vtype = RD_KAFKA_VTYPE_TOPIC;
	parts[n++].u.cstr = record->topic;
	parts[n].vtype = RD_KAFKA_VTYPE_PARTITION;
	parts[n++].u.i32 = record->partition < 0 ? RD_KAFKA_PARTITION_UA
						 : record->partition;
	parts[n].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
	parts[n++].u.i = RD_KAFKA_MSG_F_COPY;
	parts[n].vtype = RD_KAFKA_VTYPE_VALUE;
	parts[n].u.mem.ptr = constant(record->value);
	parts[n++].u.mem.size = record->value_length;
	parts[n].vtype = RD_KAFKA_VTYPE_HEADERS;
	parts[n++].u.headers = headers;
	parts[n].vtype = RD_KAFKA_VTYPE_OPAQUE;
	parts[n++].u.ptr = token;
	if (record->key) {
		parts[n].vtype = RD_KAFKA_VTYPE_KEY;
		parts[n].u.mem.ptr = constant(record->key);
		parts[n++].u.mem.size = record->key_length;
	}
	if (record->timestamp > 0) {
		parts[n].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
		parts[n++].u.i64 = record->timestamp / 1000;
	}
	MUST(n <= SEND_PARTS);
	return n;
}

static enum status refused(
	rd_kafka_error_t *error, const char *topic, struct reason *reterr)
{
	enum kafka_fate fate = fate_of(rd_kafka_error_code(error));

	reason_set(reterr, topic, "%s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return fate == KAFKA_REFUSED ? REJECT : RETRY;
}

enum status kafka_out_send(struct kafka_out *out,
	const struct kafka_record *record, void *token, struct reason *reterr)
{
	rd_kafka_vu_t parts[SEND_PARTS];
	rd_kafka_headers_t *headers;
	rd_kafka_error_t *error;
	size_t size = kafka_record_size(record);

	MUST(record->topic);
	if (size > KAFKA_RECORD_MAX) {
		reason_set(reterr, record->topic,
			"a record of %zu bytes is over the limit of %d", size,
			KAFKA_RECORD_MAX);
		return REJECT;
	}
	headers = headers_of(record);
	/* Counted first: the report may be served before the call returns. */
	atomic_fetch_add(&out->in_flight, 1);
	error = rd_kafka_produceva(
		out->rk, parts, fill(parts, record, headers, token));
	if (!error)
		return OK;
	atomic_fetch_sub(&out->in_flight, 1);
	rd_kafka_headers_destroy(headers);
	return refused(error, record->topic, reterr);
}

int kafka_out_poll(struct kafka_out *out, instant wait)
{
	out->served = 0;
	rd_kafka_poll(out->rk, kafka_milliseconds(wait));
	return out->served;
}

bool kafka_out_flush(struct kafka_out *out, instant wait)
{
	instant until = clock_monotonic() + wait;

	for (;;) {
		instant left = until - clock_monotonic();

		if (kafka_out_in_flight(out) == 0)
			return true;
		if (left <= 0)
			return false;
		kafka_out_poll(out, left < 50000 ? left : 50000);
	}
}

bool kafka_out_fatal(struct kafka_out *out, struct reason *ret)
{
	char why[300];

	if (rd_kafka_fatal_error(out->rk, why, sizeof(why)) ==
		RD_KAFKA_RESP_ERR_NO_ERROR)
		return false;
	reason_set(ret, "kafka", "%s", why);
	return true;
}

bool kafka_out_trouble(struct kafka_out *out, struct reason *ret)
{
	bool any;

	if (kafka_out_connected(out))
		return false;
	pthread_mutex_lock(&out->lock);
	any = out->trouble[0] != '\0';
	if (any)
		reason_set(ret, "kafka", "%s", out->trouble);
	pthread_mutex_unlock(&out->lock);
	return any;
}

bool kafka_out_connected(struct kafka_out *out)
{
	return atomic_load(&out->client.connected);
}

size_t kafka_out_in_flight(struct kafka_out *out)
{
	return atomic_load(&out->in_flight);
}

enum status kafka_out_partitions(struct kafka_out *out, const char *topic,
	instant wait, int *ret, struct reason *reterr)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(out->rk, topic, NULL);
	rd_kafka_resp_err_t err;
	int count = 0;

	MUST(rkt);
	err = rd_kafka_metadata(
		out->rk, 0, rkt, &metadata, kafka_milliseconds(wait));
	rd_kafka_topic_destroy(rkt);
	if (!err) {
		if (metadata->topic_cnt == 1) {
			err = metadata->topics[0].err;
			count = metadata->topics[0].partition_cnt;
		}
		rd_kafka_metadata_destroy(metadata);
	}
	if (!err && count > 0) {
		*ret = count;
		return OK;
	}
	reason_set(reterr, topic, "%s",
		err ? rd_kafka_err2str(err) : "has no partitions");
	return RETRY;
}

static void note_ends(const rd_kafka_ListOffsets_result_t *result,
	const int32_t *partitions, size_t count, int64_t *ret)
{
	size_t answers;
	const rd_kafka_ListOffsetsResultInfo_t **infos =
		rd_kafka_ListOffsets_result_infos(result, &answers);

	for (size_t i = 0; i < count; i++)
		ret[i] = -1;
	for (size_t k = 0; k < answers; k++) {
		const rd_kafka_topic_partition_t *one =
			rd_kafka_ListOffsetsResultInfo_topic_partition(
				infos[k]);

		for (size_t i = 0; !one->err && i < count; i++)
			if (partitions[i] == one->partition)
				ret[i] = one->offset;
	}
}

enum status kafka_out_ends(struct kafka_out *out, const char *topic,
	const int32_t *partitions, size_t count, instant wait, int64_t *ret,
	struct reason *reterr)
{
	rd_kafka_topic_partition_list_t *asked =
		rd_kafka_topic_partition_list_new((int)count);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(out->rk);
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
	rd_kafka_event_t *event;

	for (size_t i = 0; i < count; i++)
		rd_kafka_topic_partition_list_add(asked, topic, partitions[i])
			->offset = RD_KAFKA_OFFSET_SPEC_LATEST;
	rd_kafka_ListOffsets(out->rk, asked, NULL, queue);
	event = rd_kafka_queue_poll(queue, kafka_milliseconds(wait));
	if (event)
		err = rd_kafka_event_error(event);
	if (event && !err)
		note_ends(rd_kafka_event_ListOffsets_result(event), partitions,
			count, ret);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_topic_partition_list_destroy(asked);
	if (!err)
		return OK;
	reason_set(reterr, topic, "%s", rd_kafka_err2str(err));
	return RETRY;
}

static enum status transacted(
	rd_kafka_error_t *error, const char *step, struct reason *reterr)
{
	rd_kafka_resp_err_t code;

	if (!error)
		return OK;
	code = rd_kafka_error_code(error);
	reason_set(reterr, step, "%s", rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	if (code == RD_KAFKA_RESP_ERR__FENCED ||
		code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
		code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
		return REJECT;
	return RETRY;
}

enum status kafka_out_fence(
	struct kafka_out *out, instant wait, struct reason *reterr)
{
	return transacted(
		rd_kafka_init_transactions(out->rk, kafka_milliseconds(wait)),
		"init_transactions", reterr);
}

enum status kafka_out_begin(struct kafka_out *out, struct reason *reterr)
{
	return transacted(rd_kafka_begin_transaction(out->rk),
		"begin_transaction", reterr);
}

enum status kafka_out_commit(
	struct kafka_out *out, instant wait, struct reason *reterr)
{
	return transacted(
		rd_kafka_commit_transaction(out->rk, kafka_milliseconds(wait)),
		"commit_transaction", reterr);
}

enum status kafka_out_abort(
	struct kafka_out *out, instant wait, struct reason *reterr)
{
	return transacted(
		rd_kafka_abort_transaction(out->rk, kafka_milliseconds(wait)),
		"abort_transaction", reterr);
}
