/* SPDX-License-Identifier: Apache-2.0 */
/* Builds our own tree from libyaml's events, so that every node keeps its
 * place; bounds depth and refuses what makes one file mean two things. */
#include "wire/doc.h"

#include "base/bug.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 32

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	const char *file;
	struct reason *reterr;
};

static enum status refuse_at(
	struct builder *builder, yaml_mark_t mark, const char *sentence)
{
	char place[180];

	snprintf(place, sizeof(place), "%s:%zu:%zu", builder->file,
		mark.line + 1, mark.column + 1);
	reason_set(builder->reterr, place, "%s", sentence);
	return CONFIG;
}

static enum status next_event(struct builder *builder, yaml_event_t *ret)
{
	const yaml_parser_t *parser = &builder->parser;
	yaml_mark_t mark;

	if (yaml_parser_parse(&builder->parser, ret))
		return OK;
	mark = parser->problem_mark;
	return refuse_at(
		builder, mark, parser->problem ? parser->problem : "no YAML");
}

static struct doc *node_at(
	struct builder *builder, enum doc_kind kind, yaml_mark_t mark)
{
	struct doc *node = arena_alloc(builder->arena, sizeof(*node));

	node->kind = kind;
	node->file = builder->file;
	node->line = (unsigned)mark.line + 1;
	node->column = (unsigned)mark.column + 1;
	node->text = "";
	return node;
}

static enum status build(struct builder *builder, const yaml_event_t *event,
	unsigned depth, struct doc **ret);

static enum status build_list(
	struct builder *builder, struct doc *list, unsigned depth)
{
	const struct doc **tail = &list->first;
	enum status status;
	yaml_event_t event;
	struct doc *item;

	for (;;) {
		status = next_event(builder, &event);
		if (status != OK)
			return status;
		if (event.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&event);
			return OK;
		}
		status = build(builder, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (status != OK)
			return status;
		*tail = item;
		tail = &item->next;
		list->count++;
	}
}

static enum status member_key(struct builder *builder, const struct doc *map,
	const yaml_event_t *event, const char **ret)
{
	const char *key;

	if (event->type != YAML_SCALAR_EVENT)
		return refuse_at(
			builder, event->start_mark, "a key must be plain text");
	key = arena_copy(builder->arena, event->data.scalar.value,
		event->data.scalar.length);
	if (strlen(key) != event->data.scalar.length)
		return refuse_at(builder, event->start_mark, "key holds a NUL");
	if (doc_get(map, key)) {
		char sentence[120];

		snprintf(sentence, sizeof(sentence),
			"\"%.80s\" stands twice in this map", key);
		return refuse_at(builder, event->start_mark, sentence);
	}
	*ret = key;
	return OK;
}

static enum status build_map(
	struct builder *builder, struct doc *map, unsigned depth)
{
	const struct doc **tail = &map->first;
	enum status status;
	yaml_event_t event;
	const char *key;
	struct doc *value;
	yaml_mark_t mark;

	for (;;) {
		status = next_event(builder, &event);
		if (status != OK)
			return status;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			return OK;
		}
		status = member_key(builder, map, &event, &key);
		mark = event.start_mark;
		yaml_event_delete(&event);
		if (status == OK)
			status = next_event(builder, &event);
		if (status != OK)
			return status;
		status = build(builder, &event, depth + 1, &value);
		yaml_event_delete(&event);
		if (status != OK)
			return status;
		value->key = key;
		value->key_line = (unsigned)mark.line + 1;
		value->key_column = (unsigned)mark.column + 1;
		*tail = value;
		tail = &value->next;
		map->count++;
	}
}

static enum status build_scalar(
	struct builder *builder, const yaml_event_t *event, struct doc **ret)
{
	*ret = node_at(builder, DOC_SCALAR, event->start_mark);
	(*ret)->text = arena_copy(builder->arena, event->data.scalar.value,
		event->data.scalar.length);
	(*ret)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	if (strlen((*ret)->text) != event->data.scalar.length)
		return refuse_at(
			builder, event->start_mark, "text holds a NUL");
	return OK;
}

static enum status build(struct builder *builder, const yaml_event_t *event,
	unsigned depth, struct doc **ret)
{
	if (depth > DEPTH_MAX)
		return refuse_at(builder, event->start_mark,
			"nested deeper than 32 levels");
	switch ((int)event->type) {
	case YAML_SCALAR_EVENT:
		return build_scalar(builder, event, ret);
	case YAML_SEQUENCE_START_EVENT:
		*ret = node_at(builder, DOC_LIST, event->start_mark);
		return build_list(builder, *ret, depth);
	case YAML_MAPPING_START_EVENT:
		*ret = node_at(builder, DOC_MAP, event->start_mark);
		return build_map(builder, *ret, depth);
	default:
		return refuse_at(builder, event->start_mark,
			"anchors and aliases are not taken here");
	}
}

/* The whole stream: one document, nothing behind it. */
static enum status build_stream(struct builder *builder, const struct doc **ret)
{
	bool begun = false;
	enum status status = OK;
	struct doc *root = NULL;

	for (bool end = false; !end && status == OK;) {
		yaml_event_t event;

		status = next_event(builder, &event);
		if (status != OK)
			return status;
		switch ((int)event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (begun)
				status = refuse_at(builder, event.start_mark,
					"only one document per file");
			begun = true;
			break;
		case YAML_STREAM_END_EVENT:
			end = true;
			break;
		default:
			status = build(builder, &event, 1, &root);
		}
		yaml_event_delete(&event);
	}
	if (status == OK && !root) {
		yaml_mark_t start = {0};

		return refuse_at(builder, start, "the file is empty");
	}
	*ret = root;
	return status;
}

