/* SPDX-License-Identifier: Apache-2.0 */
/* postern why: one verdict, what decided it and what would change it. */
#include "command.h"
#include "database.h"
#include "wire/json.h"

#include <stdio.h>

static const struct option_row options[] = {
	{"json", .flag = true, .sentence = "one JSON object"},
	DATABASE_OPTIONS,
	{0},
};

static void text(const struct json *record, const char *title, const char *path)
{
	const char *value = json_text_at(record, path, "");

	if (*value)
		printf("%-13s %s\n", title, value);
}

static void print_head(const struct json *record)
{
	printf("%s for %s: %s\n", json_text_at(record, "criterion", "?"),
		json_text_at(record, "subject", "?"),
		json_text_at(record, "verdict", "?"));
	text(record, "criterion", "sentence");
	text(record, "why", "summary");
	text(record, "would change", "would_change");
	text(record, "since", "since");
	text(record, "judged at", "judged_at");
	text(record, "next change", "next_change");
	text(record, "accountable", "role");
	text(record, "severity", "severity");
	text(record, "clock", "profile");
	text(record, "follows from", "suppressed_by");
	text(record, "episode", "episode.id");
	text(record, "pack", "pack.name");
	text(record, "", "pack.version");
	text(record, "", "pack.digest");
}

static void print_lists(const struct json *record, const struct json *evidence)
{
	if (json_count(json_get(record, "deciding")))
		puts("\ndeciding values");
	JSON_EACH (json_get(record, "deciding"), walk)
		printf("  %s = %s  %.12s\n",
			json_text_at(walk.value, "name", ""),
			json_text_at(walk.value, "value", ""),
			json_text_at(walk.value, "evidence", ""));
	if (json_count(evidence))
		puts("\nevidence, newest first: id, class, source, time, "
		     "digest of its delivery");
	JSON_EACH (evidence, walk)
		printf("  %s  %s %s  %s  %s  %s\n",
			json_text_at(walk.value, "id", ""),
			json_text_at(walk.value, "class", ""),
			json_text_at(walk.value, "kind", ""),
			json_text_at(walk.value, "source", ""),
			json_text_at(walk.value, "effective_at", ""),
			json_text_at(walk.value, "payload", ""));
}

static void print_history(const struct json *history, const char *parked)
{
	if (json_count(history))
		puts("\nwhat was true when, newest first");
	JSON_EACH (history, walk)
		printf("  %s .. %-26s %-14s %s\n",
			json_text_at(walk.value, "true_from", ""),
			json_text_at(walk.value, "true_until", "now"),
			json_text_at(walk.value, "verdict", ""),
			json_text_at(walk.value, "summary", ""));
	if (*parked)
		printf("\nnot judged at present: %s\n", parked);
}

static enum status column(const struct command_line *line,
	const struct pg_rows *rows, int number, const struct json **ret,
	struct reason *reterr)
{
	const char *value = pg_get(rows, 0, number);

	return json_read(line->arena, value, strlen(value), ret, reterr);
}

static enum status print(const struct command_line *line,
	const struct pg_rows *rows, struct reason *reterr)
{
	const struct json *record, *evidence, *history;
	enum status status = column(line, rows, 0, &record, reterr);

	if (status == OK)
		status = column(line, rows, 1, &evidence, reterr);
	if (status == OK)
		status = column(line, rows, 2, &history, reterr);
	if (status != OK)
		return status;
	print_head(record);
	print_lists(record, evidence);
	print_history(history, pg_get(rows, 0, 3));
	return OK;
}

static enum status ask(
	const struct command_line *line, struct pg *pg, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, line->arena);
	pg_text(&args, line->words[0]);
	pg_text(&args, line->words[1]);
	status = pg_run(pg,
		"SELECT record, evidence, history, parked,"
		" row_to_json(why)::text FROM why"
		" WHERE criterion = $1 AND subject = $2",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	if (!pg_count(rows)) {
		reason_set(reterr, NULL,
			"there is no verdict of %s for %s; postern state "
			"lists what there is",
			line->words[0], line->words[1]);
		status = REJECT;
	} else if (command_option(line, "json")) {
		puts(pg_get(rows, 0, 4));
	} else {
		status = print(line, rows, reterr);
	}
	pg_rows_free(&rows);
	return status;
}

static int run(const struct command_line *line)
{
	struct pg *pg = NULL;
	struct reason reason = {0};
	enum status status = database_open(line, &pg, &reason);

	if (status == OK)
		status = ask(line, pg, &reason);
	pg_close(&pg);
	return status == OK ? COMMAND_DONE
			    : command_failed(line, status, &reason);
}

const struct command command_why = {
	.name = "why",
	.words = "CRITERION SUBJECT",
	.sentence = "Explains one verdict: what decided it, by which evidence, "
		    "and what would change it.",
	.least_words = 2,
	.most_words = 2,
	.options = options,
	.run = run,
};
