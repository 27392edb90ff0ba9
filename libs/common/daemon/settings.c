/* SPDX-License-Identifier: Apache-2.0 */
/* Where values come from and which wins; how one is read from text is
 * setting_value.c, how they are shown settings_show.c. */
#include "daemon/settings.h"

#include "base/bug.h"
#include "base/memory.h"
#include "daemon/settings_private.h"
#include "wire/doc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct setting *find(
	const struct settings_program *program, const char *key, size_t length)
{
	const struct setting *row;

	for (row = program->table; row->key; row++)
		if (strlen(row->key) == length &&
			strncmp(row->key, key, length) == 0)
			return row;
	return NULL;
}

/* A secret may be given as KEY-file: its first line is the value. */
static enum status read_secret(const struct settings_program *program,
	const char *path, const char **ret, struct reason *reterr)
{
	FILE *file = fopen(path, "re");
	char line[4096];

	if (!file || !fgets(line, sizeof(line), file)) {
		reason_set(reterr, path, "secret cannot be read: %s",
			file ? "the file is empty" : strerror(errno));
		if (file)
			fclose(file);
		return CONFIG;
	}
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	*ret = arena_string(program->arena, line);
	return OK;
}

/* The row of "key" or, for secrets, "key-file"; sets it from text. */
static enum status set_named(const struct settings_program *program,
	const char *key, const char *text, const char *place,
	struct reason *reterr)
{
	size_t length = strlen(key);
	const struct setting *row = find(program, key, length);
	enum status status;

	if (!row && length > 5 && strcmp(key + length - 5, "-file") == 0) {
		row = find(program, key, length - 5);
		if (row && !row->secret)
			row = NULL;
		if (row) {
			status = read_secret(program, text, &text, reterr);
			if (status != OK)
				return status;
		}
	}
	if (!row || row->type == SETTING_MAP) {
		reason_set(reterr, place, "\"%s\" is no setting of %s%s", key,
			program->service,
			row ? " outside of its file" : ": see --help");
		return CONFIG;
	}
	return setting_set(program, row, text, place, reterr);
}

static enum status take_defaults(
	const struct settings_program *program, struct reason *reterr)
{
	enum status status = OK;

	for (const struct setting *row = program->table;
		row->key && status == OK; row++)
		if (row->type != SETTING_MAP)
			status = setting_set(program, row, row->otherwise,
				"default", reterr);
	return status;
}

static enum status take_member(const struct settings_program *program,
	const struct doc *member, struct reason *reterr)
{
	const struct setting *row =
		find(program, member->key, strlen(member->key));
	char place[180];

	if (row && row->type == SETTING_MAP) {
		if (member->kind != DOC_MAP)
			return doc_error(member, reterr, "\"%s\" must be a map",
				member->key);
		setting_set_map(program, row, member);
		return OK;
	}
	if (member->kind != DOC_SCALAR)
		return doc_error(member, reterr,
			"\"%s\" must be a single value", member->key);
	snprintf(place, sizeof(place), "%s:%u:%u", member->file, member->line,
		member->column);
	return set_named(program, member->key, member->text, place, reterr);
}

