/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/settings_private.h"

#include <stdio.h>
#include <string.h>

static const char *type_word(const struct setting *row)
{
	static const char *const words[] = {
		[SETTING_TEXT] = "TEXT",
		[SETTING_INTEGER] = "N",
		[SETTING_BOOL] = "true|false",
		[SETTING_DURATION] = "DURATION",
		[SETTING_SIZE] = "SIZE",
		[SETTING_MAP] = "(file only)",
	};

	return words[row->type];
}

static void help_row(const struct setting *row)
{
	printf("  --%s %s\n        %s", row->key, type_word(row),
		row->sentence);
	if (row->otherwise && *row->otherwise)
		printf(" [%s]", row->otherwise);
	if (row->required)
		printf(" (required)");
	if (row->secret)
		printf(" (secret: rather --%s-file PATH)", row->key);
	if (row->reloadable)
		printf(" (taken in anew on SIGHUP)");
	printf("\n");
}

void settings_help(const struct settings_program *program, bool version_only)
{
	char variable[80];

	if (version_only) {
		printf("postern-%s %s\n", program->service, POSTERN_VERSION);
		return;
	}
	printf("postern-%s: %s\n\nusage: postern-%s [--config FILE] "
	       "[--SETTING VALUE]...\n",
		program->service, program->sentence, program->service);
	settings_variable(program, "key", "", variable, sizeof(variable));
	printf("\nA setting is taken from its flag, else from the environment "
	       "(%s,\n- as _), else from FILE (YAML, key: value), else its "
	       "default.\n\n",
		variable);
	printf("  --check\n        read all settings and files, say what would "
	       "be done, touch nothing\n");
	printf("  --health, --alive\n        ask the running service for "
	       "/readyz or /livez at admin-address and\n        admin-port; "
	       "exit code 0 if that is well, else 1\n");
	for (int i = 0; program->switches && program->switches[i]; i += 2)
		printf("  --%s\n        %s\n", program->switches[i],
			program->switches[i + 1]);
	printf("  --help, --version, --manual\n        this text, the "
	       "version, the manual page (mdoc)\n\n");
	for (const struct setting *row = program->table; row->key; row++)
		help_row(row);
	printf("\nExit codes: 0 ended as asked, 1 settings or files are wrong, "
	       "2 usage,\n3 it failed while running.\n");
}

static void print_value(const struct settings_program *program,
	const struct setting *row, struct strbuf *out)
{
	const char *at = (const char *)program->values + row->offset;
	char text[INSTANT_TEXT];
	const char *words;
	int64_t number;

	switch (row->type) {
	case SETTING_TEXT:
		memcpy(&words, at, sizeof(words));
		strbuf_adds(out, words ? words : "");
		break;
	case SETTING_INTEGER:
	case SETTING_SIZE:
		memcpy(&number, at, sizeof(number));
		strbuf_addf(out, "%lld", (long long)number);
		break;
	case SETTING_BOOL:
		strbuf_adds(out, *(const bool *)at ? "true" : "false");
		break;
	case SETTING_DURATION:
		memcpy(&number, at, sizeof(number));
		duration_format(number, text);
		strbuf_adds(out, text);
		break;
	case SETTING_MAP:
		strbuf_adds(out, "(map)");
		break;
	}
}

void settings_print(const struct settings_program *program, struct strbuf *out)
{
	for (const struct setting *row = program->table; row->key; row++) {
		strbuf_addf(out, "%s: ", row->key);
		if (row->secret)
			strbuf_adds(
				out, setting_is_set(program, row) ? "***" : "");
		else
			print_value(program, row, out);
		strbuf_addc(out, '\n');
	}
}
