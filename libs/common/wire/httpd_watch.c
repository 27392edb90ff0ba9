/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library has no clock for: a peer that trickles its head or body is
 * cut off, and one that was refused before its body's end may still read the
 * answer, because a socket closed with unread bytes sends a reset that
 * overtakes it. One thread, which looks four times a second.
 */
#include "wire/httpd_private.h"

#include "base/bug.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MAX 64
#define LINGER_TIME (2 * INSTANT_SECOND)
#define LOOK_EVERY 250 /* milliseconds */

struct httpd_link {
	struct httpd_watch *watch;
	int fd;
	instant deadline;
	bool linger;
	struct httpd_identity *identity;  /* what its handshake shows */
	struct httpd_identity *judged_by; /* NULL: not judged yet */
	enum httpd_client client;
	char *name;
	instant until;
	struct httpd_link *next, *previous;
};

struct lingering {
	int fd;
	instant until;
	size_t left;
};

struct httpd_watch {
	instant idle, whole;
	pthread_mutex_t lock;
	struct httpd_link *links;
	struct lingering lingering[LINGER_MAX];
	int lingering_count;
	atomic_bool ending;
	int wake; /* an eventfd: it ends now */
	pthread_t thread;
};

/* Under the lock, so that no descriptor is closed and reused meanwhile. */
static void end_slow(struct httpd_watch *watch, instant now)
{
	pthread_mutex_lock(&watch->lock);
	for (struct httpd_link *link = watch->links; link; link = link->next) {
		if (link->deadline > now)
			continue;
		shutdown(link->fd, SHUT_RDWR);
		link->deadline = INSTANT_NEVER;
	}
	pthread_mutex_unlock(&watch->lock);
}

/* False once the peer closed, took too long or sent too much. */
static bool still_lingers(struct lingering *one, instant now)
{
	char waste[16384];

	while (now < one->until) {
		ssize_t got = recv(one->fd, waste, sizeof(waste), MSG_DONTWAIT);

		if (got < 0)
			return true;
		if (got == 0 || (size_t)got >= one->left)
			return false;
		one->left -= (size_t)got;
	}
	return false;
}

static void read_lingering(struct httpd_watch *watch, instant now)
{
	pthread_mutex_lock(&watch->lock);
	for (int i = 0; i < watch->lingering_count;) {
		struct lingering *one = &watch->lingering[i];

		if (still_lingers(one, now)) {
			i++;
			continue;
		}
		close(one->fd);
		*one = watch->lingering[--watch->lingering_count];
	}
	pthread_mutex_unlock(&watch->lock);
}

static void *look(void *context)
{
	struct httpd_watch *watch = context;

	while (!atomic_load(&watch->ending)) {
		struct pollfd fds[LINGER_MAX + 1];
		nfds_t count;

		pthread_mutex_lock(&watch->lock);
		count = (nfds_t)watch->lingering_count;
		for (nfds_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){
				watch->lingering[i].fd, POLLIN, 0};
		pthread_mutex_unlock(&watch->lock);
		fds[count] = (struct pollfd){watch->wake, POLLIN, 0};
		/* Only this thread closes them: they stay ours meanwhile. */
		poll(fds, count + 1, LOOK_EVERY);
		end_slow(watch, clock_monotonic());
		read_lingering(watch, clock_monotonic());
	}
	return NULL;
}

struct httpd_watch *httpd_watch_new(instant idle, instant whole)
{
	struct httpd_watch *watch = memory_new(sizeof(*watch));

	watch->idle = idle;
	watch->whole = whole;
	pthread_mutex_init(&watch->lock, NULL);
	watch->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->wake >= 0) {
		errno = pthread_create(&watch->thread, NULL, look, watch);
		if (errno == 0)
			return watch;
		close(watch->wake);
	}
	pthread_mutex_destroy(&watch->lock);
	memory_free(watch);
	return NULL;
}

void httpd_watch_free(struct httpd_watch **ref)
{
	struct httpd_watch *watch = *ref;
	uint64_t one = 1;

	if (!watch)
		return;
	atomic_store(&watch->ending, true);
	(void)!write(watch->wake, &one, sizeof(one));
	pthread_join(watch->thread, NULL);
	close(watch->wake);
	while (watch->lingering_count > 0)
		close(watch->lingering[--watch->lingering_count].fd);
	pthread_mutex_destroy(&watch->lock);
	memory_free(watch);
	*ref = NULL;
}

