/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bug.h"
#include "daemon/settings_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *slot(
	const struct settings_program *program, const struct setting *row)
{
	return (char *)program->values + row->offset;
}

/* "17", "64KiB", "2MiB", "1GiB". */
static bool parse_number(const char *text, bool size, int64_t *ret)
{
	static const struct {
		const char *suffix;
		int64_t unit;
	} units[] = {{"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024},
		{"GiB", 1024 * 1024 * 1024}};
	char *end;
	long long number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || errno)
		return false;
	for (size_t i = 0; i < (size ? 4 : 1); i++)
		if (strcmp(end, units[i].suffix) == 0)
			return !__builtin_mul_overflow(
				number, units[i].unit, ret);
	return false;
}

static enum status wrong(const struct setting *row, const char *text,
	const char *want, const char *place, struct reason *reterr)
{
	reason_set(reterr, place, "%s must be %s, not \"%.60s\"", row->key,
		want, row->secret ? "***" : text);
	return CONFIG;
}

static enum status in_bounds(const struct setting *row, int64_t number,
	const char *place, struct reason *reterr)
{
	if (row->least == row->most ||
		(number >= row->least && number <= row->most))
		return OK;
	reason_set(reterr, place, "%s must lie between %lld and %lld", row->key,
		(long long)row->least, (long long)row->most);
	return CONFIG;
}

static enum status set_number(const struct settings_program *program,
	const struct setting *row, const char *text, const char *place,
	struct reason *reterr)
{
	bool size = row->type == SETTING_SIZE;
	int64_t number;
	enum status status;

	if (!parse_number(text, size, &number))
		return wrong(row, text,
			size ? "a size like 64KiB or 2MiB" : "a whole number",
			place, reterr);
	status = in_bounds(row, number, place, reterr);
	if (status == OK)
		memcpy(slot(program, row), &number, sizeof(number));
	return status;
}

static enum status set_duration(const struct settings_program *program,
	const struct setting *row, const char *text, const char *place,
	struct reason *reterr)
{
	struct reason why;
	instant span;
	enum status status;

	if (duration_parse(text, &span, &why) != OK)
		return wrong(
			row, text, "a duration like 15s or 24h", place, reterr);
	status = in_bounds(row, span, place, reterr);
	if (status == OK)
		memcpy(slot(program, row), &span, sizeof(span));
	return status;
}

static enum status set_bool(const struct settings_program *program,
	const struct setting *row, const char *text, const char *place,
	struct reason *reterr)
{
	bool value = strcmp(text, "true") == 0;

	if (!value && strcmp(text, "false") != 0)
		return wrong(row, text, "true or false", place, reterr);
	memcpy(slot(program, row), &value, sizeof(value));
	return OK;
}

static void set_text(const struct settings_program *program,
	const struct setting *row, const char *text)
{
	const char *value = *text ? arena_string(program->arena, text) : NULL;

	memcpy(slot(program, row), &value, sizeof(value));
}

enum status setting_set(const struct settings_program *program,
	const struct setting *row, const char *text, const char *place,
	struct reason *reterr)
{
	switch (row->type) {
	case SETTING_TEXT:
		set_text(program, row, text);
		return OK;
	case SETTING_INTEGER:
	case SETTING_SIZE:
		return set_number(program, row, text, place, reterr);
	case SETTING_BOOL:
		return set_bool(program, row, text, place, reterr);
	case SETTING_DURATION:
		return set_duration(program, row, text, place, reterr);
	case SETTING_MAP:
		break;
	}
	BUG("%s cannot be set from text", row->key);
}

void setting_set_map(const struct settings_program *program,
	const struct setting *row, const struct doc *map)
{
	memcpy(slot(program, row), &map, sizeof(map));
}

bool setting_is_set(
	const struct settings_program *program, const struct setting *row)
{
	const void *value;

	if (row->type != SETTING_TEXT && row->type != SETTING_MAP)
		return true;
	memcpy(&value, slot(program, row), sizeof(value));
	return value != NULL;
}
