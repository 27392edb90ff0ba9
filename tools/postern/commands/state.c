/* SPDX-License-Identifier: Apache-2.0 */
/* postern state: the board; one row per (criterion, subject). */
#include "command.h"
#include "database.h"
#include "model/verdict.h"

#include <stdio.h>
#include <string.h>

static const struct option_row options[] = {
	{"criterion", .value = "ID", .sentence = "only this criterion"},
	{"subject", .value = "PATTERN",
		.sentence = "only subjects like this; * stands for any text"},
	{"verdict", .value = "A,B",
		.sentence = "only these: pass, fail, stale, unknown, error, "
			    "excepted, not-applicable"},
	{"json", .flag = true, .sentence = "one JSON object per line"},
	{"exit-code", .flag = true,
		.sentence = "exit with 1 where a row that is shown is not "
			    "good"},
	DATABASE_OPTIONS,
	{0},
};

/* Worst first, so that a person reads what matters before it scrolls. */
#define QUERY                                                                  \
	"SELECT verdict, criterion, subject, since, severity, role, summary,"  \
	" suppressed_by, row_to_json(state)::text FROM state"                  \
	" WHERE ($1::text IS NULL OR criterion = $1)"                          \
	" AND ($2::text IS NULL OR subject LIKE $2)"                           \
	" AND ($3::text IS NULL OR verdict = ANY (string_to_array($3, ',')))"  \
	" ORDER BY array_position(ARRAY['error', 'fail', 'stale', 'unknown',"  \
	" 'excepted', 'pass', 'not-applicable'], verdict),"                    \
	" suppressed_by IS NOT NULL, array_position(ARRAY['critical', 'high'," \
	" 'medium', 'low'], severity), criterion, subject"

/* A shell pattern's * as LIKE wants it; its own two are escaped. */
static const char *like(struct arena *arena, const char *pattern)
{
	char *text, *to;

	if (!pattern)
		return NULL;
	to = text = arena_alloc(arena, 2 * strlen(pattern) + 1);
	for (; *pattern; pattern++) {
		if (*pattern == '%' || *pattern == '_' || *pattern == '\\')
			*to++ = '\\';
		*to++ = *pattern == '*' ? '%' : *pattern;
	}
	*to = '\0';
	return text;
}

static enum status check_verdicts(
	struct arena *arena, const char *list, struct reason *reterr)
{
	char *words = list ? arena_string(arena, list) : NULL;
	char *word;

	while ((word = strsep(&words, ",")))
		if (verdict_parse(word) == VERDICTS) {
			reason_set(reterr, "--verdict", "\"%s\" is no verdict",
				word);
			return REJECT;
		}
	return OK;
}

static void print_row(const struct pg_rows *rows, size_t i)
{
	char since[INSTANT_TEXT];

	instant_format(pg_get_instant(rows, i, 3), since);
	printf("%-14s %-8s %-9s %s  since %s  %s\n", pg_get(rows, i, 0),
		pg_get(rows, i, 4), pg_get(rows, i, 1), pg_get(rows, i, 2),
		since, pg_get(rows, i, 5));
	if (*pg_get(rows, i, 6))
		printf("%-14s %s\n", "", pg_get(rows, i, 6));
	if (!pg_null(rows, i, 7))
		printf("%-14s follows from: %s\n", "", pg_get(rows, i, 7));
}

/* How many of the rows are not good. */
static size_t print(const struct command_line *line, const struct pg_rows *rows)
{
	bool json = command_option(line, "json") != NULL;
	size_t bad = 0;

	for (size_t i = 0; i < pg_count(rows); i++) {
		enum verdict verdict = verdict_parse(pg_get(rows, i, 0));

		if (json)
			puts(pg_get(rows, i, 8));
		else
			print_row(rows, i);
		if (verdict == VERDICTS || !verdict_good(verdict))
			bad++;
	}
	if (!json)
		printf("%zu shown, %zu not good\n", pg_count(rows), bad);
	return bad;
}

static enum status query(const struct command_line *line, struct pg *pg,
	struct pg_rows **ret, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, line->arena);
	pg_text(&args, command_option(line, "criterion"));
	pg_text(&args, like(line->arena, command_option(line, "subject")));
	pg_text(&args, command_option(line, "verdict"));
	return pg_run(pg, QUERY, &args, ret, reterr);
}

static int run(const struct command_line *line)
{
	struct pg *pg = NULL;
	struct pg_rows *rows = NULL;
	struct reason reason = {0};
	size_t bad = 0;
	enum status status = check_verdicts(
		line->arena, command_option(line, "verdict"), &reason);

	if (status == OK)
		status = database_open(line, &pg, &reason);
	if (status == OK)
		status = query(line, pg, &rows, &reason);
	if (status == OK)
		bad = print(line, rows);
	pg_rows_free(&rows);
	pg_close(&pg);
	if (status != OK)
		return command_failed(line, status, &reason);
	return bad && command_option(line, "exit-code") ? COMMAND_REFUSED
							: COMMAND_DONE;
}

const struct command command_state = {
	.name = "state",
	.words = "",
	.sentence = "Shows the verdict of every criterion for every subject.",
	.options = options,
	.run = run,
};
