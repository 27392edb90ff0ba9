/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_mock.h"

#include "base/bug.h"
#include "base/memory.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct kafka_mock {
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	int brokers;
};

#define API_PRODUCE 0
#define API_INIT_PRODUCER_ID 22

struct kafka_mock *kafka_mock_new(int brokers)
{
	struct kafka_mock *mock = memory_new(sizeof(*mock));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[200];

	mock->brokers = brokers;
	mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	MUST(mock->rk);
	mock->cluster = rd_kafka_mock_cluster_new(mock->rk, brokers);
	MUST(mock->cluster);
	rd_kafka_mock_group_initial_rebalance_delay_ms(mock->cluster, 100);
	return mock;
}

void kafka_mock_free(struct kafka_mock **mock)
{
	if (!*mock)
		return;
	rd_kafka_mock_cluster_destroy((*mock)->cluster);
	rd_kafka_destroy((*mock)->rk);
	memory_free(*mock);
	*mock = NULL;
}

const char *kafka_mock_brokers(const struct kafka_mock *mock)
{
	return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

void kafka_mock_topic(struct kafka_mock *mock, const char *name, int partitions)
{
	rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(
		mock->cluster, name, partitions, mock->brokers);

	MUST(!err);
}

void kafka_mock_fail_produce(struct kafka_mock *mock, int code)
{
	rd_kafka_mock_push_request_errors(
		mock->cluster, API_PRODUCE, 1, (rd_kafka_resp_err_t)code);
}

void kafka_mock_heal_produce(struct kafka_mock *mock)
{
	rd_kafka_mock_clear_request_errors(mock->cluster, API_PRODUCE);
}

void kafka_mock_fail_producer_id(struct kafka_mock *mock, int code)
{
	rd_kafka_mock_push_request_errors(mock->cluster, API_INIT_PRODUCER_ID,
		1, (rd_kafka_resp_err_t)code);
}

void kafka_mock_down(struct kafka_mock *mock, bool down)
{
	for (int i = 1; i <= mock->brokers; i++) {
		rd_kafka_resp_err_t err =
			down ? rd_kafka_mock_broker_set_down(mock->cluster, i)
			     : rd_kafka_mock_broker_set_up(mock->cluster, i);

		MUST(!err);
	}
}
