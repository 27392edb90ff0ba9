/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/common.h"

#include "base/log.h"
#include "wire/doc.h"
#include "wire/kafka_try.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* As long as a broker may take to be reached; who refuses does so sooner. */
#define TRY_WAIT (5 * INSTANT_SECOND)

enum status common_log(
	const struct common_settings *common, struct reason *reterr)
{
	enum log_level level;

	if (log_level_parse(common->log_level, &level) != OK) {
		reason_set(reterr, "log-level",
			"is debug, info, warn or error, not \"%s\"",
			common->log_level);
		return CONFIG;
	}
	if (strcmp(common->log_format, "logfmt") != 0 &&
		strcmp(common->log_format, "json") != 0) {
		reason_set(reterr, "log-format",
			"is logfmt or json, not \"%s\"", common->log_format);
		return CONFIG;
	}
	log_setup(level, strcmp(common->log_format, "json") == 0);
	return OK;
}

enum status common_kafka(struct arena *arena,
	const struct common_settings *common, const char *client_id,
	struct kafka_settings *ret, struct reason *reterr)
{
	const struct doc *map = common->kafka_properties;
	struct kafka_property *properties = arena_array(
		arena, (map ? map->count : 0) + 1, sizeof(*properties));
	size_t count = 0;

	DOC_EACH (map, member) {
		if (member->kind != DOC_SCALAR)
			return doc_error(member, reterr,
				"a Kafka property is a single value");
		if (kafka_property_is_file(member->key) &&
			access(member->text, R_OK) != 0)
			return doc_error(member, reterr,
				"\"%s\" cannot be read: %s", member->text,
				strerror(errno));
		properties[count++] =
			(struct kafka_property){member->key, member->text};
	}
	*ret = (struct kafka_settings){.brokers = common->kafka_brokers,
		.client_id = client_id,
		.properties = properties};
	return OK;
}

static bool all_here(const char *brokers)
{
	while (*brokers) {
		const char *host = strstr(brokers, "://");
		size_t length = strcspn(brokers, ",");

		host = host && host < brokers + length ? host + 3 : brokers;
		host += strspn(host, " [");
		if (strncmp(host, "127.", 4) != 0 &&
			strncmp(host, "localhost:", 10) != 0 &&
			strncmp(host, "::1]", 4) != 0)
			return false;
		brokers += length + (brokers[length] == ',');
	}
	return true;
}

bool common_kafka_is_plain(const struct kafka_settings *kafka)
{
	const struct kafka_property *row = kafka->properties;
	const char *protocol = "plaintext";

	for (; row && row->name; row++)
		if (strcmp(row->name, "security.protocol") == 0)
			protocol = row->value;
	return strcasestr(protocol, "plaintext") && !all_here(kafka->brokers);
}

enum status common_kafka_try(
	const struct kafka_settings *kafka, struct reason *reterr)
{
	struct reason why;
	enum status status = kafka_try(kafka, TRY_WAIT, &why);

	if (common_kafka_is_plain(kafka))
		log_line(LOG_WARN, "KAFKA-PLAIN",
			LOG_TEXT("brokers", kafka->brokers),
			LOG_TEXT("what", "what is sent is not encrypted: set "
					 "security.protocol in "
					 "kafka-properties"));

	if (status == CONFIG) {
		*reterr = why;
		return CONFIG;
	}
	if (status != OK)
		log_reason(LOG_WARN, "KAFKA-AWAY", &why);
	return OK;
}
