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

#define REFUSED "TEST-RELOAD-FAILED"
#define QUICK (INSTANT_SECOND / 1000)

static enum status count(void *context, bool asked, struct reason *reterr)
{
	(void)reterr;
	assert_true(asked);
	++*(int *)context;
	kill(getpid(), SIGTERM);
	return OK;
}

static void test_service__reloads_on_sighup_and_goes_on(void **state)
{
	struct service *service = service_new("test");
	int reloads = 0;

	(void)state;
	service_on_reload(service, count, &reloads, REFUSED);
	kill(getpid(), SIGHUP);
	assert_int_equal(service_wait(service), 0);
	assert_int_equal(reloads, 1);
	service_free(&service);
}

struct looked {
	int looks, reloads;
	const uint64_t *stamps; /* one per look, the last one again */
	int stamp_count;
	int asks, ends; /* SIGHUP and SIGTERM at that look; 0: never */
	/* By reload: refused for that; NULL, also after the last: in force. */
	const char *const *refusals;
	int refusal_count;
	int at[8]; /* the look before each reload */
};

static uint64_t look(void *context)
{
	struct looked *looked = context;
	int number = looked->looks++;

	if (looked->looks == looked->asks)
		kill(getpid(), SIGHUP);
	if (looked->looks == looked->ends)
		kill(getpid(), SIGTERM);
	return looked->stamps[number < looked->stamp_count
				      ? number
				      : looked->stamp_count - 1];
}

static enum status reload_looked(
	void *context, bool asked, struct reason *reterr)
{
	struct looked *looked = context;
	int number = looked->reloads++;
	const char *why = number < looked->refusal_count
				  ? looked->refusals[number]
				  : NULL;

	assert_int_equal(asked, looked->asks && looked->looks > looked->asks &&
					looked->looks < looked->asks + 3);
	assert_true(number < 8);
	looked->at[number] = looked->looks;
	if (!why)
		return OK;
	reason_set(reterr, "file:1:2", "%s", why);
	return CONFIG;
}

static void watch(struct looked *looked)
{
	struct service *service = service_new("test");

	service_on_reload(service, reload_looked, looked, REFUSED);
	service_on_change(service, &(struct service_watch){.look = look,
					   .context = looked,
					   .taken = 1,
					   .every = QUICK});
	assert_int_equal(service_wait(service), 0);
	service_free(&service);
}

static void test_service__reloads_when_files_changed_and_settled(void **state)
{
	/* One being written, one more, two looks alike, before it is read. */
	static const uint64_t stamps[] = {2, 3, 3};
	struct looked looked = {
		.stamps = stamps, .stamp_count = 3, .ends = 100};

	(void)state;
	watch(&looked);
	assert_int_equal(looked.reloads, 1);
	assert_int_equal(looked.at[0], 4);
}

static void test_service__tries_again_what_was_refused(void **state)
{
	static const uint64_t stamps[] = {2};
	static const char *const refusals[] = {"no such file", "no such file"};
	struct looked looked = {.stamps = stamps,
		.stamp_count = 1,
		.ends = 200,
		.refusals = refusals,
		.refusal_count = 2};

	(void)state;
	watch(&looked);
	/* Each reload takes one look more, for the stamp of what it reads. */
	assert_int_equal(looked.reloads, 3);
	assert_int_equal(looked.at[0], 3);
	assert_int_equal(looked.at[1], looked.at[0] + 31);
	assert_int_equal(looked.at[2], looked.at[1] + 31);
}

static void test_service__does_not_read_what_is_being_written(void **state)
{
	uint64_t stamps[60];
	static const char *const refusals[] = {"half a file"};
	struct looked looked = {.stamps = stamps,
		.stamp_count = 60,
		.ends = 100,
		.refusals = refusals,
		.refusal_count = 1};

	(void)state;
	for (uint64_t i = 0; i < 60; i++)
		stamps[i] = i < 10 ? 2 : i;
	watch(&looked);
	/* Not when its turn to be tried again is, but when it has settled. */
	assert_int_equal(looked.reloads, 2);
	assert_int_equal(looked.at[1], 62);
}

/* How often the log has a line of REFUSED while a service watches. */
static int lines_of_refusals(struct looked *looked)
{
	FILE *file = tmpfile();
	char line[1000];
	int saved = dup(STDOUT_FILENO), count = 0;

	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	watch(looked);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	while (fgets(line, sizeof(line), file))
		count += strstr(line, "level=error id=" REFUSED) != NULL;
	fclose(file);
	return count;
}

static void test_service__tells_the_same_refusal_once(void **state)
{
	static const uint64_t stamps[] = {2};
	/* Said, silent, said as another, silent, said as somebody asked. */
	static const char *const refusals[] = {"no such file", "no such file",
		"not ours to read", "not ours to read", "not ours to read"};
	struct looked looked = {.stamps = stamps,
		.stamp_count = 1,
		.asks = 110,
		.ends = 120,
		.refusals = refusals,
		.refusal_count = 5};

	(void)state;
	assert_int_equal(lines_of_refusals(&looked), 3);
	assert_int_equal(looked.reloads, 5);
}
