/* SPDX-License-Identifier: Apache-2.0 */
/* What each service would run with: its environment and its file. */
#include "doctor.h"

#include "daemon/common.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

extern char **environ;

static enum status load_ingest(
	struct doctor *doctor, int argc, char **argv, struct reason *reterr)
{
	enum settings_wish wish;
	int number;

	return ingest_settings_load(doctor->arena, argc, argv, &doctor->ingest,
		&wish, &number, reterr);
}

static enum status load_evaluator(
	struct doctor *doctor, int argc, char **argv, struct reason *reterr)
{
	const struct settings_program program = {.service = "evaluator",
		.sentence = "",
		.table = evaluator_table,
		.switches = evaluator_switches,
		.values = &doctor->evaluator,
		.arena = doctor->arena};
	enum settings_wish wish;
	int number;

	return settings_load(&program, argc, argv, &wish, &number, reterr);
}

static enum status load_notifier(
	struct doctor *doctor, int argc, char **argv, struct reason *reterr)
{
	const struct settings_program program = {.service = "notifier",
		.sentence = "",
		.table = notifier_table,
		.switches = notifier_switches,
		.values = &doctor->notifier,
		.arena = doctor->arena};
	enum settings_wish wish;
	int number;
	enum status status =
		settings_load(&program, argc, argv, &wish, &number, reterr);

	return status == OK ? notifier_settings_check(&doctor->notifier, reterr)
			    : status;
}

/* Is a variable of this service set? `ret` is what their names begin with. */
static bool in_environment(enum doctor_service service, char ret[32])
{
	snprintf(ret, 32, "POSTERN_%s_", doctor_service_name(service));
	for (char *c = ret; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	for (char **one = environ; *one; one++)
		if (strncmp(*one, ret, strlen(ret)) == 0)
			return true;
	return false;
}

static void load(
	struct doctor *doctor, enum doctor_service service, const char *file)
{
	static enum status (*const loads[DOCTOR_SERVICES])(struct doctor *, int,
		char **,
		struct reason *) = {load_ingest, load_evaluator, load_notifier};
	struct common_settings *const commons[DOCTOR_SERVICES] = {
		&doctor->ingest.common, &doctor->evaluator.common,
		&doctor->notifier.common};
	const char *name = doctor_service_name(service);
	char prefix[32];
	char *argv[] = {arena_printf(doctor->arena, "postern-%s", name),
		arena_string(doctor->arena, "--config"),
		file ? arena_string(doctor->arena, file) : NULL, NULL};
	struct reason reason = {0};
	enum status status;

	if (!in_environment(service, prefix) && !file) {
		doctor_say(doctor, FINDING_WARN, "settings", name,
			arena_printf(doctor->arena,
				"give its file by --%s, or its variables",
				name),
			"neither a file nor %s* is given: not looked at",
			prefix);
		return;
	}
	status = loads[service](doctor, file ? 3 : 1, argv, &reason);
	if (status == OK)
		status = common_kafka(doctor->arena, commons[service],
			"postern doctor", &doctor->kafka[service], &reason);
	if (status != OK) {
		doctor_say_reason(doctor, FINDING_FAIL, "settings", name,
			"the service would not start: mend it", &reason);
		return;
	}
	doctor->common[service] = commons[service];
	doctor->given[service] = true;
	doctor_say(doctor, FINDING_OK, "settings", name, NULL, "valid%s%s",
		file ? ", from " : "", file ? file : "");
}

bool doctor_is_given(const char *const files[DOCTOR_SERVICES])
{
	char prefix[32];

	for (int i = 0; i < DOCTOR_SERVICES; i++)
		if (files[i] || in_environment((enum doctor_service)i, prefix))
			return true;
	return false;
}

void doctor_settings(
	struct doctor *doctor, const char *const files[DOCTOR_SERVICES])
{
	if (!doctor_is_given(files))
		return; /* running processes only */
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		load(doctor, (enum doctor_service)i, files[i]);
}
