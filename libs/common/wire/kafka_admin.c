/* SPDX-License-Identifier: Apache-2.0 */
/* Topics by administration: made, compared with what is wanted, identified. */
#include "wire/kafka.h"

#include "base/bug.h"
#include "base/memory.h"
#include "wire/kafka_private.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#define ANSWER_MS 10000

struct kafka_admin {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
};

/* What a broker says about a topic, as far as we look. */
struct topic_seen {
	char id[KAFKA_TOPIC_ID];
	int partitions;
	int replication;
	bool compacted;
	long long min_insync, flush_messages, retention_ms;
};

enum status kafka_admin_open(const struct kafka_settings *settings,
	struct kafka_admin **ret, struct reason *reterr)
{
	struct kafka_admin *admin;
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	enum status status =
		kafka_conf_make(settings, NULL, NULL, &conf, reterr);

	if (status == OK)
		status =
			kafka_handle_make(RD_KAFKA_PRODUCER, conf, &rk, reterr);
	if (status != OK)
		return status;
	admin = memory_new(sizeof(*admin));
	admin->rk = rk;
	admin->queue = rd_kafka_queue_new(rk);
	*ret = admin;
	return OK;
}

void kafka_admin_close(struct kafka_admin **admin)
{
	if (!*admin)
		return;
	rd_kafka_queue_destroy((*admin)->queue);
	rd_kafka_destroy((*admin)->rk);
	memory_free(*admin);
	*admin = NULL;
}

static bool is_passing(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
	case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
		/* The last: brokers that have not all come up yet. */
		return true;
	default:
		return false;
	}
}

struct rd_kafka_s *kafka_admin_handle(struct kafka_admin *admin)
{
	return admin->rk;
}

struct rd_kafka_queue_s *kafka_admin_queue(struct kafka_admin *admin)
{
	return admin->queue;
}

enum status kafka_admin_status(int error)
{
	return is_passing((rd_kafka_resp_err_t)error) ? RETRY : CONFIG;
}

static enum status fail(rd_kafka_resp_err_t err, const char *place,
	const char *what, struct reason *reterr)
{
	reason_set(reterr, place, "%s",
		what && *what ? what : rd_kafka_err2str(err));
	return is_passing(err) ? RETRY : CONFIG;
}

static rd_kafka_AdminOptions_t *options_new(
	struct kafka_admin *admin, rd_kafka_admin_op_t op)
{
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(admin->rk, op);
	char why[128];
	rd_kafka_resp_err_t err = rd_kafka_AdminOptions_set_request_timeout(
		options, ANSWER_MS - 2000, why, sizeof(why));

	MUST(err == RD_KAFKA_RESP_ERR_NO_ERROR);
	return options;
}

/* The answer to the one request under way; the caller destroys it. */
static enum status answer(struct kafka_admin *admin, const char *place,
	rd_kafka_event_t **ret, struct reason *reterr)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, ANSWER_MS);
	enum status status;

	if (!event) {
		reason_set(reterr, place, "no broker answered in time");
		return RETRY;
	}
	if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
		*ret = event;
		return OK;
	}
	status = fail(rd_kafka_event_error(event), place,
		rd_kafka_event_error_string(event), reterr);
	rd_kafka_event_destroy(event);
	return status;
}

