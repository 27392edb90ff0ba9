/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "wire/crypto.h"
#include "wire/kafka_private.h"

#include <errno.h>
#include <limits.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

/* What a broker adds to a batch of one record, and to the record. */
#define BATCH_BYTES 61
#define RECORD_BYTES 32
#define HEADER_BYTES 10

const char *kafka_header_of(const struct kafka_record *record, const char *name)
{
	for (size_t i = record->header_count; i > 0; i--)
		if (strcmp(record->headers[i - 1].name, name) == 0)
			return record->headers[i - 1].value;
	return NULL;
}

size_t kafka_record_size(const struct kafka_record *record)
{
	size_t size = BATCH_BYTES + RECORD_BYTES + record->key_length +
		      record->value_length;

	for (size_t i = 0; i < record->header_count; i++)
		size += HEADER_BYTES + strlen(record->headers[i].name) +
			record->headers[i].length;
	return size;
}

int kafka_milliseconds(instant wait)
{
	if (wait <= 0)
		return 0;
	if (wait >= (instant)INT_MAX * 1000)
		return INT_MAX;
	return (int)((wait + 999) / 1000);
}

rd_kafka_topic_partition_list_t *kafka_one(
	const char *topic, int32_t partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition)->offset =
		offset;
	return list;
}

/* Its notices are our details; what it calls a warning may matter. */
static void library_log(
	const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	log_line(level <= 4 ? LOG_WARN : LOG_DEBUG, "KAFKA-LIBRARY",
		LOG_TEXT("facility", facility), LOG_TEXT("what", text));
}

#define FILE_MAX (1u << 16)

/* Into `ret` of FILE_MAX bytes, which the caller wipes. */
static enum status read_file(
	const struct kafka_property *row, char *ret, struct reason *reterr)
{
	FILE *file = fopen(row->value, "re");
	size_t size;

	if (!file) {
		reason_set(reterr, row->value, "%s cannot be read: %s",
			row->name, strerror(errno));
		return CONFIG;
	}
	size = fread(ret, 1, FILE_MAX - 1, file);
	fclose(file);
	while (size && (ret[size - 1] == '\n' || ret[size - 1] == '\r'))
		size--;
	ret[size] = '\0';
	if (size && strlen(ret) == size)
		return OK;
	reason_set(reterr, row->value, "%s cannot be read: the file is empty",
		row->name);
	return CONFIG;
}

static enum status set_property(rd_kafka_conf_t *conf,
	const struct kafka_property *row, struct reason *reterr)
{
	char why[256];

	if (!POSTERN_TESTING && strncmp(row->name, "test.", 5) == 0) {
		reason_set(reterr, row->name,
			"is for tests and not part of this build");
		return CONFIG;
	}
	if (rd_kafka_conf_set(conf, row->name, row->value, why, sizeof(why)) ==
		RD_KAFKA_CONF_OK)
		return OK;
	reason_set(reterr, row->name, "%s", why);
	return CONFIG;
}

bool kafka_property_is_file(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, "-file") == 0;
}

static enum status set_from_file(rd_kafka_conf_t *conf,
	const struct kafka_property *row, struct reason *reterr)
{
	char *text = memory_new(FILE_MAX), name[100];
	enum status status = read_file(row, text, reterr);
	struct kafka_property read = {name, text};

	snprintf(name, sizeof(name), "%.*s", (int)strlen(row->name) - 5,
		row->name);
	if (status == OK)
		status = set_property(conf, &read, reterr);
	/* The library repeats what it does not take, and this is a secret. */
	if (status != OK && strcmp(reterr->place, name) == 0)
		reason_set(reterr, row->value,
			"is no value of %s, or there is no such property",
			name);
	crypto_wipe(text, FILE_MAX);
	memory_free(text);
	return status;
}

static enum status set_properties(rd_kafka_conf_t *conf,
	const struct kafka_property *rows, struct reason *reterr)
{
	for (; rows && rows->name; rows++) {
		enum status status = kafka_property_is_file(rows->name)
					     ? set_from_file(conf, rows, reterr)
					     : set_property(conf, rows, reterr);

		if (status != OK)
			return status;
	}
	return OK;
}

enum status kafka_conf_make(const struct kafka_settings *settings,
	const struct kafka_property *defaults,
	const struct kafka_property *forced, struct rd_kafka_conf_s **ret,
	struct reason *reterr)
{
	const struct kafka_property common[] = {
		{"bootstrap.servers", settings->brokers},
		{"client.id", settings->client_id},
		{"socket.nagle.disable", "true"},
		{"reconnect.backoff.max.ms", "2000"},
		{0, 0},
	};
	rd_kafka_conf_t *conf;
	enum status status;

	MUST(settings->brokers && settings->client_id);
	conf = rd_kafka_conf_new();
	rd_kafka_conf_set_log_cb(conf, library_log);
	status = set_properties(conf, common, reterr);
	if (status == OK)
		status = set_properties(conf, defaults, reterr);
	if (status == OK)
		status = set_properties(conf, settings->properties, reterr);
	if (status == OK)
		status = set_properties(conf, forced, reterr);
	if (status != OK) {
		rd_kafka_conf_destroy(conf);
		return status;
	}
	*ret = conf;
	return OK;
}

enum status kafka_handle_make(int type, struct rd_kafka_conf_s *conf,
	struct rd_kafka_s **ret, struct reason *reterr)
{
	char why[256];
	rd_kafka_t *rk =
		rd_kafka_new((rd_kafka_type_t)type, conf, why, sizeof(why));

	if (rk) {
		*ret = rk;
		return OK;
	}
	rd_kafka_conf_destroy(conf);
	reason_set(reterr, "kafka-properties", "%s", why);
	return CONFIG;
}
