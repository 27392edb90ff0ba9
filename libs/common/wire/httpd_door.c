/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread that takes connections and hands them to the library, which has
 * no listening socket of its own. Its MHD_quiesce_daemon may abort the process
 * where a pool of threads waits by epoll; a socket that it never saw can simply
 * be closed (decision 0015). The library deals the connections out among its
 * threads; how many there are, and of whom, is counted here.
 */
#include "wire/httpd_private.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <search.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_A_TIME 64
/* Nothing says when the process may open files again. */
#define REST 100 /* milliseconds */
/* A thread of the library begins with what it was handed in much less. */
#define HANDING_OVER INSTANT_SECOND

struct peer {
	struct in6_addr address;
	unsigned inside;
};

struct httpd_door {
	int fd;   /* listens; -1 once shut */
	int wake; /* an eventfd: there is room again, or the door shuts */
	unsigned most, most_per_peer;
	atomic_bool shut;
	bool open; /* the thread is there */
	struct MHD_Daemon *daemon;
	pthread_t thread;
	pthread_mutex_t lock;
	unsigned inside;
	unsigned handed; /* of those inside: not begun with yet */
	void *peers;     /* a tree (tsearch) of those inside */
};

static struct in6_addr address_of(const struct sockaddr *from)
{
	struct in6_addr address = {0};

	if (from->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)from)
			->sin6_addr;
	memcpy(&address,
		&((const struct sockaddr_in *)(const void *)from)->sin_addr,
		sizeof(struct in_addr));
	return address;
}

static int by_address(const void *a, const void *b)
{
	const struct peer *one = a, *other = b;

	return memcmp(&one->address, &other->address, sizeof(one->address));
}

/* Of the tree, put there where it is none of it yet. */
static struct peer *peer_of(
	struct httpd_door *door, const struct sockaddr *from)
{
	struct peer sought = {.address = address_of(from)}, *new;
	struct peer **found = tfind(&sought, &door->peers, by_address);

	if (found)
		return *found;
	new = memory_new(sizeof(*new));
	*new = sought;
	if (!tsearch(new, &door->peers, by_address))
		BUG("out of memory: a peer");
	return new;
}

/* False: this peer has as many as it may. */
static bool enter(struct httpd_door *door, const struct sockaddr *from)
{
	struct peer *peer;
	bool may;

	pthread_mutex_lock(&door->lock);
	peer = peer_of(door, from);
	may = peer->inside < door->most_per_peer;
	if (may) {
		peer->inside++;
		door->inside++;
		door->handed++;
	}
	pthread_mutex_unlock(&door->lock);
	return may;
}

static bool full(struct httpd_door *door)
{
	bool full;

	pthread_mutex_lock(&door->lock);
	full = door->inside >= door->most;
	pthread_mutex_unlock(&door->lock);
	return full;
}

static void wake(struct httpd_door *door)
{
	uint64_t one = 1;

	/* It fails only where it is awake already. */
	(void)!write(door->wake, &one, sizeof(one));
}

/* 0, or the error number that says why there was none. */
static int take_one(struct httpd_door *door)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	int fd = accept4(door->fd, (struct sockaddr *)&from, &length,
		SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return errno;
	if (!enter(door, (struct sockaddr *)&from))
		close(fd);
	/* Where it says no it has closed it. What it closes later unsaid, for
	 * want of memory, keeps its place: that ends the process soon. */
	else if (MHD_add_connection(door->daemon, fd, (struct sockaddr *)&from,
			 length) == MHD_NO) {
		httpd_door_begun(door);
		httpd_door_left(door, (struct sockaddr *)&from);
	}
	return 0;
}

/* As many as there are and as there is room for; false: come back later. */
static bool take(struct httpd_door *door, unsigned most)
{
	int error = 0;

	for (unsigned i = 0; i < most && error != EAGAIN && !full(door); i++) {
		error = take_one(door);
		if (error == EMFILE || error == ENFILE || error == ENOBUFS ||
			error == ENOMEM)
			return false;
		/* Any other error was one peer's, and is gone with it. */
		if (error == EBADF || error == EINVAL || error == ENOTSOCK)
			BUG("accept: %s", strerror(error));
	}
	return true;
}

static void *stand(void *context)
{
	struct httpd_door *door = context;
	bool resting = false;

	while (!atomic_load(&door->shut)) {
		bool closed = resting || full(door);
		struct pollfd fds[2] = {{door->wake, POLLIN, 0},
			{closed ? -1 : door->fd, POLLIN, 0}};
		uint64_t count;

		poll(fds, 2, resting ? REST : -1);
		if (fds[0].revents)
			(void)!read(door->wake, &count, sizeof(count));
		resting = fds[1].revents && !take(door, AT_A_TIME);
	}
	/* Who was let in by the kernel already may have sent its request. */
	take(door, door->most);
	return NULL;
}

struct httpd_door *httpd_door_new(int fd, unsigned most, unsigned most_per_peer)
{
	struct httpd_door *door = memory_new(sizeof(*door));

	door->fd = fd;
	door->most = most;
	door->most_per_peer = most_per_peer;
	door->wake = -1;
	pthread_mutex_init(&door->lock, NULL);
	return door;
}

bool httpd_door_open(struct httpd_door *door, struct MHD_Daemon *daemon)
{
	door->daemon = daemon;
	door->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (door->wake < 0)
		return false;
	errno = pthread_create(&door->thread, NULL, stand, door);
	door->open = errno == 0;
	return door->open;
}

void httpd_door_begun(struct httpd_door *door)
{
	pthread_mutex_lock(&door->lock);
	MUST(door->handed > 0);
	door->handed--;
	pthread_mutex_unlock(&door->lock);
}

void httpd_door_left(struct httpd_door *door, const struct sockaddr *from)
{
	struct peer *peer;
	bool was_full;

	pthread_mutex_lock(&door->lock);
	peer = peer_of(door, from);
	MUST(peer->inside > 0);
	if (--peer->inside == 0) {
		tdelete(peer, &door->peers, by_address);
		memory_free(peer);
	}
	was_full = door->inside-- >= door->most;
	pthread_mutex_unlock(&door->lock);
	if (was_full)
		wake(door);
}

static bool handing_over(struct httpd_door *door)
{
	bool handing_over;

	pthread_mutex_lock(&door->lock);
	handing_over = door->handed > 0;
	pthread_mutex_unlock(&door->lock);
	return handing_over;
}

void httpd_door_shut(struct httpd_door *door)
{
	instant until = clock_monotonic();

	if (door->open) {
		atomic_store(&door->shut, true);
		wake(door);
		pthread_join(door->thread, NULL);
		door->open = false;
		until = clock_monotonic() + HANDING_OVER;
	}
	if (door->fd >= 0)
		close(door->fd);
	door->fd = -1;
	/* A daemon that stops reads its list of new ones without its lock. */
	while (handing_over(door) && clock_monotonic() < until)
		clock_sleep(1000);
}

void httpd_door_free(struct httpd_door **ref)
{
	struct httpd_door *door = *ref;

	if (!door)
		return;
	httpd_door_shut(door);
	if (door->wake >= 0)
		close(door->wake);
	/* The library says nothing of whom it had not begun with. */
	tdestroy(door->peers, memory_free);
	pthread_mutex_destroy(&door->lock);
	memory_free(door);
	*ref = NULL;
}
