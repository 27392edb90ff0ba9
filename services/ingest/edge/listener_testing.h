/* SPDX-License-Identifier: Apache-2.0 */
/* For the listener's tests only: sources, a running listener, a loopback
 * client that says exactly what it is told to. */
#pragma once

#include "edge/listener.h"

#include "edge/publish_testing.h"
#include "wire/crypto.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

static const struct verify_spec git_specs[] = {
	{.name = "signature",
		.scheme = VERIFY_HMAC,
		.header = "X-Signature-256",
		.prefix = "sha256=",
		.hash = HASH_SHA256},
	{.name = "path", .scheme = VERIFY_PATH},
	{0},
};
static const struct verify_spec scan_specs[] = {{.name = "token",
							.scheme = VERIFY_TOKEN,
							.header = "X-Hook-Key",
							.prefix = ""},
	{.name = "certificate", .scheme = VERIFY_CERTIFICATE}, {0}};
static const struct adapter git = {
	.name = "git", .revision = 1, .verify = git_specs};
static const struct adapter scan = {.name = "scan",
	.revision = 3,
	.verify = scan_specs,
	.answer_code = 201,
	.answer_type = "application/json",
	.answer_body = "{\"status\":\"ok\"}",
	.drain_oversized = true,
	.drop_when_full = true};

static inline const struct adapter *find(const char *tool)
{
	return strcmp(tool, "git") == 0 ? &git : &scan;
}

#define SOURCES                                                                \
	"sources:\n"                                                           \
	"- {name: git-a, tool: git, tenant: acme, body_limit: 64KiB,\n"        \
	"   secrets: [{env: EDGE_NEW}, {env: EDGE_OLD}]}\n"                    \
	"- {name: path-a, tool: git, scheme: path,\n"                          \
	"   secrets: [{env: EDGE_NEW}]}\n"                                     \
	"- {name: far-a, tool: scan, networks: [10.0.0.0/8],\n"                \
	"   secrets: [{env: EDGE_NEW}]}\n"                                     \
	"- {name: scan-a, tool: scan, body_limit: 1KiB,\n"                     \
	"   secrets: [{env: EDGE_NEW}]}\n"                                     \
	"- {name: tls-a, tool: scan, scheme: certificate,\n"                   \
	"   client_certificate: 'CN=scanner,O=acme'}\n"

struct fixture {
	struct rig rig;
	struct source_book *book;
	struct tally *tally;
	struct budget_settings budget;
	instant whole;
	struct proxies proxies;
	const char *certificate, *key, *client_ca; /* NULL: plain HTTP */
	struct listener *listener;
	char answer[8192];
};

static inline struct sources *load(const char *text)
{
	char path[] = "/tmp/listener-test-XXXXXX";
	struct sources *sources;
	struct reason reason;
	int fd = mkstemp(path);

	setenv("EDGE_NEW", "s3cret", 1);
	setenv("EDGE_OLD", "old-one", 1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	if (sources_load(path, find, &sources, &reason) != OK)
		fail_msg("%s: %s", reason.place, reason.sentence);
	unlink(path);
	return sources;
}

static inline void begin(struct fixture *f)
{
	struct sources *sources = load(SOURCES);
	struct listener_settings settings = {
		.httpd = {.address = "127.0.0.1",
			.threads = 2,
			.connections = 50,
			.connections_per_peer = 50,
			.idle = 2 * INSTANT_SECOND,
			.whole = f->whole ? f->whole : 10 * INSTANT_SECOND,
			.certificate = f->certificate,
			.key = f->key,
			.client_ca = f->client_ca},
		.budget = f->budget,
		.proxies = f->proxies,
		.topic_prefix = "t",
		.clock = &clock_wall,
		.farewell = 5 * INSTANT_SECOND};
	struct reason reason;

	rig_begin(&f->rig);
	f->book = source_book_new(&sources);
	f->tally = tally_new();
	if (!settings.budget.total)
		settings.budget =
			(struct budget_settings){1u << 20, 1u << 20, 1u << 20};
	settings.book = f->book;
	settings.publish = f->rig.publish;
	settings.tally = f->tally;
	settings.metrics = f->rig.metrics;
	settings.health = f->rig.health;
	assert_int_equal(listener_open(&settings, &f->listener, &reason), OK);
	rig_start(&f->rig);
	service_start(f->rig.service, "listener", listener_loop, f->listener);
}

static inline void stop(struct fixture *f)
{
	rig_stop(&f->rig);
	listener_free(&f->listener);
	assert_null(f->listener);
}

static inline void end(struct fixture *f)
{
	if (f->listener)
		stop(f);
	source_book_free(&f->book);
	tally_free(&f->tally);
	rig_end(&f->rig);
}

static inline int dial(const struct fixture *f)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)listener_port(f->listener))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static inline void say(int fd, const void *bytes, size_t size)
{
	assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

/* Until a whole answer is there or the peer closes; "" where it said nothing.
 * Returns its code, 0 for none. */
static inline int hear(struct fixture *f, int fd)
{
	size_t length = 0;

	f->answer[0] = '\0';
	while (length + 1 < sizeof(f->answer)) {
		struct pollfd ready = {fd, POLLIN, 0};
		const char *end = strstr(f->answer, "\r\n\r\n");
		const char *size = strcasestr(f->answer, "content-length: ");
		ssize_t got;

		if (end && (!size || strlen(end + 4) >=
					     strtoul(size + 16, NULL, 10)))
			break;
		assert_int_equal(poll(&ready, 1, 12000), 1);
		got = recv(fd, f->answer + length,
			sizeof(f->answer) - length - 1, 0);
		if (got <= 0)
			break;
		length += (size_t)got;
		f->answer[length] = '\0';
	}
	return strncmp(f->answer, "HTTP/1.1 ", 9) == 0
		       ? (int)strtoul(f->answer + 9, NULL, 10)
		       : 0;
}

static inline int post(struct fixture *f, const char *path, const char *headers,
	const char *body, size_t size)
{
	int fd = dial(f), code;
	char head[1000];

	snprintf(head, sizeof(head),
		"POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n",
		path, headers, size);
	say(fd, head, strlen(head));
	if (size)
		say(fd, body, size);
	code = hear(f, fd);
	close(fd);
	return code;
}

/* "X-Signature-256: sha256=...\r\n" of a body under a secret. */
static inline const char *sign(
	const char *secret, const char *body, size_t size)
{
	static char header[200];
	struct crypto *crypto = crypto_new();
	uint8_t mac[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];

	hmac(crypto, HASH_SHA256, secret, strlen(secret), body, size, mac);
	hex_encode(mac, SHA256_SIZE, hex);
	snprintf(header, sizeof(header), "X-Signature-256: sha256=%s\r\n", hex);
	crypto_free(&crypto);
	return header;
}

#define KEY "X-Hook-Key: s3cret\r\n"

static inline void expect_topic(struct fixture *f, const char *wanted)
{
	char *all = rig_read(&f->rig, TOPIC);

	assert_string_equal(all, wanted);
	free(all);
}
