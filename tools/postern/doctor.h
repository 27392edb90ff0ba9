/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For doctor*.c and commands/doctor.c: what `postern doctor` found, a line for
 * each thing it looked at. It changes nothing anywhere.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "base/strbuf.h"
#include "services/evaluator/settings.h"
#include "services/ingest/settings.h"
#include "services/notifier/settings.h"

enum finding { FINDING_OK, FINDING_WARN, FINDING_FAIL, FINDINGS };

struct doctor_row {
	enum finding finding;
	const char *check; /* broker, topic, database, ... */
	const char *what;  /* which of them */
	const char *sentence;
	const char *advice; /* what to do; NULL where all is well */
};

enum doctor_service {
	DOCTOR_INGEST,
	DOCTOR_EVALUATOR,
	DOCTOR_NOTIFIER,
	DOCTOR_SERVICES
};

struct doctor {
	struct arena *arena;
	instant wait; /* for one answer */
	struct doctor_row *rows;
	size_t count, room;
	/* As each service would run; void where `given` is false. */
	bool given[DOCTOR_SERVICES];
	struct ingest_settings ingest;
	struct evaluator_settings evaluator;
	struct notifier_settings notifier;
	const struct common_settings *common[DOCTOR_SERVICES];
	struct kafka_settings kafka[DOCTOR_SERVICES];
	bool away[DOCTOR_SERVICES]; /* its brokers do not answer */
};

const char *doctor_service_name(enum doctor_service service);

/* --- doctor_report.c --- */

/* All texts are kept; `advice` NULL for what is well. */
void doctor_say(struct doctor *doctor, enum finding finding, const char *check,
	const char *what, const char *advice, const char *fmt, ...)
	PRINTF(6, 7);
/* The reason's place and sentence as the sentence. */
void doctor_say_reason(struct doctor *doctor, enum finding finding,
	const char *check, const char *what, const char *advice,
	const struct reason *reason);
size_t doctor_count(const struct doctor *doctor, enum finding finding);
/* A line each, and how many there were; or an array of objects. */
void doctor_write(const struct doctor *doctor, bool json, struct strbuf *out);

/* --- one file for what each looks at --- */

/* Is any of them given, as a file or by its environment? */
bool doctor_is_given(const char *const files[DOCTOR_SERVICES]);
/* Flags are not looked at: environment, and `files` (NULL: none). */
void doctor_settings(
	struct doctor *doctor, const char *const files[DOCTOR_SERVICES]);
void doctor_kafka(struct doctor *doctor);
void doctor_databases(struct doctor *doctor);
/* sources, subjects, pack, roles, routes; then each sink of the routes. */
void doctor_files(struct doctor *doctor);
/* /readyz of a running process. */
void doctor_process(struct doctor *doctor, const char *url);