static gnutls_session_t session_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info ? info->tls_session : NULL;
}

static struct httpd_link *begin(
	struct httpd *httpd, struct MHD_Connection *connection)
{
	struct httpd_watch *watch = httpd->watch;
	struct httpd_link *link = memory_new(sizeof(*link));

	link->watch = watch;
	link->identity = httpd_identity_now(httpd);
	if (link->identity)
		httpd_identity_arm(link->identity, session_of(connection));
	link->fd = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			   ->connect_fd;
	link->deadline = clock_monotonic() + watch->idle;
	pthread_mutex_lock(&watch->lock);
	link->next = watch->links;
	if (link->next)
		link->next->previous = link;
	watch->links = link;
	pthread_mutex_unlock(&watch->lock);
	return link;
}

/* The library closes its descriptor next; a second one keeps the peer. */
static void finish(struct httpd_watch *watch, struct httpd_link *link)
{
	int fd = -1;

	pthread_mutex_lock(&watch->lock);
	if (link->next)
		link->next->previous = link->previous;
	if (link->previous)
		link->previous->next = link->next;
	else
		watch->links = link->next;
	if (link->linger && watch->lingering_count < LINGER_MAX)
		fd = dup(link->fd);
	if (fd >= 0) {
		shutdown(fd, SHUT_WR);
		watch->lingering[watch->lingering_count++] = (struct lingering){
			fd, clock_monotonic() + LINGER_TIME, HTTPD_DRAIN_MAX};
	}
	pthread_mutex_unlock(&watch->lock);
	gnutls_free(link->name);
	httpd_identity_unref(&link->judged_by);
	httpd_identity_unref(&link->identity);
	memory_free(link);
}

void httpd_on_connection(void *context, struct MHD_Connection *connection,
	void **link, enum MHD_ConnectionNotificationCode what)
{
	struct httpd *httpd = context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*link = begin(httpd, connection);
		httpd_door_begun(httpd->door);
	} else if (*link) {
		finish(httpd->watch, *link);
		*link = NULL;
		httpd_door_left(
			httpd->door, MHD_get_connection_info(connection,
					     MHD_CONNECTION_INFO_CLIENT_ADDRESS)
					     ->client_addr);
	}
}

struct httpd_link *httpd_link_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	MUST(info && info->socket_context);
	return info->socket_context;
}

void httpd_link_phase(struct httpd_link *link, enum httpd_phase phase)
{
	struct httpd_watch *watch = link->watch;
	instant allowed = INSTANT_NEVER;

	if (phase == PHASE_WAITING)
		allowed = watch->idle;
	else if (phase == PHASE_BODY && watch->whole > 0)
		allowed = watch->whole;
	if (allowed != INSTANT_NEVER)
		allowed += clock_monotonic();
	pthread_mutex_lock(&watch->lock);
	link->deadline = allowed;
	pthread_mutex_unlock(&watch->lock);
}

void httpd_link_linger(struct httpd_link *link)
{
	link->linger = true;
}

static void verify_again(struct httpd_link *link,
	struct MHD_Connection *connection, struct httpd_identity **now)
{
	gnutls_session_t session = session_of(connection);

	gnutls_free(link->name);
	link->name = NULL;
	link->client = HTTPD_CLIENT_NONE;
	if (session)
		link->client = httpd_identity_verify(
			*now, session, &link->name, &link->until);
	httpd_identity_unref(&link->judged_by);
	link->judged_by = *now;
	*now = NULL;
}

enum httpd_client httpd_link_client(struct httpd *httpd,
	struct httpd_link *link, struct MHD_Connection *connection,
	const char **ret_name)
{
	struct httpd_identity *now = httpd_identity_now(httpd);

	if (now && (now != link->judged_by ||
			   clock_now(&clock_wall) >= link->until))
		verify_again(link, connection, &now);
	httpd_identity_unref(&now);
	*ret_name = link->name;
	return link->client;
}
