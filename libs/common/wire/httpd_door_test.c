/* SPDX-License-Identifier: Apache-2.0 */
/* Who is let in, who waits, who is refused. */
#include "wire/httpd_testing.h"

#include <dirent.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

/* What every thread of the process has computed so far. */
static instant computed(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return time.tv_sec * INSTANT_SECOND + time.tv_nsec / 1000;
}

static void answered(int fd)
{
	char text[1000];

	hear(fd, "\r\n\r\n", text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 200 "));
}

static int refusal(const struct fixture *f)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = connect_to(httpd_port(f->httpd), fd);

	close(fd);
	return error;
}

static struct httpd_request *waiting(struct fixture *f)
{
	struct httpd_request *request = NULL;

	while (!request) {
		pthread_mutex_lock(&f->lock);
		request = f->waiting;
		f->waiting = NULL;
		pthread_mutex_unlock(&f->lock);
		sched_yield();
	}
	return request;
}

static void test_httpd_door__a_quiet_server_only_finishes(void **state)
{
	struct fixture *f = begin(LATER);
	int fd = dial(f);
	instant before;

	(void)state;
	say(fd, GET);
	while (f->ends == 0)
		sched_yield();
	httpd_quiesce(f->httpd);
	httpd_quiesce(f->httpd);
	assert_int_equal(refusal(f), ECONNREFUSED);
	/* It waits, and does not go round in circles. */
	before = computed();
	clock_sleep(300000);
	assert_true(computed() - before < 100000);
	httpd_reply(waiting(f), &f->answer);
	answered(fd);
	say(fd, GET);
	httpd_reply(waiting(f), &f->answer);
	answered(fd);
	close(fd);
	end(f);
}

/* Until the other kernel end has it: the connection is there, taken or not. */
static void until_received(int fd)
{
	int left = 1;

	while (left) {
		assert_int_equal(ioctl(fd, SIOCOUTQ, &left), 0);
		sched_yield();
	}
}

static void test_httpd_door__who_came_before_is_answered(void **state)
{
	struct fixture *f = begin(AT_END);
	int fds[15];

	(void)state;
	for (int i = 0; i < 15; i++) {
		fds[i] = dial(f);
		say(fds[i], GET);
	}
	for (int i = 0; i < 15; i++)
		until_received(fds[i]);
	httpd_quiesce(f->httpd);
	for (int i = 0; i < 15; i++) {
		answered(fds[i]);
		close(fds[i]);
	}
	end(f);
}

static void test_httpd_door__one_too_many_waits_for_room(void **state)
{
	struct fixture *f = begin_with(AT_END, 2, 3, 3);
	struct pollfd ready = {.events = POLLIN};
	int fds[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		fds[i] = dial(f);
		say(fds[i], GET);
		answered(fds[i]);
	}
	ready.fd = dial(f);
	say(ready.fd, GET);
	assert_int_equal(poll(&ready, 1, 100), 0);
	assert_int_equal(f->heads, 3);
	close(fds[1]);
	answered(ready.fd);
	close(ready.fd);
	close(fds[0]);
	close(fds[2]);
	end(f);
}

static void test_httpd_door__a_peer_too_often_is_closed(void **state)
{
	struct fixture *f = begin_with(AT_END, 2, 4, 2);
	char text[100];
	int fds[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		fds[i] = dial(f);
		say(fds[i], GET);
		answered(fds[i]);
	}
	/* More often than there is room: nobody who was closed takes any. */
	for (int i = 0; i < 6; i++) {
		int fd = dial(f);

		hear(fd, NULL, text, sizeof(text));
		assert_string_equal(text, "");
		close(fd);
	}
	assert_int_equal(f->heads, 2);
	close(fds[0]);
	close(fds[1]);
	end(f);
}

static int lowest_free(void)
{
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

static void test_httpd_door__waits_where_no_file_can_be_opened(void **state)
{
	struct fixture *f = begin(AT_END);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd ready = {fd, POLLIN, 0};
	struct rlimit limit, none;
	instant before = computed();

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)lowest_free();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(connect_to(httpd_port(f->httpd), fd), 0);
	say(fd, GET);
	clock_sleep(300000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(computed() - before < 100000);
	assert_int_equal(f->heads, 0);
	assert_int_equal(poll(&ready, 1, 8000), 1);
	answered(fd);
	close(fd);
	end(f);
}

static int open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

struct crowd {
	atomic_uint port; /* 0: nowhere to go */
	atomic_bool over;
	atomic_long answered;
};

/* Comes and goes as fast as it can; asserts nothing: it is not the test. */
static void *come_and_go(void *context)
{
	struct crowd *crowd = context;

	while (!atomic_load(&crowd->over)) {
		unsigned port = atomic_load(&crowd->port);
		struct timeval patience = {8, 0};
		char text[100];
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience));
		if (port && connect_to(port, fd) == 0 &&
			send(fd, GET, strlen(GET), MSG_NOSIGNAL) > 0 &&
			recv(fd, text, sizeof(text), 0) > 0)
			crowd->answered++;
		else
			sched_yield();
		close(fd);
	}
	return NULL;
}

/* With so little room the door is at its limit most of the time. */
static void test_httpd_door__can_be_shut_in_the_midst_of_a_crowd(void **state)
{
	struct crowd crowd = {0};
	pthread_t threads[5];
	int files = open_files();
	instant until;

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, come_and_go, &crowd),
			0);
	until = clock_monotonic() + INSTANT_SECOND;
	for (int i = 0; i < 20 || clock_monotonic() < until; i++) {
		struct fixture *f = begin_with(AT_END, 4, 8, 8);

		atomic_store(&crowd.port, httpd_port(f->httpd));
		clock_sleep((i % 8) * 250);
		httpd_quiesce(f->httpd);
		assert_int_equal(refusal(f), ECONNREFUSED);
		atomic_store(&crowd.port, 0);
		end(f);
	}
	atomic_store(&crowd.over, true);
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	assert_true(crowd.answered > 0);
	assert_int_equal(open_files(), files);
}
