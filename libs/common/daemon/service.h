/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of a process: signals, loops (one thread each), an orderly end. The
 * first loop that fails for good ends the process with its sentence; a
 * supervisor restarts it.
 *
 * Exit codes: 0 ended as asked, 1 settings or files, 2 usage, 3 a loop failed.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"

#include <stdbool.h>

struct service;

#define EXIT_SETTINGS 1
#define EXIT_USAGE 2
#define EXIT_FAILED 3
/* The exit code of a start that came to this: OK 0, REJECT (of the command
 * line) EXIT_USAGE, CONFIG EXIT_SETTINGS, else EXIT_FAILED. */
int service_exit_code(enum status status);

/* Blocks SIGTERM, SIGINT, SIGHUP for all threads and ignores SIGPIPE: call it
 * before anything starts a thread. */
struct service *service_new(const char *name);
void service_free(struct service **service);

/* Runs until it returns. OK: it saw service_stopping. Anything else ends the
 * process with `reterr` and EXIT_FAILED (CONFIG: EXIT_SETTINGS). */
typedef enum status service_loop(
	void *context, struct service *service, struct reason *reterr);
void service_start(struct service *service, const char *name,
	service_loop *loop, void *context);
/* Called on SIGHUP, on the main thread; may be NULL. */
void service_on_reload(
	struct service *service, void (*reload)(void *context), void *context);

/*
 * Reloads as SIGHUP does when what `look` returns (a stamp of the files that
 * are read, base/stamp.h) is another than before and stays so until the next
 * look a second later: files that are being written are left alone. `taken` is
 * what it would have returned as the files were read last. On the main thread.
 */
void service_on_change(struct service *service, uint64_t (*look)(void *context),
	void *context, uint64_t taken);

/* True once the process was asked to end or a loop failed. Any thread. */
bool service_stopping(const struct service *service);
/* Sleeps up to `wait`, wakes early when stopping. */
void service_sleep(struct service *service, instant wait);
/* Ends the process as if a loop had failed. Any thread. */
void service_fail(struct service *service, enum status status,
	const struct reason *reason);
/* Waits for a signal or a failure, then for all loops; returns the exit code.
 * Loops run their own orderly end when they see service_stopping. */
int service_wait(struct service *service);
