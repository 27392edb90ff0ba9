/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_client.h"

#include "base/stamp.h"
#include "wire/kafka_private.h"
#include "wire/kafka_rebootstrap.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#define LOOK_EVERY INSTANT_SECOND

static bool names_a_file(const char *property)
{
	static const char end[] = ".location";
	size_t length = strlen(property), tail = sizeof(end) - 1;

	return kafka_property_is_file(property) ||
	       (length > tail && strcmp(property + length - tail, end) == 0);
}

static uint64_t stamp_of(const struct kafka_property *row)
{
	uint64_t stamp = STAMP_NONE;

	for (; row && row->name; row++)
		if (names_a_file(row->name))
			stamp = stamp_add(stamp, row->value);
	return stamp;
}

void kafka_client_begin(struct kafka_client *client,
	const struct kafka_settings *settings, instant now)
{
	client->properties = settings->properties;
	client->taken = client->seen = stamp_of(settings->properties);
	client->looked = now;
}

/* The only way the library tells whether a broker is connected just now. */
static int statistics(rd_kafka_t *rk, char *json, size_t size, void *opaque)
{
	static const char up[] = "\"state\":\"UP\"";
	struct kafka_client *client = opaque;

	kafka_rebootstrap(rk, json, size, &client->brokerless);
	atomic_store(&client->connected,
		memmem(json, size, up, sizeof(up) - 1) != NULL);
	return 0; /* the library frees it */
}

enum status kafka_client_make(struct kafka_client *client, int type,
	struct rd_kafka_conf_s *conf, struct rd_kafka_s **ret,
	struct reason *reterr)
{
	rd_kafka_conf_set_opaque(conf, client);
	rd_kafka_conf_set_stats_cb(conf, statistics);
	return kafka_handle_make(type, conf, ret, reterr);
}

bool kafka_client_stale(struct kafka_client *client, instant now)
{
	uint64_t before = client->seen;

	if (now - client->looked < LOOK_EVERY)
		return false;
	client->looked = now;
	client->seen = stamp_of(client->properties);
	return client->seen == before && client->seen != client->taken;
}
