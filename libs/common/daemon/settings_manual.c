/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page, from the same table as everything else; mdoc(7). */
#include "daemon/settings_private.h"

#include <stdio.h>

/* Text of a sentence: a leading dot or quote would be a request to troff, a
 * backslash an escape. */
static void text(const char *words)
{
	if (*words == '.' || *words == '\'')
		fputs("\\&", stdout);
	for (; *words; words++)
		if (*words == '\\')
			fputs("\\e", stdout);
		else
			putchar(*words);
}

static void head(const struct settings_program *program)
{
	printf(".Dd $Mdocdate$\n.Dt POSTERN-");
	for (const char *c = program->service; *c; c++)
		putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	printf(" 8\n.Os Postern %s\n.Sh NAME\n.Nm postern-%s\n.Nd ",
		POSTERN_VERSION, program->service);
	text(program->sentence);
	printf("\n.Sh SYNOPSIS\n.Nm\n.Op Fl -config Ar file\n.Op Fl -check\n"
	       ".Op Fl -health\n.Op Fl -alive\n");
	for (int i = 0; program->switches && program->switches[i]; i += 2)
		printf(".Op Fl -%s\n", program->switches[i]);
	printf(".Op Fl -setting Ar value ...\n");
}

static void description(const struct settings_program *program)
{
	char variable[80];

	settings_variable(program, "key", "", variable, sizeof(variable));
	printf(".Sh DESCRIPTION\n.Nm\n");
	text(program->sentence);
	printf(".\nA setting is taken from its flag, else from the environment "
	       "variable\n.Ev %s\n(a minus becomes an underscore), else from "
	       "the file that\n.Fl -config\nnames (YAML, one\n.Ql key: value\n"
	       "a line), else it has its default.\nSIGTERM ends the process "
	       "in an orderly way; SIGHUP takes in anew what is marked so.\n",
		variable);
	printf(".Bl -tag -width Ds\n.It Fl -check\nreads all settings and "
	       "files, says what would be done, touches nothing.\n"
	       ".It Fl -health , Fl -alive\nask the running service for "
	       "/readyz or /livez, at its\n.Ql admin-address\nand\n"
	       ".Ql admin-port .\n");
	for (int i = 0; program->switches && program->switches[i]; i += 2) {
		printf(".It Fl -%s\n", program->switches[i]);
		text(program->switches[i + 1]);
		putchar('\n');
	}
	printf(".El\n");
}

static void settings(const struct settings_program *program)
{
	printf(".Sh SETTINGS\n.Bl -tag -width Ds\n");
	for (const struct setting *row = program->table; row->key; row++) {
		printf(".It Cm %s\n", row->key);
		text(row->sentence);
		printf(".\n");
		if (row->otherwise && *row->otherwise)
			printf("Default:\n.Ql %s .\n", row->otherwise);
		else if (row->required)
			printf("Must be set.\n");
		if (row->secret)
			printf("A secret: better in a file that\n.Cm %s-file\n"
			       "names.\n",
				row->key);
		if (row->reloadable)
			printf("Taken in anew on SIGHUP.\n");
		if (row->type == SETTING_MAP)
			printf("In the file only.\n");
	}
	printf(".El\n");
}

void settings_manual(const struct settings_program *program)
{
	head(program);
	description(program);
	settings(program);
	printf(".Sh EXIT STATUS\n0 ended as asked, 1 settings or files are "
	       "wrong, 2 usage, 3 it failed while running.\n"
	       ".Sh SEE ALSO\n.Xr postern 1 ;\ndocs/operations.md\n");
}