static void set_number(
	rd_kafka_NewTopic_t *made, const char *name, long long number)
{
	char text[32];
	rd_kafka_resp_err_t err;

	snprintf(text, sizeof(text), "%lld", number);
	err = rd_kafka_NewTopic_set_config(made, name, text);
	MUST(err == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static long long retention_ms(const struct kafka_topic *topic)
{
	return topic->retention == INSTANT_NEVER ? -1 : topic->retention / 1000;
}

static enum status describe_new(const struct kafka_topic *topic,
	rd_kafka_NewTopic_t **ret, struct reason *reterr)
{
	char why[256];
	rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(topic->name,
		topic->partitions, topic->replication, why, sizeof(why));
	rd_kafka_resp_err_t err;

	if (!made) {
		reason_set(reterr, topic->name, "%s", why);
		return CONFIG;
	}
	err = rd_kafka_NewTopic_set_config(made, "cleanup.policy",
		topic->compacted ? "compact" : "delete");
	MUST(err == RD_KAFKA_RESP_ERR_NO_ERROR);
	if (!topic->compacted)
		set_number(made, "retention.ms", retention_ms(topic));
	if (topic->min_insync > 0)
		set_number(made, "min.insync.replicas", topic->min_insync);
	if (topic->flush_each)
		set_number(made, "flush.messages", 1);
	*ret = made;
	return OK;
}

static enum status created(const rd_kafka_event_t *event,
	const struct kafka_topic *topic, struct reason *reterr)
{
	const rd_kafka_CreateTopics_result_t *result =
		rd_kafka_event_CreateTopics_result(
			(rd_kafka_event_t *)(uintptr_t)event);
	const rd_kafka_topic_result_t **rows;
	rd_kafka_resp_err_t err;
	size_t count;

	rows = rd_kafka_CreateTopics_result_topics(result, &count);
	MUST(count == 1);
	err = rd_kafka_topic_result_error(rows[0]);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		return OK;
	if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
		reason_set(reterr, topic->name, "is there already");
		return IGNORED;
	}
	return fail(err, topic->name,
		rd_kafka_topic_result_error_string(rows[0]), reterr);
}

enum status kafka_topic_create(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr)
{
	rd_kafka_AdminOptions_t *options;
	rd_kafka_NewTopic_t *made;
	rd_kafka_event_t *event;
	enum status status;

	status = describe_new(topic, &made, reterr);
	if (status != OK)
		return status;
	options = options_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	rd_kafka_CreateTopics(admin->rk, &made, 1, options, admin->queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_NewTopic_destroy(made);
	status = answer(admin, topic->name, &event, reterr);
	if (status != OK)
		return status;
	status = created(event, topic, reterr);
	rd_kafka_event_destroy(event);
	return status;
}

static enum status read_description(rd_kafka_event_t *event, const char *name,
	struct topic_seen *ret, struct reason *reterr)
{
	const rd_kafka_TopicDescription_t **rows;
	const rd_kafka_TopicPartitionInfo_t **parts;
	const rd_kafka_error_t *error;
	const char *id;
	size_t count, replicas = 0;

	rows = rd_kafka_DescribeTopics_result_topics(
		rd_kafka_event_DescribeTopics_result(event), &count);
	MUST(count == 1);
	error = rd_kafka_TopicDescription_error(rows[0]);
	if (error && rd_kafka_error_code(error)) {
		if (rd_kafka_error_code(error) ==
			RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
			reason_set(reterr, name,
				"is missing: run with --create-topics");
			return CONFIG;
		}
		return fail(rd_kafka_error_code(error), name,
			rd_kafka_error_string(error), reterr);
	}
	id = rd_kafka_Uuid_base64str(
		rd_kafka_TopicDescription_topic_id(rows[0]));
	snprintf(ret->id, sizeof(ret->id), "%s", id ? id : "");
	parts = rd_kafka_TopicDescription_partitions(rows[0], &count);
	ret->partitions = (int)count;
	if (count > 0)
		rd_kafka_TopicPartitionInfo_replicas(parts[0], &replicas);
	ret->replication = (int)replicas;
	return OK;
}

static enum status describe(struct kafka_admin *admin, const char *name,
	struct topic_seen *ret, struct reason *reterr)
{
	rd_kafka_TopicCollection_t *topics =
		rd_kafka_TopicCollection_of_topic_names(&name, 1);
	rd_kafka_AdminOptions_t *options =
		options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
	rd_kafka_event_t *event;
	enum status status;

	rd_kafka_DescribeTopics(admin->rk, topics, options, admin->queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_TopicCollection_destroy(topics);
	status = answer(admin, name, &event, reterr);
	if (status != OK)
		return status;
	status = read_description(event, name, ret, reterr);
	rd_kafka_event_destroy(event);
	return status;
}

static void read_entry(
	const rd_kafka_ConfigEntry_t *entry, struct topic_seen *seen)
{
	const char *name = rd_kafka_ConfigEntry_name(entry);
	const char *value = rd_kafka_ConfigEntry_value(entry);

	if (!value)
		return;
	if (strcmp(name, "cleanup.policy") == 0)
		seen->compacted = strstr(value, "compact") != NULL;
	else if (strcmp(name, "min.insync.replicas") == 0)
		seen->min_insync = strtoll(value, NULL, 10);
	else if (strcmp(name, "flush.messages") == 0)
		seen->flush_messages = strtoll(value, NULL, 10);
	else if (strcmp(name, "retention.ms") == 0)
		seen->retention_ms = strtoll(value, NULL, 10);
}

static enum status read_config(rd_kafka_event_t *event, const char *name,
	struct topic_seen *seen, struct reason *reterr)
{
	const rd_kafka_ConfigResource_t **rows;
	const rd_kafka_ConfigEntry_t **entries;
	rd_kafka_resp_err_t err;
	size_t count;

	rows = rd_kafka_DescribeConfigs_result_resources(
		rd_kafka_event_DescribeConfigs_result(event), &count);
	MUST(count == 1);
	err = rd_kafka_ConfigResource_error(rows[0]);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		return fail(err, name,
			rd_kafka_ConfigResource_error_string(rows[0]), reterr);
	entries = rd_kafka_ConfigResource_configs(rows[0], &count);
	for (size_t i = 0; i < count; i++)
		read_entry(entries[i], seen);
	return OK;
}

static enum status configs(struct kafka_admin *admin, const char *name,
	struct topic_seen *seen, struct reason *reterr)
{
	rd_kafka_ConfigResource_t *resource =
		rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name);
	rd_kafka_AdminOptions_t *options =
		options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_event_t *event;
	enum status status;

	rd_kafka_DescribeConfigs(
		admin->rk, &resource, 1, options, admin->queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_ConfigResource_destroy(resource);
	status = answer(admin, name, &event, reterr);
	if (status != OK)
		return status;
	status = read_config(event, name, seen, reterr);
	rd_kafka_event_destroy(event);
	return status;
}

static bool durable(const struct topic_seen *seen)
{
	return seen->flush_messages == 1 ||
	       (seen->min_insync >= 2 && seen->replication >= 2);
}

static bool kept_shorter(
	const struct topic_seen *seen, const struct kafka_topic *topic)
{
	long long wanted = retention_ms(topic);

	if (topic->compacted || seen->retention_ms < 0)
		return false;
	return wanted < 0 || seen->retention_ms < wanted;
}

static enum status compare(const struct topic_seen *seen,
	const struct kafka_topic *topic, struct reason *reterr)
{
	if (seen->compacted && !topic->compacted) {
		reason_set(reterr, topic->name,
			"is compacted and would lose records: set "
			"cleanup.policy=delete");
		return CONFIG;
	}
	if (!topic->compacted && !durable(seen))
		reason_set(reterr, topic->name,
			"is not durable: want min.insync.replicas >= 2 on 2 "
			"replicas or more, or flush.messages=1; it has "
			"min.insync.replicas=%lld on %d and "
			"flush.messages=%lld",
			seen->min_insync, seen->replication,
			seen->flush_messages);
	else if (kept_shorter(seen, topic))
		reason_set(reterr, topic->name,
			"keeps records for %lld ms, wanted are %lld",
			seen->retention_ms, retention_ms(topic));
	else if (seen->partitions != topic->partitions)
		reason_set(reterr, topic->name,
			"has %d partitions, wanted are %d", seen->partitions,
			topic->partitions);
	else if (seen->replication < topic->replication)
		reason_set(reterr, topic->name,
			"has %d replicas, wanted are %d", seen->replication,
			topic->replication);
	else if (topic->compacted && !seen->compacted)
		reason_set(reterr, topic->name,
			"is not compacted: newcomers read all of it");
	else
		return OK;
	return IGNORED;
}

enum status kafka_topic_check(struct kafka_admin *admin,
	const struct kafka_topic *topic, struct reason *reterr)
{
	struct topic_seen seen = {0};
	enum status status = describe(admin, topic->name, &seen, reterr);

	if (status == OK)
		status = configs(admin, topic->name, &seen, reterr);
	if (status != OK)
		return status;
	return compare(&seen, topic, reterr);
}

enum status kafka_topic_id(struct kafka_admin *admin, const char *topic,
	char ret[KAFKA_TOPIC_ID], int *ret_partitions, struct reason *reterr)
{
	struct topic_seen seen = {0};
	enum status status = describe(admin, topic, &seen, reterr);

	if (status != OK)
		return status;
	memcpy(ret, seen.id, KAFKA_TOPIC_ID);
	*ret_partitions = seen.partitions;
	return OK;
}
