/* SPDX-License-Identifier: Apache-2.0 */
/* For the server's tests only: a server on loopback that answers in the manner
 * it is told to, at a port the kernel chose, and a client that says exactly
 * what it is told to. */
#pragma once

#include "wire/httpd.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum manner { AT_HEAD, AT_BODY, AT_END, LATER, NEVER, DROP };

struct fixture {
	enum manner manner;
	struct httpd_answer answer;
	struct httpd *httpd;
	atomic_int heads, bodies, ends, dones;
	atomic_long bytes;
	pthread_mutex_t lock;
	struct httpd_request *waiting;
	char seen[4096];
};

static inline void on_head(void *context, struct httpd_request *request)
{
	struct fixture *f = context;

	f->heads++;
	pthread_mutex_lock(&f->lock);
	snprintf(f->seen, sizeof(f->seen), "%s %s %s %lld %u %s %s",
		httpd_method(request), httpd_path(request), httpd_peer(request),
		httpd_declared(request), httpd_header_count(request, "x-twice"),
		httpd_header(request, "X-TWICE") ? "there" : "absent",
		httpd_query(request, "q") ? httpd_query(request, "q") : "-");
	pthread_mutex_unlock(&f->lock);
	if (f->manner == AT_HEAD)
		httpd_reply(request, &f->answer);
}

static inline void on_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	struct fixture *f = context;

	assert_non_null(bytes);
	f->bodies++;
	f->bytes += (long)size;
	if (f->manner == AT_BODY)
		httpd_reply(request, &f->answer);
}

static inline void on_end(void *context, struct httpd_request *request)
{
	struct fixture *f = context;

	f->ends++;
	if (f->manner == AT_END)
		httpd_reply(request, &f->answer);
	if (f->manner == DROP)
		httpd_drop(request);
	pthread_mutex_lock(&f->lock);
	f->waiting = request;
	pthread_mutex_unlock(&f->lock);
}

static inline void on_done(void *context, struct httpd_request *request)
{
	struct fixture *f = context;

	(void)request;
	f->dones++;
}

static inline struct fixture *begin_with(enum manner manner, unsigned threads,
	unsigned connections, unsigned per_peer)
{
	struct fixture *f = memory_new(sizeof(*f));
	struct httpd_settings settings = {
		.address = "127.0.0.1",
		.threads = threads,
		.connections = connections,
		.connections_per_peer = per_peer,
		.idle = INSTANT_SECOND,
		.whole = 2 * INSTANT_SECOND,
	};
	struct httpd_user user = {on_head, on_body, on_end, on_done, f};
	struct reason reason;

	f->manner = manner;
	f->answer = (struct httpd_answer){.code = 200};
	pthread_mutex_init(&f->lock, NULL);
	assert_int_equal(httpd_open(&settings, &user, &f->httpd, &reason), OK);
	return f;
}

static inline struct fixture *begin(enum manner manner)
{
	return begin_with(manner, 2, 20, 20);
}

static inline void end(struct fixture *f)
{
	httpd_close(&f->httpd);
	assert_null(f->httpd);
	assert_int_equal(f->heads, f->dones);
	pthread_mutex_destroy(&f->lock);
	memory_free(f);
}

/* 0, or the error number. */
static inline int connect_to(unsigned port, int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? errno : 0;
}

static inline int dial(const struct fixture *f)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect_to(httpd_port(f->httpd), fd), 0);
	return fd;
}

static inline void say(int fd, const char *text)
{
	assert_int_equal(
		send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Until the peer closes or `until` stands in what came, at most 8 s. */
static inline void hear(int fd, const char *until, char *text, size_t room)
{
	size_t length = 0;

	text[0] = '\0';
	while (length + 1 < room && !(until && strstr(text, until))) {
		struct pollfd ready = {fd, POLLIN, 0};
		ssize_t got;

		assert_int_equal(poll(&ready, 1, 8000), 1);
		got = recv(fd, text + length, room - length - 1, 0);
		if (got <= 0)
			return;
		length += (size_t)got;
		text[length] = '\0';
	}
}

static inline void ask(struct fixture *f, const char *request,
	const char *until, char *text, size_t room)
{
	int fd = dial(f);

	say(fd, request);
	hear(fd, until, text, room);
	close(fd);
}
