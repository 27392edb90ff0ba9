/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page, section 1, in mdoc(7), made of the commands' own tables. */
#include "command_manual.h"

#include <stdio.h>

/* A text line: nothing in it is a macro. */
static void text(const char *line)
{
	if (*line == '.' || *line == '\'')
		fputs("\\&", stdout);
	for (; *line; line++)
		if (*line == '\\')
			fputs("\\e", stdout);
		else
			putchar(*line);
}

static void option(const struct option_row *row)
{
	printf(".It Fl -%s%s%s\n", row->name, row->flag ? "" : " Ar ",
		row->flag ? "" : row->value);
	text(row->sentence);
	printf(".\n");
	if (row->required)
		printf("Must be given.\n");
	if (row->repeated)
		printf("May be given more than once.\n");
	if (row->env)
		printf("Otherwise the variable\n.Ev %s\ncounts.\n", row->env);
}

static void command(const struct command *command)
{
	printf(".Ss %s %s\n", command->name, command->words);
	text(command->sentence);
	printf("\n");
	if (!command->options[0].name)
		return;
	printf(".Bl -tag -width Ds\n");
	for (const struct option_row *row = command->options; row->name; row++)
		option(row);
	printf(".El\n");
}

void command_manual(void)
{
	printf(".Dd $Mdocdate$\n.Dt POSTERN 1\n.Os Postern %s\n.Sh NAME\n.Nm "
	       "postern\n"
	       ".Nd look at Postern, and send to it\n.Sh SYNOPSIS\n"
	       ".Nm postern\n.Ar command\n.Op Ar options\n.Op Ar words\n"
	       ".Nm postern\n.Fl -manual | -help | -version\n"
	       ".Sh COMMANDS\n",
		POSTERN_VERSION);
	for (size_t i = 0; i < command_table_size; i++)
		command(command_table[i]);
	printf(".Sh EXIT STATUS\n0 done, 1 refused or not so, 2 usage, "
	       "3 a server did not answer.\n"
	       ".Sh SEE ALSO\n.Xr postern-ingest 8 ,\n"
	       ".Xr postern-evaluator 8 ,\n.Xr postern-notifier 8 ;\n"
	       "docs/operations.md\n");
}
