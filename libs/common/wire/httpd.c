/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole; a request's life is httpd_request.c. */
#include "wire/httpd.h"

#include "base/bug.h"
#include "base/memory.h"
#include "wire/httpd_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEM_MAX (1u << 20)

static void panicked(
	void *context, const char *file, unsigned line, const char *why)
{
	(void)context;
	BUG("libmicrohttpd %s:%u: %s", file, line, why ? why : "");
}

static enum status read_pem(const char *path, char **ret, struct reason *reterr)
{
	FILE *file;
	char *text;
	size_t length;

	if (!path)
		return OK;
	file = fopen(path, "re");
	if (!file) {
		reason_set(reterr, path, "cannot be read: %s", strerror(errno));
		return CONFIG;
	}
	text = memory_new(PEM_MAX + 1);
	length = fread(text, 1, PEM_MAX, file);
	fclose(file);
	if (length == 0 || !strstr(text, "-----BEGIN ")) {
		memory_free(text);
		reason_set(reterr, path, "holds no PEM text");
		return CONFIG;
	}
	*ret = text;
	return OK;
}

static int bound_socket(const struct addrinfo *found)
{
	int one = 1, zero = 0;
	int fd = socket(found->ai_family,
		SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (found->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
		listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Ours, not the library's: only so can we say why it cannot be had. */
static enum status listen_on(
	const struct httpd_settings *settings, int *ret, struct reason *reterr)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	char port[12], place[120];
	int failed;

	snprintf(port, sizeof(port), "%u", settings->port);
	snprintf(place, sizeof(place), "%s:%s", settings->address, port);
	failed = getaddrinfo(settings->address, port, &hints, &found);
	if (failed) {
		reason_set(reterr, place, "is no address to listen on: %s",
			gai_strerror(failed));
		return CONFIG;
	}
	*ret = bound_socket(found);
	if (*ret < 0)
		reason_set(reterr, place, "cannot listen: %s", strerror(errno));
	freeaddrinfo(found);
	return *ret < 0 ? CONFIG : OK;
}

static unsigned port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char port[12] = "0";

	if (getsockname(fd, (struct sockaddr *)&address, &length) == 0)
		getnameinfo((struct sockaddr *)&address, length, NULL, 0, port,
			sizeof(port), NI_NUMERICSERV);
	return (unsigned)strtoul(port, NULL, 10);
}

static struct MHD_Daemon *start(
	struct httpd *httpd, const struct httpd_settings *settings, int fd)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem options[16];
	int count = 0;

#define OPTION(option, number, pointer)                                        \
	(options[count++] = (struct MHD_OptionItem){                           \
		 option, (intptr_t)(number), pointer})
	if (settings->threads > 1)
		OPTION(MHD_OPTION_THREAD_POOL_SIZE, settings->threads, NULL);
	if (httpd->certificate) {
		flags |= MHD_USE_TLS;
		OPTION(MHD_OPTION_HTTPS_MEM_CERT, 0, httpd->certificate);
		OPTION(MHD_OPTION_HTTPS_MEM_KEY, 0, httpd->key);
		OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0,
			(char *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2");
	}
	if (httpd->client_ca)
		OPTION(MHD_OPTION_HTTPS_MEM_TRUST, 0, httpd->client_ca);
	OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
	return MHD_start_daemon(flags, 0, NULL, NULL, httpd_on_request, httpd,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		settings->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		settings->connections_per_peer, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)(settings->idle / INSTANT_SECOND),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTPD_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
		httpd_on_uri, httpd, MHD_OPTION_NOTIFY_COMPLETED,
		httpd_on_completed, httpd, MHD_OPTION_NOTIFY_CONNECTION,
		httpd_on_connection, httpd, MHD_OPTION_ARRAY, options,
		MHD_OPTION_END);
}

static void release(struct httpd *httpd)
{
	httpd_watch_free(&httpd->watch);
	pthread_mutex_destroy(&httpd->lock);
	memory_free(httpd->certificate);
	memory_free(httpd->key);
	memory_free(httpd->client_ca);
	memory_free(httpd);
}

static enum status prepare(struct httpd *httpd,
	const struct httpd_settings *settings, int *ret_fd,
	struct reason *reterr)
{
	enum status status = OK;

	if (!settings->certificate != !settings->key ||
		(settings->client_ca && !settings->certificate)) {
		reason_set(reterr, "TLS",
			"needs a certificate and its key, and a client "
			"authority only beside them");
		return CONFIG;
	}
	status = read_pem(settings->certificate, &httpd->certificate, reterr);
	if (status == OK)
		status = read_pem(settings->key, &httpd->key, reterr);
	if (status == OK)
		status = read_pem(
			settings->client_ca, &httpd->client_ca, reterr);
	if (status == OK)
		status = listen_on(settings, ret_fd, reterr);
	return status;
}

enum status httpd_open(const struct httpd_settings *settings,
	const struct httpd_user *user, struct httpd **ret,
	struct reason *reterr)
{
	struct httpd *httpd = memory_new(sizeof(*httpd));
	enum status status;
	int fd = -1;

	MUST(user->head && user->body && user->end && user->done);
	MUST(settings->connections >= settings->threads);
	MUST(settings->idle >= INSTANT_SECOND);
	MHD_set_panic_func(panicked, NULL);
	httpd->user = *user;
	httpd->quiesced = -1;
	pthread_mutex_init(&httpd->lock, NULL);
	status = prepare(httpd, settings, &fd, reterr);
	if (status == OK) {
		httpd->client_names = httpd->client_ca != NULL;
		httpd->port = port_of(fd);
		httpd->watch = httpd_watch_new(settings->idle, settings->whole);
		httpd->daemon = start(httpd, settings, fd);
	}
	if (status == OK && !httpd->daemon) {
		close(fd);
		reason_set(reterr, settings->address,
			"the HTTP server cannot start%s: %s",
			httpd->certificate ? " (is the key the certificate's?)"
					   : "",
			strerror(errno));
		status = CONFIG;
	}
	if (status != OK) {
		release(httpd);
		return status;
	}
	*ret = httpd;
	return OK;
}

unsigned httpd_port(const struct httpd *httpd)
{
	return httpd->port;
}

void httpd_quiesce(struct httpd *httpd)
{
	if (httpd->quiesced >= 0)
		return;
	httpd->quiesced = MHD_quiesce_daemon(httpd->daemon);
	/* The kernel must not take connections that nobody will serve. */
	if (httpd->quiesced >= 0)
		shutdown(httpd->quiesced, SHUT_RDWR);
}

void httpd_close(struct httpd **ref)
{
	struct httpd *httpd = *ref;
	struct httpd_request *waiting;

	if (!httpd)
		return;
	pthread_mutex_lock(&httpd->lock);
	httpd->closing = true;
	waiting = httpd->suspended;
	httpd->suspended = NULL;
	for (struct httpd_request *r = waiting; r; r = r->next) {
		r->suspended = false;
		r->drop = true;
		atomic_store(&r->answered, true);
	}
	pthread_mutex_unlock(&httpd->lock);
	while (waiting) {
		struct httpd_request *next = waiting->next;

		MHD_resume_connection(waiting->connection);
		waiting = next;
	}
	MHD_stop_daemon(httpd->daemon);
	if (httpd->quiesced >= 0)
		close(httpd->quiesced);
	release(httpd);
	*ref = NULL;
}
