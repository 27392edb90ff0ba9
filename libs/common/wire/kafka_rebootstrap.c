/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_rebootstrap.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <string.h>

/* One may fall between the old ones and the new. */
#define IN_A_ROW 2

/* A broker of the cluster, not one of the library's own names such as
 * GroupCoordinator. */
static bool any_broker(const char *statistics, size_t size)
{
	static const char learned[] = "\"source\":\"learned\"";
	static const char configured[] = "\"source\":\"configured\"";

	return memmem(statistics, size, learned, sizeof(learned) - 1) ||
	       memmem(statistics, size, configured, sizeof(configured) - 1);
}

static void add_again(rd_kafka_t *rk)
{
	static const char name[] = "bootstrap.servers";
	const rd_kafka_conf_t *conf = rd_kafka_conf(rk);
	size_t size = 0;
	rd_kafka_conf_res_t found = rd_kafka_conf_get(conf, name, NULL, &size);
	char *servers;

	MUST(found == RD_KAFKA_CONF_OK && size > 0);
	servers = memory_new(size);
	found = rd_kafka_conf_get(conf, name, servers, &size);
	MUST(found == RD_KAFKA_CONF_OK);
	rd_kafka_brokers_add(rk, servers);
	memory_free(servers);
}

void kafka_rebootstrap(struct rd_kafka_s *rk, const char *statistics,
	size_t size, int *brokerless)
{
	if (any_broker(statistics, size)) {
		*brokerless = 0;
		return;
	}
	if (++*brokerless < IN_A_ROW)
		return;
	*brokerless = 0;
	log_line(LOG_WARN, "KAFKA-REBOOTSTRAP",
		LOG_TEXT("client", rd_kafka_name(rk)),
		LOG_TEXT("what", "every broker is forgotten, the bootstrap "
				 "servers are asked again"));
	add_again(rk);
}