static enum status take_file(const struct settings_program *program,
	const char *path, struct reason *reterr)
{
	const struct doc *root;
	enum status status = doc_read_file(program->arena, path, &root, reterr);

	if (status != OK)
		return status;
	if (root->kind != DOC_MAP)
		return doc_error(root, reterr, "settings are a map");
	DOC_EACH (root, member) {
		status = take_member(program, member, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

void settings_variable(const struct settings_program *program, const char *key,
	const char *suffix, char *ret, size_t size)
{
	snprintf(ret, size, "POSTERN_%s_%s%s", program->service, key, suffix);
	for (char *c = ret; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

static enum status take_environment(
	const struct settings_program *program, struct reason *reterr)
{
	enum status status = OK;

	for (const struct setting *row = program->table;
		row->key && status == OK; row++) {
		char name[120];
		char key[80];
		const char *value;

		settings_variable(program, row->key, "", name, sizeof(name));
		value = getenv(name);
		if (value)
			status = set_named(
				program, row->key, value, name, reterr);
		if (status != OK || !row->secret)
			continue;
		settings_variable(
			program, row->key, "-file", name, sizeof(name));
		value = getenv(name);
		snprintf(key, sizeof(key), "%s-file", row->key);
		if (value)
			status = set_named(program, key, value, name, reterr);
	}
	return status;
}

/* Index of a switch, or -1. */
static int find_switch(const struct settings_program *program, const char *name)
{
	for (int i = 0; program->switches && program->switches[i]; i += 2)
		if (strcmp(program->switches[i], name) == 0)
			return i / 2;
	return -1;
}

struct words {
	int argc;
	char **argv;
	int at;
};

static bool is_flag(const struct settings_program *program, const char *key)
{
	size_t length = strlen(key);
	const struct setting *row;

	if (find(program, key, length))
		return true;
	if (length <= 5 || strcmp(key + length - 5, "-file") != 0)
		return false;
	row = find(program, key, length - 5);
	return row && row->secret;
}

/* Splits "--key=value" or "--key value"; a boolean may stand alone. */
static enum status take_flag(const struct settings_program *program,
	struct words *words, bool apply, struct reason *reterr)
{
	const char *word = words->argv[words->at] + 2;
	size_t length = strcspn(word, "=");
	char *key = arena_copy(program->arena, word, length);
	const struct setting *row = find(program, key, length);
	const char *value = NULL;
	char place[100];

	if (word[length] == '=')
		value = word + length + 1;
	else if (row && row->type == SETTING_BOOL)
		value = "true";
	else if (words->at + 1 < words->argc)
		value = words->argv[++words->at];
	snprintf(place, sizeof(place), "--%.90s", key);
	if (!is_flag(program, key)) {
		reason_set(reterr, place, "is no setting of %s: see --help",
			program->service);
		return REJECT;
	}
	if (!value) {
		reason_set(reterr, place, "needs a value");
		return REJECT;
	}
	return apply ? set_named(program, key, value, place, reterr) : OK;
}

static bool find_wish(const char *word, enum settings_wish *ret)
{
	static const struct {
		const char *word;
		enum settings_wish wish;
	} rows[] = {{"--check", SETTINGS_CHECK}, {"--health", SETTINGS_HEALTH},
		{"--alive", SETTINGS_ALIVE}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(word, rows[i].word) == 0) {
			*ret = rows[i].wish;
			return true;
		}
	return false;
}

struct command {
	enum settings_wish wish;
	int which;
	const char *file;
};

/*
 * One pass finds --config and what is wished, a second one sets the flags:
 * they must come after the file although they may stand before it.
 */
static enum status read_words(const struct settings_program *program,
	struct words words, bool apply, struct command *ret,
	struct reason *reterr)
{
	enum status status = OK;

	for (; words.at < words.argc && status == OK; words.at++) {
		const char *word = words.argv[words.at];
		int number = strncmp(word, "--", 2) == 0
				     ? find_switch(program, word + 2)
				     : -1;

		if (number >= 0) {
			ret->wish = SETTINGS_SWITCH;
			ret->which = number;
		} else if (find_wish(word, &ret->wish)) {
			continue;
		} else if (strcmp(word, "--help") == 0 ||
			   strcmp(word, "-h") == 0 ||
			   strcmp(word, "--version") == 0 ||
			   strcmp(word, "--manual") == 0) {
			ret->wish = SETTINGS_DONE;
			ret->file = word;
			return OK;
		} else if (strcmp(word, "--config") == 0 &&
			   words.at + 1 < words.argc) {
			ret->file = words.argv[++words.at];
		} else if (strncmp(word, "--config=", 9) == 0) {
			ret->file = word + 9;
		} else if (strncmp(word, "--", 2) == 0 && word[2]) {
			status = take_flag(program, &words, apply, reterr);
		} else {
			reason_set(reterr, word, "not understood: see --help");
			status = REJECT;
		}
	}
	return status;
}

static enum status check_required(
	const struct settings_program *program, struct reason *reterr)
{
	for (const struct setting *row = program->table; row->key; row++) {
		char name[120];

		if (!row->required || setting_is_set(program, row))
			continue;
		settings_variable(program, row->key, "", name, sizeof(name));
		reason_set(reterr, row->key,
			"must be set, by --%s, %s or in --config FILE: %s",
			row->key, name, row->sentence);
		return CONFIG;
	}
	return OK;
}

enum status settings_load(const struct settings_program *program, int argc,
	char **argv, enum settings_wish *ret, int *ret_switch,
	struct reason *reterr)
{
	struct command command = {.wish = SETTINGS_RUN};
	struct words words = {.argc = argc, .argv = argv, .at = 1};
	enum status status;

	status = read_words(program, words, false, &command, reterr);
	if (status != OK)
		return status;
	if (command.wish == SETTINGS_DONE) {
		if (strcmp(command.file, "--manual") == 0)
			settings_manual(program);
		else
			settings_help(program,
				strcmp(command.file, "--version") == 0);
		*ret = SETTINGS_DONE;
		return OK;
	}
	status = take_defaults(program, reterr);
	if (status == OK && command.file)
		status = take_file(program, command.file, reterr);
	if (status == OK)
		status = take_environment(program, reterr);
	if (status == OK &&
		read_words(program, words, true, &command, reterr) != OK)
		return REJECT;
	if (status == OK && command.wish != SETTINGS_HEALTH &&
		command.wish != SETTINGS_ALIVE)
		status = check_required(program, reterr);
	if (status != OK)
		return status;
	*ret = command.wish;
	*ret_switch = command.which;
	return OK;
}
