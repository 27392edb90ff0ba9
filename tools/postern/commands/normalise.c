/* SPDX-License-Identifier: Apache-2.0 */
/* postern normalise: what ingest would make of a delivery, without any server.
 */
#include "command.h"
#include "input.h"
#include "translate/normalise.h"

#include <stdio.h>

static const struct option_row options[] = {
	{"tool", .required = true, .value = "T",
		.sentence = "whose delivery it is: github, argocd, trivy, "
			    "cloudevents, ..."},
	{"header", .repeated = true, .value = "'K: V'",
		.sentence = "a header of the delivery, such as "
			    "X-GitHub-Event"},
	{"source", .value = "NAME",
		.sentence = "name of the source; the tool's name if absent"},
	{"tenant", .value = "NAME", .sentence = "default if absent"},
	{"subjects", .value = "FILE", .env = "POSTERN_INGEST_SUBJECTS",
		.sentence = "subjects.yaml, to see what its rules map"},
	{"received", .value = "TIME",
		.sentence = "receipt time, RFC 3339; now if absent"},
	{0},
};

static enum status make_input(const struct command_line *line,
	struct input *file, struct normalise_input *ret, struct reason *reterr)
{
	const struct option_value *headers = command_values(line, "header");
	const char *received = command_option(line, "received");
	enum status status =
		input_read(line->arena, line->words[0], file, reterr);

	for (size_t i = 0; status == OK && i < headers->count; i++)
		status = input_header(
			line->arena, file, headers->values[i], reterr);
	if (status != OK)
		return status;
	*ret = (struct normalise_input){.tool = command_option(line, "tool"),
		.source = command_option(line, "source"),
		.tenant = command_option(line, "tenant"),
		.subjects = command_option(line, "subjects"),
		.headers = file->headers,
		.header_count = file->header_count,
		.body = file->body,
		.size = file->size,
		.received = clock_now(&clock_wall)};
	if (!received)
		return OK;
	status = instant_parse(
		received, strlen(received), &ret->received, reterr);
	if (status != OK)
		reason_within(reterr, "--received");
	return status;
}

static int run(const struct command_line *line)
{
	struct input file;
	struct normalise_input input;
	struct normalised result = {0};
	struct reason reason = {0};
	enum status status = make_input(line, &file, &input, &reason);

	if (status == OK)
		status = normalise(line->arena, &input, &result, &reason);
	if (status == IGNORED) {
		fprintf(stderr, "postern normalise: nothing in it is used\n");
		return COMMAND_DONE;
	}
	if (status != OK)
		return command_failed(line, status, &reason);
	for (size_t i = 0; i < result.count; i++)
		puts(result.records[i].value);
	return COMMAND_DONE;
}

const struct command command_normalise = {
	.name = "normalise",
	.words = "FILE|-",
	.sentence = "Prints the evidence that a delivery would become, one "
		    "JSON object per line; needs no server.",
	.least_words = 1,
	.most_words = 1,
	.options = options,
	.run = run,
};
