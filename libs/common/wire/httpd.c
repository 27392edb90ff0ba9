/* SPDX-License-Identifier: Apache-2.0 */
/* The server as a whole; a request's life is httpd_request.c. */
#include "wire/httpd.h"

#include "base/bug.h"
#include "base/memory.h"
#include "base/stamp.h"
#include "wire/httpd_private.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* No CBC, no key exchange without forward secrecy. */
#define PRIORITIES                                                             \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:"                  \
	"-AES-128-CBC:-AES-256-CBC:%SERVER_PRECEDENCE"

static void panicked(
	void *context, const char *file, unsigned line, const char *why)
{
	(void)context;
	BUG("libmicrohttpd %s:%u: %s", file, line, why ? why : "");
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

/*
 * The library deals its limit out among its threads, shuts the door on one
 * connection too many, and up to 0.9.75 then keeps a lock for ever. So each of
 * its threads has room for all that the door lets in, and for one that has
 * left but is not forgotten yet.
 */
static unsigned never_reached(const struct httpd_settings *settings)
{
	return settings->threads * (settings->connections + 1);
}

static struct MHD_Daemon *start(
	struct httpd *httpd, const struct httpd_settings *settings)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
			 MHD_USE_ITC;
	struct MHD_OptionItem options[16];
	int count = 0;

#define OPTION(option, number, pointer)                                        \
	(options[count++] = (struct MHD_OptionItem){                           \
		 option, (intptr_t)(number), pointer})
	if (settings->threads > 1)
		OPTION(MHD_OPTION_THREAD_POOL_SIZE, settings->threads, NULL);
	if (httpd->tls) {
		flags |= MHD_USE_TLS;
		/* Wanted by the library; each session is armed with its own. */
		OPTION(MHD_OPTION_HTTPS_MEM_CERT, 0,
			httpd_identity_certificate(httpd->identity));
		OPTION(MHD_OPTION_HTTPS_MEM_KEY, 0,
			httpd_identity_key(httpd->identity));
		OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, (char *)PRIORITIES);
	}
	OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
	return MHD_start_daemon(flags, 0, NULL, NULL, httpd_on_request, httpd,
		MHD_OPTION_CONNECTION_LIMIT, never_reached(settings),
		MHD_OPTION_CONNECTION_TIMEOUT,
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
	httpd_door_free(&httpd->door);
	httpd_watch_free(&httpd->watch);
	pthread_mutex_destroy(&httpd->lock);
	httpd_identity_unref(&httpd->identity);
	pthread_mutex_destroy(&httpd->identity_lock);
	memory_free((char *)(uintptr_t)httpd->files.certificate);
	memory_free((char *)(uintptr_t)httpd->files.key);
	memory_free((char *)(uintptr_t)httpd->files.client_ca);
	memory_free(httpd);
}

static enum status read_identity(const struct httpd_settings *settings,
	struct httpd_identity **ret, struct reason *reterr)
{
	if (!settings->certificate != !settings->key ||
		(settings->client_ca && !settings->certificate)) {
		reason_set(reterr, "TLS",
			"needs a certificate and its key, and a client "
			"authority only beside them");
		return CONFIG;
	}
	if (!settings->certificate)
		return OK;
	return httpd_identity_read(
		settings, clock_now(&clock_wall), ret, reterr);
}

enum status httpd_check(
	const struct httpd_settings *settings, struct reason *reterr)
{
	struct httpd_identity *identity = NULL;
	enum status status = read_identity(settings, &identity, reterr);

	httpd_identity_unref(&identity);
	return status;
}

static const char *copy(const char *path)
{
	return path ? memory_string(path) : NULL;
}

static uint64_t stamp_of(const struct httpd_settings *files)
{
	return stamp_add(stamp_add(stamp_add(STAMP_NONE, files->certificate),
				 files->key),
		files->client_ca);
}

static enum status prepare(struct httpd *httpd,
	const struct httpd_settings *settings, int *ret_fd,
	struct reason *reterr)
{
	enum status status;

	httpd->files.certificate = copy(settings->certificate);
	httpd->files.key = copy(settings->key);
	httpd->files.client_ca = copy(settings->client_ca);
	httpd->stamp = stamp_of(&httpd->files);
	status = read_identity(settings, &httpd->identity, reterr);
	httpd->tls = httpd->identity != NULL;
	if (status == OK)
		status = listen_on(settings, ret_fd, reterr);
	return status;
}

struct httpd_identity *httpd_identity_now(struct httpd *httpd)
{
	struct httpd_identity *identity;

	pthread_mutex_lock(&httpd->identity_lock);
	identity = httpd_identity_ref(httpd->identity);
	pthread_mutex_unlock(&httpd->identity_lock);
	return identity;
}

enum status httpd_renew(struct httpd *httpd, struct reason *reterr)
{
	struct httpd_identity *made, *old;
	enum status status;

	MUST(httpd->tls);
	httpd->stamp = stamp_of(&httpd->files);
	status = httpd_identity_read(
		&httpd->files, clock_now(&clock_wall), &made, reterr);
	if (status != OK)
		return status;
	pthread_mutex_lock(&httpd->identity_lock);
	old = httpd->identity;
	httpd->identity = made;
	pthread_mutex_unlock(&httpd->identity_lock);
	httpd_identity_unref(&old);
	return OK;
}

bool httpd_files_changed(struct httpd *httpd)
{
	uint64_t before = httpd->stamp;

	httpd->stamp = stamp_of(&httpd->files);
	return httpd->stamp != before;
}

struct httpd_validity httpd_validity(struct httpd *httpd)
{
	struct httpd_validity validity = {INSTANT_NEVER, INSTANT_NEVER};

	pthread_mutex_lock(&httpd->identity_lock);
	if (httpd->identity)
		validity = httpd_identity_validity(httpd->identity);
	pthread_mutex_unlock(&httpd->identity_lock);
	return validity;
}

static bool begin(struct httpd *httpd, const struct httpd_settings *settings)
{
	int error;

	httpd->watch = httpd_watch_new(settings->idle, settings->whole);
	if (!httpd->watch)
		return false;
	httpd->daemon = start(httpd, settings);
	if (!httpd->daemon)
		return false;
	if (httpd_door_open(httpd->door, httpd->daemon))
		return true;
	error = errno;
	MHD_stop_daemon(httpd->daemon);
	errno = error;
	return false;
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
	MUST(settings->connections_per_peer > 0);
	MUST(settings->idle >= INSTANT_SECOND);
	MHD_set_panic_func(panicked, NULL);
	httpd->user = *user;
	pthread_mutex_init(&httpd->lock, NULL);
	pthread_mutex_init(&httpd->identity_lock, NULL);
	status = prepare(httpd, settings, &fd, reterr);
	if (status == OK) {
		httpd->port = port_of(fd);
		httpd->door = httpd_door_new(fd, settings->connections,
			settings->connections_per_peer);
	}
	if (status == OK && !begin(httpd, settings)) {
		reason_set(reterr, settings->address,
			"the HTTP server cannot start: %s", strerror(errno));
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
	httpd_door_shut(httpd->door);
}

void httpd_close(struct httpd **ref)
{
	struct httpd *httpd = *ref;
	struct httpd_request *waiting;

	if (!httpd)
		return;
	httpd_door_shut(httpd->door);
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
	release(httpd);
	*ref = NULL;
}