enum status doc_read(struct arena *arena, const char *name, const char *text,
	size_t length, const struct doc **ret, struct reason *reterr)
{
	struct builder builder = {
		.arena = arena,
		.file = arena_string(arena, name),
		.reterr = reterr,
	};
	enum status status;

	if (!yaml_parser_initialize(&builder.parser))
		BUG("libyaml has no memory");
	yaml_parser_set_input_string(
		&builder.parser, (const unsigned char *)text, length);
	status = build_stream(&builder, ret);
	yaml_parser_delete(&builder.parser);
	return status;
}

enum status doc_read_file(struct arena *arena, const char *path,
	const struct doc **ret, struct reason *reterr)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t n;

	if (!file) {
		reason_set(
			reterr, path, "cannot be opened: %s", strerror(errno));
		return CONFIG;
	}
	text = arena_alloc(arena, DOC_FILE_MAX + 1);
	n = fread(text, 1, DOC_FILE_MAX + 1, file);
	if (ferror(file) || n > DOC_FILE_MAX) {
		reason_set(reterr, path, "%s",
			n > DOC_FILE_MAX ? "larger than 4 MiB"
					 : strerror(errno));
		fclose(file);
		return CONFIG;
	}
	fclose(file);
	return doc_read(arena, path, text, n, ret, reterr);
}

const struct doc *doc_get(const struct doc *map, const char *key)
{
	if (!map || map->kind != DOC_MAP)
		return NULL;
	DOC_EACH (map, child) {
		if (strcmp(child->key, key) == 0)
			return child;
	}
	return NULL;
}

enum status doc_error(
	const struct doc *node, struct reason *reterr, const char *fmt, ...)
{
	char place[180];
	char sentence[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	snprintf(place, sizeof(place), "%s:%u:%u", node->file, node->line,
		node->column);
	reason_set(reterr, place, "%s", sentence);
	return CONFIG;
}

/* The scalar of a member; IGNORED where it is absent or empty. */
static enum status scalar(const struct doc *map, const char *key,
	const struct doc **ret, struct reason *reterr)
{
	const struct doc *node = doc_get(map, key);

	if (!node || (node->kind == DOC_SCALAR && !node->quoted &&
			     (!node->text[0] || !strcmp(node->text, "~") ||
				     !strcmp(node->text, "null"))))
		return IGNORED;
	if (node->kind != DOC_SCALAR)
		return doc_error(
			node, reterr, "\"%s\" must be a single value", key);
	*ret = node;
	return OK;
}

enum status doc_text(const struct doc *map, const char *key,
	const char *otherwise, const char **ret, struct reason *reterr)
{
	const struct doc *node;
	enum status status = scalar(map, key, &node, reterr);

	if (status == CONFIG)
		return status;
	*ret = status == OK ? node->text : otherwise;
	return OK;
}

enum status doc_text_required(const struct doc *map, const char *key,
	const char **ret, struct reason *reterr)
{
	const struct doc *node;
	enum status status = scalar(map, key, &node, reterr);

	if (status == IGNORED)
		return doc_error(map, reterr, "\"%s\" is missing", key);
	if (status == OK)
		*ret = node->text;
	return status;
}

enum status doc_integer(const struct doc *map, const char *key, int64_t least,
	int64_t most, int64_t otherwise, int64_t *ret, struct reason *reterr)
{
	const struct doc *node;
	enum status status = scalar(map, key, &node, reterr);
	long long number;
	char *end;

	if (status == CONFIG)
		return status;
	if (status == IGNORED) {
		*ret = otherwise;
		return OK;
	}
	errno = 0;
	number = strtoll(node->text, &end, 10);
	if (end == node->text || *end || errno)
		return doc_error(node, reterr,
			"\"%s\" must be a whole number, not \"%.40s\"", key,
			node->text);
	if (number < least || number > most)
		return doc_error(node, reterr,
			"\"%s\" must lie between %lld and %lld", key,
			(long long)least, (long long)most);
	*ret = number;
	return OK;
}

enum status doc_bool(const struct doc *map, const char *key, bool otherwise,
	bool *ret, struct reason *reterr)
{
	const struct doc *node;
	enum status status = scalar(map, key, &node, reterr);

	if (status == CONFIG)
		return status;
	if (status == IGNORED)
		*ret = otherwise;
	else if (strcmp(node->text, "true") == 0)
		*ret = true;
	else if (strcmp(node->text, "false") == 0)
		*ret = false;
	else
		return doc_error(node, reterr,
			"\"%s\" must be true or false, not \"%.40s\"", key,
			node->text);
	return OK;
}

enum status doc_duration(const struct doc *map, const char *key,
	instant otherwise, instant *ret, struct reason *reterr)
{
	const struct doc *node;
	enum status status = scalar(map, key, &node, reterr);
	struct reason why;

	if (status == CONFIG)
		return status;
	if (status == IGNORED) {
		*ret = otherwise;
		return OK;
	}
	if (duration_parse(node->text, ret, &why) != OK)
		return doc_error(node, reterr, "%s: %s", key, why.sentence);
	return OK;
}

enum status doc_only(
	const struct doc *map, const char *const *known, struct reason *reterr)
{
	if (map->kind != DOC_MAP)
		return doc_error(map, reterr, "a map is wanted here");
	DOC_EACH (map, child) {
		const char *const *k = known;

		while (*k && strcmp(*k, child->key) != 0)
			k++;
		if (!*k) {
			/* A block begins lines below its key, and the key is
			 * what is wrong. */
			struct doc key = *child;

			if (child->line != child->key_line) {
				key.line = child->key_line;
				key.column = child->key_column;
			}
			return doc_error(&key, reterr,
				"\"%.60s\" is not known here", child->key);
		}
	}
	return OK;
}
