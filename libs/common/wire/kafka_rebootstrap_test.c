/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against a broker of a few bytes, since the library's own mock cannot answer
 * that there is no broker: it speaks version 0 of Metadata and of nothing else,
 * and says so (protocol guide of Kafka, "The Messages").
 */
#include "wire/kafka_in.h"

#include "base/log.h"
#include "base/memory.h"
#include "wire/kafka_out.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG (15 * INSTANT_SECOND)
#define REQUEST_MAX 4096
#define CLIENTS 16
#define REPLICAS 60
#define API_METADATA 3
#define ERROR_LEADER_NOT_AVAILABLE 5

struct broker {
	int listener, clients[CLIENTS];
	uint16_t port;
	char address[32];
	atomic_bool ending, denies; /* itself */
	atomic_int answers;         /* of Metadata */
	pthread_t thread;
};

struct bytes {
	uint8_t at[512];
	size_t size;
};

static void put(struct bytes *bytes, uint64_t value, size_t size)
{
	while (size-- > 0)
		bytes->at[bytes->size++] = (uint8_t)(value >> (8 * size));
}

static void put_text(struct bytes *bytes, const char *text)
{
	size_t length = strlen(text);

	put(bytes, length, 2);
	memcpy(bytes->at + bytes->size, text, length);
	bytes->size += length;
}

/* One broker, which leads the one partition of "t"; or none at all. */
static void put_metadata(struct bytes *bytes, struct broker *broker)
{
	bool denies = atomic_load(&broker->denies);

	put(bytes, denies ? 0 : 1, 4);
	if (!denies) {
		put(bytes, 1, 4);
		put_text(bytes, "127.0.0.1");
		put(bytes, broker->port, 4);
	}
	put(bytes, 1, 4);
	put(bytes, 0, 2);
	put_text(bytes, "t");
	put(bytes, 1, 4);
	put(bytes, denies ? ERROR_LEADER_NOT_AVAILABLE : 0, 2);
	put(bytes, 0, 4);
	put(bytes, denies ? UINT32_MAX : 1, 4);
	/* The library takes memory by the size of an answer, and from a short
	 * one too little. */
	put(bytes, REPLICAS, 4);
	for (size_t i = 0; i < REPLICAS; i++)
		put(bytes, 1, 4);
	put(bytes, 0, 4);
}

static void answer(struct broker *broker, int client, const uint8_t *request)
{
	struct bytes bytes = {.size = 4};
	uint32_t size;

	if (request[1] != API_METADATA)
		return;
	put(&bytes,
		(uint64_t)request[4] << 24 | (uint64_t)request[5] << 16 |
			(uint64_t)request[6] << 8 | request[7],
		4);
	put_metadata(&bytes, broker);
	size = htonl((uint32_t)bytes.size - 4);
	memcpy(bytes.at, &size, sizeof(size));
	if (send(client, bytes.at, bytes.size, MSG_NOSIGNAL) ==
		(ssize_t)bytes.size)
		atomic_fetch_add(&broker->answers, 1);
}

/* False: the client is gone. */
static bool serve(struct broker *broker, int client)
{
	uint8_t request[REQUEST_MAX];
	uint32_t size;

	if (recv(client, &size, sizeof(size), MSG_WAITALL) != sizeof(size))
		return false;
	size = ntohl(size);
	if (size < 8 || size > sizeof(request) ||
		recv(client, request, size, MSG_WAITALL) != (ssize_t)size)
		return false;
	answer(broker, client, request);
	return true;
}

static void *run(void *context)
{
	struct broker *broker = context;

	while (!atomic_load(&broker->ending)) {
		struct pollfd polled[CLIENTS + 1] = {
			{.fd = broker->listener, .events = POLLIN}};

		for (int i = 0; i < CLIENTS; i++)
			polled[i + 1] = (struct pollfd){
				.fd = broker->clients[i], .events = POLLIN};
		if (poll(polled, CLIENTS + 1, 50) <= 0)
			continue;
		for (int i = 0; i < CLIENTS; i++) {
			if (polled[i + 1].revents &&
				!serve(broker, broker->clients[i])) {
				close(broker->clients[i]);
				broker->clients[i] = -1;
			} else if (polled[0].revents &&
				   broker->clients[i] < 0) {
				broker->clients[i] =
					accept(broker->listener, NULL, NULL);
				polled[0].revents = 0;
			}
		}
	}
	return NULL;
}

