/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor that ingest's latency is measured against: librdkafka and nothing
 * else, one record in flight, acknowledged before the next is sent, with the
 * durability ingest asks for (idempotent, acks=all) and no waiting of its own.
 *
 * usage: ack BROKERS TOPIC BYTES COUNT    prints "p50 p99" in microseconds
 */
#include <librdkafka/rdkafka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int acknowledged;

static void on_report(
	rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
	(void)client;
	(void)context;
	if (message->err) {
		fprintf(stderr, "ack: %s\n", rd_kafka_err2str(message->err));
		exit(1);
	}
	acknowledged = 1;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char why[300];

	if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) !=
		RD_KAFKA_CONF_OK) {
		fprintf(stderr, "ack: %s: %s\n", name, why);
		exit(1);
	}
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static double microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double once(
	rd_kafka_t *client, const char *topic, char *body, size_t size)
{
	double start = microseconds();
	rd_kafka_resp_err_t error;

	acknowledged = 0;
	error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_KEY("ack", 3), RD_KAFKA_V_VALUE(body, size),
		RD_KAFKA_V_END);
	if (error) {
		fprintf(stderr, "ack: %s\n", rd_kafka_err2str(error));
		exit(1);
	}
	while (!acknowledged)
		rd_kafka_poll(client, 1000);
	return microseconds() - start;
}

int main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[300];
	size_t size = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	size_t count = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
	double *times;
	char *body;
	rd_kafka_t *client;

	if (argc != 5 || !size || count < 100) {
		fprintf(stderr, "usage: ack BROKERS TOPIC BYTES COUNT "
				"(at least 100)\n");
		return 2;
	}
	set(conf, "bootstrap.servers", argv[1]);
	set(conf, "enable.idempotence", "true");
	set(conf, "linger.ms", "0");
	set(conf, "socket.nagle.disable", "true");
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (!client) {
		fprintf(stderr, "ack: %s\n", why);
		return 1;
	}
	body = malloc(size);
	times = malloc(count * sizeof(*times));
	if (!body || !times)
		abort();
	memset(body, 'x', size);
	for (int i = 0; i < 50; i++) /* connections and pools are warm then */
		once(client, argv[2], body, size);
	for (size_t i = 0; i < count; i++)
		times[i] = once(client, argv[2], body, size);
	qsort(times, count, sizeof(*times), by_size);
	printf("%.0f %.0f\n", times[count / 2], times[count * 99 / 100]);
	rd_kafka_destroy(client);
	free(times);
	free(body);
	return 0;
}
