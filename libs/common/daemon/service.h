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
/*
 * Reads files anew, on the main thread. OK: what they say is in force. Anything
 * else: they are refused for `reterr`, and what was before stays in force.
 * `asked`: by SIGHUP.
 */
typedef enum status service_reload(
	void *context, bool asked, struct reason *reterr);
/*
 * Called on SIGHUP. A refusal is logged as an error by the id `refused`, but
 * not again for the same reason where nobody asked and no file has changed.
 */
void service_on_reload(struct service *service, service_reload *reload,
	void *context, const char *refused);

struct service_watch {
	/* A stamp (base/stamp.h) of the files that are read. */
	uint64_t (*look)(void *context);
	void *context;
	uint64_t taken; /* what it would have returned as they were read last */
	instant every;  /* a look; 0: a second */
};
/*
 * Reloads by itself when the stamp is another than before and stays so until
 * the next look: files that are being written are left alone. What was refused
 * is tried again every 30 looks also where the stamp stays as it is: a file
 * that it names, and only it, may come later.
 */
void service_on_change(
	struct service *service, const struct service_watch *watch);

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