static struct broker *broker_new(void)
{
	struct broker *broker = memory_new(sizeof(*broker));
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);

	broker->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memset(broker->clients, -1, sizeof(broker->clients));
	assert_int_equal(
		bind(broker->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(broker->listener, CLIENTS), 0);
	assert_int_equal(
		getsockname(broker->listener, (struct sockaddr *)&at, &size),
		0);
	broker->port = ntohs(at.sin_port);
	snprintf(broker->address, sizeof(broker->address), "127.0.0.1:%u",
		broker->port);
	assert_int_equal(pthread_create(&broker->thread, NULL, run, broker), 0);
	return broker;
}

static void broker_free(struct broker *broker)
{
	atomic_store(&broker->ending, true);
	assert_int_equal(pthread_join(broker->thread, NULL), 0);
	for (int i = 0; i < CLIENTS; i++)
		if (broker->clients[i] >= 0)
			close(broker->clients[i]);
	close(broker->listener);
	memory_free(broker);
}

static const struct kafka_property old_and_eager[] = {
	{"api.version.request", "false"},
	{"broker.version.fallback", "0.9.0"},
	{"topic.metadata.refresh.interval.ms", "300"},
	{0, 0},
};

/* Polls until `answers` more have been given than now. */
static bool asks(
	struct broker *broker, int answers, void (*turn)(void *), void *client)
{
	instant until = clock_monotonic() + LONG;

	answers += atomic_load(&broker->answers);
	while (atomic_load(&broker->answers) < answers) {
		if (clock_monotonic() > until)
			return false;
		turn(client);
	}
	return true;
}

/* Denied once by its only broker, the client asks it again all the same. */
static void comes_back(
	struct broker *broker, void (*turn)(void *), void *client)
{
	assert_true(asks(broker, 2, turn, client));
	atomic_store(&broker->denies, true);
	assert_true(asks(broker, 1, turn, client));
	atomic_store(&broker->denies, false);
	assert_true(asks(broker, 2, turn, client));
}

static void turn_in(void *client)
{
	struct arena *arena = arena_new(1 << 20);
	struct kafka_batch batch;
	struct reason ignored;

	(void)!kafka_in_batch(
		client, arena, 10, 1000, 100000, &batch, &ignored);
	arena_free(&arena);
}

static void turn_out(void *client)
{
	kafka_out_poll(client, 100000);
}

static void test_kafka_rebootstrap__a_consumer_comes_back(void **state)
{
	struct broker *broker = broker_new();
	struct kafka_in *in = NULL;
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	const struct kafka_in_settings settings = {
		.kafka = {broker->address, "test", old_and_eager},
		.fetch_bytes = 1 << 20,
	};
	assert_int_equal(kafka_in_open(&settings, &in, &reason), OK);
	assert_int_equal(kafka_in_assign(in, "t", 0, 0, &reason), OK);
	comes_back(broker, turn_in, in);
	kafka_in_close(&in);
	broker_free(broker);
}

static void test_kafka_rebootstrap__a_producer_comes_back(void **state)
{
	struct broker *broker = broker_new();
	struct kafka_out *out = NULL;
	struct kafka_record record = {
		.topic = "t", .partition = 0, .value = "v", .value_length = 1};
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	const struct kafka_out_settings settings = {
		.kafka = {broker->address, "test", old_and_eager},
		.deadline = 60 * INSTANT_SECOND,
		.queue_bytes = 1 << 20,
	};
	assert_int_equal(kafka_out_open(&settings, &out, &reason), OK);
	assert_int_equal(kafka_out_send(out, &record, NULL, &reason), OK);
	comes_back(broker, turn_out, out);
	kafka_out_close(&out, 0);
	broker_free(broker);
}
