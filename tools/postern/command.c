/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "command_manual.h"

#include "base/bug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As much as translating one delivery may take (TRANSLATION_ARENA). */
#define ARENA_MAX ((size_t)4 << 30)

static void usage_all(FILE *out)
{
	fprintf(out, "usage: postern COMMAND [options] [words]\n"
		     "       postern COMMAND --help\n"
		     "       postern --manual | man -l -\n\ncommands:\n");
	for (size_t i = 0; i < command_table_size; i++)
		fprintf(out, "  %-10s %s\n", command_table[i]->name,
			command_table[i]->sentence);
	fprintf(out, "\nexit codes: 0 done, 1 refused or not so, 2 usage, "
		     "3 a server did not answer\n");
}

static void usage_one(FILE *out, const struct command *command)
{
	fprintf(out, "usage: postern %s [options] %s\n\n%s\n\noptions:\n",
		command->name, command->words, command->sentence);
	for (const struct option_row *row = command->options; row->name;
		row++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", row->name,
			row->flag ? "" : row->value);
		fprintf(out, "  %-24s %s", left, row->sentence);
		if (row->env)
			fprintf(out, " (or %s)", row->env);
		fputc('\n', out);
	}
	fprintf(out, "  %-24s %s\n", "--help", "this page");
}

static int wrong(
	const struct command *command, const char *what, const char *which)
{
	fprintf(stderr, "postern %s: %s%s; see postern %s --help\n",
		command->name, what, which, command->name);
	return COMMAND_USAGE;
}

static size_t row_of(const struct command *command, const char *name)
{
	size_t i = 0;

	while (command->options[i].name &&
		strcmp(command->options[i].name, name) != 0)
		i++;
	return i;
}

/* One option at argv[0]; `ret_taken` counts the words it took. */
static int take_option(
	struct command_line *line, char **argv, int argc, int *ret_taken)
{
	const struct command *command = line->command;
	char *name = arena_string(line->arena, argv[0] + 2);
	char *value = strchr(name, '=');
	const struct option_row *row;
	struct option_value *into;

	if (value)
		*value++ = '\0';
	row = &command->options[row_of(command, name)];
	if (!row->name)
		return wrong(command, "there is no option ", argv[0]);
	*ret_taken = 1;
	if (row->flag && value)
		return wrong(command, "takes no value: ", argv[0]);
	if (!row->flag && !value) {
		if (argc < 2)
			return wrong(command, "needs a value: ", argv[0]);
		value = argv[1];
		*ret_taken = 2;
	}
	into = &line->options[row - command->options];
	if (into->count && !row->repeated)
		return wrong(command, "is given twice: ", argv[0]);
	if (into->count == OPTION_VALUES_MAX)
		return wrong(command, "is given too often: ", argv[0]);
	into->values[into->count++] = value ? value : "";
	return COMMAND_DONE;
}

static int check_required(const struct command_line *line)
{
	const struct option_row *row = line->command->options;

	for (; row->name; row++)
		if (row->required && !command_option(line, row->name))
			return wrong(line->command, "needs --", row->name);
	return COMMAND_DONE;
}

static int parse(struct command_line *line, int argc, char **argv)
{
	const char **words =
		arena_array(line->arena, (size_t)argc + 1, sizeof(*words));
	bool only_words = false;
	int taken;

	for (int i = 0; i < argc; i += taken) {
		taken = 1;
		if (only_words || argv[i][0] != '-' || !argv[i][1]) {
			words[line->word_count++] = argv[i];
		} else if (strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (argv[i][1] != '-') {
			return wrong(
				line->command, "there is no option ", argv[i]);
		} else {
			int code =
				take_option(line, argv + i, argc - i, &taken);

			if (code != COMMAND_DONE)
				return code;
		}
	}
	line->words = words;
	if (line->word_count < line->command->least_words)
		return wrong(line->command, "wants ", line->command->words);
	if (line->word_count > line->command->most_words)
		return wrong(line->command, "too many words at ",
			words[line->command->most_words]);
	return check_required(line);
}

static int run(const struct command *command, int argc, char **argv)
{
	struct arena *arena = arena_new(ARENA_MAX);
	struct command_line line = {.command = command, .arena = arena};
	int code;

	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0) {
			usage_one(stdout, command);
			arena_free(&arena);
			return COMMAND_DONE;
		}
	line.options = arena_array(
		arena, row_of(command, "") + 1, sizeof(*line.options));
	code = parse(&line, argc, argv);
	if (code == COMMAND_DONE)
		code = command->run(&line);
	arena_free(&arena);
	if (fflush(stdout) != 0 && code == COMMAND_DONE) {
		perror("postern: standard output");
		code = COMMAND_REFUSED;
	}
	return code;
}

int command_main(int argc, char **argv)
{
	if (argc < 2) {
		usage_all(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage_all(stdout);
		return COMMAND_DONE;
	}
	if (strcmp(argv[1], "--manual") == 0) {
		command_manual();
		return COMMAND_DONE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("postern " POSTERN_VERSION);
		return COMMAND_DONE;
	}
	for (size_t i = 0; i < command_table_size; i++)
		if (strcmp(command_table[i]->name, argv[1]) == 0)
			return run(command_table[i], argc - 2, argv + 2);
	fprintf(stderr,
		"postern: there is no command \"%s\"; see postern "
		"--help\n",
		argv[1]);
	return COMMAND_USAGE;
}

const struct option_value *command_values(
	const struct command_line *line, const char *name)
{
	size_t row = row_of(line->command, name);

	if (!line->command->options[row].name)
		BUG("command %s has no option %s", line->command->name, name);
	return &line->options[row];
}

const char *command_option(const struct command_line *line, const char *name)
{
	const struct option_value *value = command_values(line, name);
	const char *env = line->command->options[value - line->options].env;

	if (value->count)
		return value->values[value->count - 1];
	env = env ? getenv(env) : NULL;
	return env && *env ? env : NULL;
}

int command_failed(const struct command_line *line, enum status status,
	const struct reason *reason)
{
	fprintf(stderr, "postern %s: %s", line->command->name,
		reason->sentence);
	if (reason->place[0])
		fprintf(stderr, " (%s)", reason->place);
	fputc('\n', stderr);
	return status == RETRY ? COMMAND_AWAY : COMMAND_REFUSED;
}
