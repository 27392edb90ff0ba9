/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a command of `postern`: one file in commands/, one const
 * descriptor at its foot. Text for people on standard output, `--json` for
 * programs; what went wrong on standard error as
 * "postern NAME: sentence (place)".
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit codes; the manual page repeats them. */
#define COMMAND_DONE 0
#define COMMAND_REFUSED 1 /* what was asked for is not so, or was refused */
#define COMMAND_USAGE 2
#define COMMAND_AWAY 3 /* a server did not answer: try again */

/* --name VALUE, or --name alone where `flag` is set. */
struct option_row {
	const char *name;
	bool flag;
	bool repeated;     /* may be given more than once */
	bool required;     /* by option or variable */
	const char *value; /* what --help calls the value; NULL for a flag */
	const char *env;   /* variable that stands in for it; NULL: none */
	const char *sentence;
};

#define OPTION_VALUES_MAX 64

struct option_value {
	const char *values[OPTION_VALUES_MAX]; /* flags: "" */
	size_t count;
};

struct command_line {
	const struct command *command;
	struct arena *arena;
	/* One for each row of the command's options. */
	struct option_value *options;
	const char *const *words; /* what is no option */
	size_t word_count;
};

struct command {
	const char *name;
	const char *words;    /* "FILE", for the usage line */
	const char *sentence; /* what it does */
	size_t least_words, most_words;
	const struct option_row *options; /* name NULL ends */
	int (*run)(const struct command_line *line);
};

/* Generated from commands/. */
extern const struct command *const command_table[];
extern const size_t command_table_size;

/* Parses and runs argv[0]; --help and --version of all and of each. */
int command_main(int argc, char **argv);

/* The last value given, else the variable's, else NULL. BUG for a name the
 * command has not. */
const char *command_option(const struct command_line *line, const char *name);
const struct option_value *command_values(
	const struct command_line *line, const char *name);
/* Prints the reason and gives the exit code that its status means. */
int command_failed(const struct command_line *line, enum status status,
	const struct reason *reason);
