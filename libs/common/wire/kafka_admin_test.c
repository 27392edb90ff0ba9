/* SPDX-License-Identifier: Apache-2.0 */
/* The mock cluster has no controller: what a real broker answers is the flow
 * tests' business. */
#include "wire/kafka.h"

#include "base/log.h"

static struct kafka_admin *open_admin(const char *brokers)
{
	const struct kafka_settings settings = {brokers, "test", NULL};
	struct kafka_admin *admin = NULL;
	struct reason reason;

	log_setup(LOG_ERROR, false);
	assert_int_equal(kafka_admin_open(&settings, &admin, &reason), OK);
	return admin;
}

static void test_kafka_admin__refuses_a_bad_property(void **state)
{
	const struct kafka_property properties[] = {{"acks", "many"}, {0, 0}};
	const struct kafka_settings settings = {"x:1", "test", properties};
	struct kafka_admin *admin = NULL;
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_admin_open(&settings, &admin, &reason), CONFIG);
	assert_string_equal(reason.place, "acks");
}

static void test_kafka_admin__says_retry_without_a_broker(void **state)
{
	struct kafka_admin *admin = open_admin("127.0.0.1:1");
	const struct kafka_topic topic = {
		.name = "t", .partitions = 1, .replication = 1};
	struct reason reason;

	(void)state;
	assert_int_equal(kafka_topic_create(admin, &topic, &reason), RETRY);
	kafka_admin_close(&admin);
	kafka_admin_close(&admin);
}
