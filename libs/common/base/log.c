/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/strbuf.h"

#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192

static enum log_level least_level = LOG_INFO;
static bool as_json;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_setup(enum log_level least, bool json)
{
	least_level = least;
	as_json = json;
}

enum status log_level_parse(const char *word, enum log_level *ret)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (strcmp(word, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return OK;
		}
	return REJECT;
}

/* Both forms quote alike: a line stays one line whatever a sender wrote. */
static void add_quoted(struct strbuf *line, const char *text)
{
	strbuf_addc(line, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			strbuf_addf(line, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(line, "\\n");
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(line, "\\u%04x", c);
		else
			strbuf_addc(line, (char)c);
	}
	strbuf_addc(line, '"');
}

static bool needs_quotes(const char *text)
{
	if (!*text)
		return true;
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == '"' ||
			*text == '=' || *text == '\\' || *text == 0x7f)
			return true;
	return false;
}

static void add_field(struct strbuf *line, const struct log_field *field)
{
	if (as_json)
		strbuf_addf(line, ",\"%s\":", field->key);
	else
		strbuf_addf(line, " %s=", field->key);
	if (!field->text)
		strbuf_addf(line, "%lld", (long long)field->number);
	else if (as_json || needs_quotes(field->text))
		add_quoted(line, field->text);
	else
		strbuf_adds(line, field->text);
}

void log_fields(
	enum log_level level, const char *id, const struct log_field *fields)
{
	struct strbuf line;
	char now[INSTANT_TEXT];
	ssize_t written;

	if (level < least_level)
		return;
	instant_format(clock_now(&clock_wall), now);
	strbuf_init(&line, LINE_MAX_BYTES);
	if (as_json)
		strbuf_addf(&line,
			"{\"time\":\"%s\",\"level\":\"%s\",\"id\":\"%s\"", now,
			level_names[level], id);
	else
		strbuf_addf(&line, "time=%s level=%s id=%s", now,
			level_names[level], id);
	for (; fields->key; fields++)
		add_field(&line, fields);
	if (line.length > LINE_MAX_BYTES - 2)
		line.length = LINE_MAX_BYTES - 2;
	line.full = false;
	strbuf_adds(&line, as_json ? "}\n" : "\n");
	written = write(STDOUT_FILENO, line.text, line.length);
	(void)written; /* a log that cannot be written has nowhere to say so */
	strbuf_release(&line);
}

void log_reason(
	enum log_level level, const char *id, const struct reason *reason)
{
	struct log_field fields[] = {
		LOG_TEXT("what", reason->sentence),
		LOG_TEXT("where", reason->place),
		{0, 0, 0},
	};

	if (!reason->place[0])
		fields[1].key = NULL;
	log_fields(level, id, fields);
}
