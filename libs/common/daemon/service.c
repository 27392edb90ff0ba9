/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LOOPS_MAX 64
#define AGAIN_LOOKS 30

struct loop {
	struct service *service;
	const char *name;
	service_loop *run;
	void *context;
	pthread_t thread;
};

struct service {
	const char *name;
	sigset_t signals;
	pthread_t main_thread;
	atomic_bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int code;
	struct loop loops[LOOPS_MAX];
	int loop_count;
	service_reload *reload;
	void *reload_context;
	const char *refused_id;
	bool refused; /* what was read last */
	struct reason why;
	struct service_watch watch; /* `taken` is kept up to date */
	uint64_t seen;              /* the stamp of the last look */
	int looks;                  /* since files were read */
};

struct service *service_new(const char *name)
{
	struct service *service = memory_new(sizeof(*service));
	pthread_condattr_t monotonic;

	service->name = name;
	service->main_thread = pthread_self();
	sigemptyset(&service->signals);
	sigaddset(&service->signals, SIGTERM);
	sigaddset(&service->signals, SIGINT);
	sigaddset(&service->signals, SIGHUP);
	sigaddset(&service->signals, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &service->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	pthread_mutex_init(&service->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&service->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return service;
}

void service_free(struct service **service)
{
	if (!*service)
		return;
	pthread_cond_destroy(&(*service)->changed);
	pthread_mutex_destroy(&(*service)->lock);
	memory_free(*service);
	*service = NULL;
}

int service_exit_code(enum status status)
{
	switch (status) {
	case OK:
		return 0;
	case REJECT:
		return EXIT_USAGE;
	case CONFIG:
		return EXIT_SETTINGS;
	case IGNORED:
	case RETRY:
		break;
	}
	return EXIT_FAILED;
}

/* Wakes the sleepers, and the main thread out of sigwait (SIGUSR2: ours). */
static void stop(struct service *service, int code)
{
	pthread_mutex_lock(&service->lock);
	if (!atomic_load(&service->stopping)) {
		service->code = code;
		atomic_store(&service->stopping, true);
	}
	pthread_cond_broadcast(&service->changed);
	pthread_mutex_unlock(&service->lock);
}

void service_fail(struct service *service, enum status status,
	const struct reason *reason)
{
	log_reason(LOG_ERROR, "SERVICE-FAILED", reason);
	stop(service, status == CONFIG ? EXIT_SETTINGS : EXIT_FAILED);
	pthread_kill(service->main_thread, SIGUSR2);
}

static void *run_loop(void *context)
{
	struct loop *loop = context;
	struct reason reason = {.sentence = "ended without being asked to"};
	enum status status = loop->run(loop->context, loop->service, &reason);

	if (status != OK || !service_stopping(loop->service)) {
		reason_within(&reason, loop->name);
		service_fail(loop->service, status, &reason);
	}
	return NULL;
}

void service_start(struct service *service, const char *name, service_loop *run,
	void *context)
{
	struct loop *loop;
	int failed;

	MUST(service->loop_count < LOOPS_MAX);
	loop = &service->loops[service->loop_count++];
	*loop = (struct loop){.service = service,
		.name = name,
		.run = run,
		.context = context};
	failed = pthread_create(&loop->thread, NULL, run_loop, loop);
	if (failed)
		BUG("no thread for %s: %s", name, strerror(failed));
}

void service_on_reload(struct service *service, service_reload *reload,
	void *context, const char *refused)
{
	MUST(reload && refused);
	service->reload = reload;
	service->reload_context = context;
	service->refused_id = refused;
}

void service_on_change(
	struct service *service, const struct service_watch *watch)
{
	MUST(service->reload && watch->look && watch->every >= 0);
	service->watch = *watch;
	if (!service->watch.every)
		service->watch.every = INSTANT_SECOND;
	service->seen = watch->taken;
}

bool service_stopping(const struct service *service)
{
	return atomic_load(&service->stopping);
}

void service_sleep(struct service *service, instant wait)
{
	instant end = clock_monotonic() + wait;
	struct timespec until = {
		.tv_sec = end / INSTANT_SECOND,
		.tv_nsec = (end % INSTANT_SECOND) * 1000,
	};

	pthread_mutex_lock(&service->lock);
	while (!atomic_load(&service->stopping))
		if (pthread_cond_timedwait(&service->changed, &service->lock,
			    &until) == ETIMEDOUT)
			break;
	pthread_mutex_unlock(&service->lock);
}

enum cause { ASKED, CHANGED, REFUSED };

static void reload(struct service *service, enum cause cause)
{
	static const char *const names[] = {"signal", "files", "again"};
	struct service_watch *watch = &service->watch;
	struct reason why = {0};
	bool told;

	if (watch->look)
		watch->taken = watch->look(watch->context);
	log_line(cause == REFUSED ? LOG_DEBUG : LOG_INFO, "SERVICE-RELOAD",
		LOG_TEXT("service", service->name),
		LOG_TEXT("cause", names[cause]));
	service->looks = 0;
	service->refused = service->reload(service->reload_context,
				   cause == ASKED, &why) != OK;
	if (!service->refused)
		return;
	told = cause == REFUSED && reason_same(&why, &service->why);
	log_reason(told ? LOG_DEBUG : LOG_ERROR, service->refused_id, &why);
	service->why = why;
}

static void look_at_files(struct service *service)
{
	struct service_watch *watch = &service->watch;
	uint64_t stamp = watch->look(watch->context);
	bool settled = stamp == service->seen;

	service->seen = stamp;
	service->looks++;
	if (settled && stamp != watch->taken)
		reload(service, CHANGED);
	else if (settled && service->refused && service->looks >= AGAIN_LOOKS)
		reload(service, REFUSED);
}

/* 0: none until the next look; without files to look at it waits for ever. */
static int next_signal(const struct service *service)
{
	const struct timespec wait = {
		.tv_sec = service->watch.every / INSTANT_SECOND,
		.tv_nsec = (service->watch.every % INSTANT_SECOND) * 1000,
	};
	int number = 0;

	if (!service->watch.look) {
		sigwait(&service->signals, &number);
		return number;
	}
	number = sigtimedwait(&service->signals, NULL, &wait);
	return number < 0 ? 0 : number;
}

int service_wait(struct service *service)
{
	while (!service_stopping(service)) {
		int number = next_signal(service);

		if (number == 0 && service->watch.look) {
			look_at_files(service);
		} else if (number == SIGHUP && service->reload) {
			reload(service, ASKED);
		} else if (number == SIGTERM || number == SIGINT) {
			log_line(LOG_INFO, "SERVICE-STOPPING",
				LOG_TEXT("service", service->name));
			stop(service, 0);
		}
	}
	for (int i = 0; i < service->loop_count; i++)
		pthread_join(service->loops[i].thread, NULL);
	log_line(LOG_INFO, "SERVICE-ENDED", LOG_TEXT("service", service->name),
		LOG_NUMBER("code", service->code));
	return service->code;
}
