/* SPDX-License-Identifier: Apache-2.0 */
/* Against a mock broker, nobody, and a server that speaks TLS with our own
 * certificates; a real broker's refusals are in tests/flow/50-tls.py. */
#include "wire/kafka_try.h"

#include "base/log.h"
#include "wire/httpd.h"
#include "wire/kafka_mock.h"
#include "wire/tls_testing.h"

static void unused(void *context, struct httpd_request *request)
{
	(void)context;
	httpd_reply(request, &(struct httpd_answer){.code = 400});
}

static void no_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	(void)context;
	(void)request;
	(void)bytes;
	(void)size;
}

static void ignore(void *context, struct httpd_request *request)
{
	(void)context;
	(void)request;
}

static void test_kafka_try__is_taken_by_a_broker(void **state)
{
	struct kafka_mock *mock = kafka_mock_new(1);
	struct kafka_settings settings = {
		kafka_mock_brokers(mock), "test", NULL};
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	assert_int_equal(
		kafka_try(&settings, 20 * INSTANT_SECOND, &reason), OK);
	kafka_mock_free(&mock);
}

static void test_kafka_try__nobody_there_is_no_refusal(void **state)
{
	struct kafka_settings settings = {
		"127.0.0.1:1,127.0.0.1:2", "test", NULL};
	instant began = clock_monotonic();
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	assert_int_equal(
		kafka_try(&settings, 60 * INSTANT_SECOND, &reason), RETRY);
	assert_non_null(strstr(reason.place, "broker 127.0.0.1:"));
	/* It waits no longer than it takes to know. */
	assert_true(clock_monotonic() - began < 30 * INSTANT_SECOND);
}

struct tls_server {
	struct tls_folder folder;
	struct httpd *httpd;
	char brokers[40], ca[80];
};

static void serve(struct tls_server *server, const char *name)
{
	struct httpd_settings settings = {.address = "127.0.0.1",
		.certificate = tls_path(&server->folder, name, "pem"),
		.key = tls_path(&server->folder, name, "key"),
		.threads = 1,
		.connections = 10,
		.connections_per_peer = 10,
		.idle = 10 * INSTANT_SECOND};
	struct httpd_user user = {unused, no_body, ignore, ignore, NULL};
	struct reason reason;

	assert_int_equal(
		httpd_open(&settings, &user, &server->httpd, &reason), OK);
	snprintf(server->brokers, sizeof(server->brokers), "127.0.0.1:%u",
		httpd_port(server->httpd));
}

static enum status try_tls(struct tls_server *server, const char *brokers,
	const char *ca, struct reason *reterr)
{
	struct kafka_property rows[] = {{"security.protocol", "ssl"},
		{"ssl.ca.location", tls_path(&server->folder, ca, "pem")},
		{0, 0}};
	struct kafka_settings settings = {brokers, "test", rows};

	return kafka_try(&settings, 20 * INSTANT_SECOND, reterr);
}

static void test_kafka_try__says_why_a_certificate_is_not_believed(void **state)
{
	struct tls_server server = {.folder = tls_begin()};
	char name[40];
	struct reason reason;

	(void)state;
	log_setup(LOG_ERROR, false);
	tls_authority(&server.folder, "one");
	tls_authority(&server.folder, "two");
	tls_certificate(
		&server.folder, "server", "one", "/CN=kafka", "serverAuth", 30);
	serve(&server, "server");
	assert_int_equal(
		try_tls(&server, server.brokers, "two", &reason), CONFIG);
	assert_non_null(strstr(reason.place, server.brokers));
	assert_non_null(strstr(reason.sentence, "no authority that we trust"));
	snprintf(name, sizeof(name), "localhost:%u", httpd_port(server.httpd));
	assert_int_equal(try_tls(&server, name, "one", &reason), CONFIG);
	assert_non_null(strstr(reason.place, "localhost"));
	assert_non_null(strstr(reason.sentence, "another host's"));
	httpd_close(&server.httpd);
	tls_end(&server.folder);
}
