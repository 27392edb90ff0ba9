/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: would this installation work, and what has to be done? */
#include "command.h"
#include "doctor.h"

#include "base/log.h"

#include <stdio.h>

static const struct option_row options[] = {
	{"ingest", .value = "FILE", .env = "POSTERN_INGEST_CONFIG",
		.sentence = "ingest's --config file; POSTERN_INGEST_* are "
			    "looked at as well"},
	{"evaluator", .value = "FILE", .env = "POSTERN_EVALUATOR_CONFIG",
		.sentence = "the same of the evaluator"},
	{"notifier", .value = "FILE", .env = "POSTERN_NOTIFIER_CONFIG",
		.sentence = "the same of the notifier"},
	{"process", .value = "URL", .repeated = true,
		.sentence = "admin address of a running process: its checks "
			    "are told, too"},
	{"strict", .flag = true, .sentence = "exit with 1 for warnings, too"},
	{"json", .flag = true,
		.sentence = "an array of {finding, check, what, sentence, do}"},
	{0},
};

static int run(const struct command_line *line)
{
	const char *const files[DOCTOR_SERVICES] = {
		command_option(line, "ingest"),
		command_option(line, "evaluator"),
		command_option(line, "notifier")};
	const struct option_value *urls = command_values(line, "process");
	struct doctor doctor = {
		.arena = line->arena, .wait = 5 * INSTANT_SECOND};
	struct strbuf out;

	if (!doctor_is_given(files) && !urls->count) {
		fputs("postern doctor: nothing to look at: give --ingest, "
		      "--evaluator, --notifier FILE, their variables, or "
		      "--process URL\n",
			stderr);
		return COMMAND_USAGE;
	}
	doctor_settings(&doctor, files);
	/* Reading a service's settings sets its log up; ours is the report. */
	log_setup(LOG_ERROR, false);
	doctor_kafka(&doctor);
	doctor_databases(&doctor);
	doctor_files(&doctor);
	for (size_t i = 0; i < urls->count; i++)
		doctor_process(&doctor, urls->values[i]);
	strbuf_init(&out, 16u << 20);
	doctor_write(&doctor, command_option(line, "json") != NULL, &out);
	fputs(out.text, stdout);
	strbuf_release(&out);
	if (doctor_count(&doctor, FINDING_FAIL) ||
		(command_option(line, "strict") &&
			doctor_count(&doctor, FINDING_WARN)))
		return COMMAND_REFUSED;
	return COMMAND_DONE;
}

const struct command command_doctor = {
	.name = "doctor",
	.words = "",
	.sentence = "Looks at everything the services need and says what to "
		    "do; changes nothing.",
	.options = options,
	.run = run,
};
