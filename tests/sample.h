/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading tests/samples: one request per .http file, as tests/samples/README.md
 * describes it. For tests and fuzz targets only.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "wire/kafka.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_MAX (4u << 20)
#define SAMPLE_HEADERS 40
#define SAMPLE_RECEIVED "2026-11-24T08:00:00Z"

struct sample {
	const char *source; /* from the path of the request line */
	struct kafka_header headers[SAMPLE_HEADERS];
	size_t header_count;
	instant received;
	const char *body;
	size_t size;
};

/* NULL where it cannot be read; NUL-terminated. */
static inline char *sample_file(
	struct arena *arena, const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (!file)
		return NULL;
	text = arena_alloc(arena, SAMPLE_MAX + 1);
	*ret_size = fread(text, 1, SAMPLE_MAX, file);
	fclose(file);
	text[*ret_size] = '\0';
	return text;
}

/* Cuts the next line off; NULL where there is none. */
static inline char *sample_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*text = end + 1;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

static inline bool sample_header(struct sample *sample, char *line)
{
	char *value = strchr(line, ':');
	struct reason ignored;

	if (!value || sample->header_count == SAMPLE_HEADERS)
		return false;
	*value++ = '\0';
	value += strspn(value, " ");
	/* When the edge received it; no part of the request. */
	if (strcmp(line, "x-sample-received") == 0)
		return instant_parse(value, strlen(value), &sample->received,
			       &ignored) == OK;
	sample->headers[sample->header_count++] =
		(struct kafka_header){line, value, strlen(value)};
	return true;
}

/* False where it is no request. `text` is cut up and pointed into. */
static inline bool sample_parse(
	char *text, size_t size, struct sample *ret, bool end_mark)
{
	static const char path[] = "POST /v1/hooks/";
	char *end = text + size, *line = sample_line(&text);
	struct reason ignored;

	*ret = (struct sample){0};
	if (!line || strncmp(line, path, strlen(path)) != 0 ||
		instant_parse(SAMPLE_RECEIVED, strlen(SAMPLE_RECEIVED),
			&ret->received, &ignored) != OK)
		return false;
	ret->source = line + strlen(path);
	line[strlen(path) + strcspn(ret->source, " /?")] = '\0';
	while ((line = sample_line(&text)) && *line)
		if (!sample_header(ret, line))
			return false;
	if (!line)
		return false;
	ret->body = text;
	ret->size = (size_t)(end - text);
	/* Editors end a file with a line break that is no part of the body. */
	if (end_mark && ret->size > 0 && end[-1] == '\n')
		ret->size--;
	return true;
}
