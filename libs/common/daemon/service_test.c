/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service.h"

static enum status until_stopped(
	void *context, struct service *service, struct reason *reterr)
{
	int *turns = context;

	(void)reterr;
	/* At least one turn: the signal may come before this thread does. */
	do {
		(*turns)++;
		service_sleep(service, 60 * INSTANT_SECOND);
	} while (!service_stopping(service));
	return OK;
}

static enum status fails(
	void *context, struct service *service, struct reason *reterr)
{
	(void)service;
	reason_set(reterr, NULL, "no luck");
	return *(enum status *)context;
}

static void test_service__ends_with_0_when_it_is_asked_to(void **state)
{
	struct service *service = service_new("test");
	int turns = 0;

	(void)state;
	service_start(service, "loop", until_stopped, &turns);
	kill(getpid(), SIGTERM);
	assert_int_equal(service_wait(service), 0);
	assert_int_equal(turns, 1);
	service_free(&service);
}

static void test_service__a_failing_loop_ends_the_others_too(void **state)
{
	struct service *service = service_new("test");
	enum status status = RETRY;
	int turns = 0;

	(void)state;
	service_start(service, "loop", until_stopped, &turns);
	service_start(service, "bad", fails, &status);
	assert_int_equal(service_wait(service), EXIT_FAILED);
	service_free(&service);
}

static void test_service__a_loop_that_merely_returns_is_a_failure(void **state)
{
	struct service *service = service_new("test");
	enum status status = OK;

	(void)state;
	service_start(service, "bad", fails, &status);
	assert_int_equal(service_wait(service), EXIT_FAILED);
	service_free(&service);
}

static void test_service__wrong_settings_have_their_own_code(void **state)
{
	struct service *service = service_new("test");
	enum status status = CONFIG;

	(void)state;
	service_start(service, "bad", fails, &status);
	assert_int_equal(service_wait(service), EXIT_SETTINGS);
	service_free(&service);
}

static void count(void *context)
{
	++*(int *)context;
	kill(getpid(), SIGTERM);
}

static void test_service__reloads_on_sighup_and_goes_on(void **state)
{
	struct service *service = service_new("test");
	int reloads = 0;

	(void)state;
	service_on_reload(service, count, &reloads);
	kill(getpid(), SIGHUP);
	assert_int_equal(service_wait(service), 0);
	assert_int_equal(reloads, 1);
	service_free(&service);
}

struct looked {
	int looks, reloads;
	const uint64_t *stamps; /* one per look, the last one again */
};

static uint64_t look(void *context)
{
	struct looked *looked = context;

	return looked->stamps[looked->looks < 4 ? looked->looks++ : 4];
}

static void reload_looked(void *context)
{
	struct looked *looked = context;

	looked->reloads++;
	kill(getpid(), SIGTERM);
}

static void test_service__reloads_when_files_changed_and_settled(void **state)
{
	/* One being written, one more, two looks alike, before it is read. */
	static const uint64_t stamps[] = {2, 3, 3, 3, 3};
	struct looked looked = {.stamps = stamps};
	struct service *service = service_new("test");

	(void)state;
	service_on_reload(service, reload_looked, &looked);
	service_on_change(service, look, &looked, 1);
	assert_int_equal(service_wait(service), 0);
	assert_int_equal(looked.reloads, 1);
	assert_int_equal(looked.looks, 4);
	service_free(&service);
}
