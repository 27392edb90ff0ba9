/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/mapping.h"

#include "base/bug.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "translate/glob.h"
#include "wire/doc.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define ARENA_MAX (64u << 20)
#define RULES_MAX 10000
#define FIELDS_MAX 20
#define LABELS_MAX 20
#define CAPTURES_MAX (FIELDS_MAX * GLOB_STARS_MAX)

struct rule {
	const char *tool;
	struct label *fields; /* name and pattern, as they are written */
	size_t field_count;
	struct label *labels; /* value with {n} in it */
	size_t label_count;
	size_t stars;
};

struct mapping {
	atomic_int references;
	struct arena *arena;
	struct rule *rules;
	size_t count;
};

static enum status read_fields(struct arena *arena, const struct doc *node,
	struct rule *rule, struct reason *reterr)
{
	const struct doc *map = doc_get(node, "match");

	if (!map || map->kind != DOC_MAP || map->count == 0 ||
		map->count > FIELDS_MAX)
		return doc_error(map ? map : node, reterr,
			"needs match: a map of 1 to %d fields", FIELDS_MAX);
	rule->fields = arena_array(arena, map->count, sizeof(*rule->fields));
	DOC_EACH (map, field) {
		struct reason why;
		size_t stars;

		if (field->kind != DOC_SCALAR)
			return doc_error(
				field, reterr, "a pattern is a single value");
		if (glob_check(field->text, &stars, &why) != OK)
			return doc_error(field, reterr, "%s", why.sentence);
		rule->stars += stars;
		rule->fields[rule->field_count++] =
			(struct label){field->key, field->text};
	}
	return OK;
}

/* The number of a "{n}" at `at`, 0 where there is none. */
static size_t capture_at(const char *at, size_t *ret_length)
{
	size_t digits = strspn(at + 1, "0123456789"), number = 0;

	if (*at != '{' || digits == 0 || digits > 3 || at[1 + digits] != '}')
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (size_t)(at[1 + i] - '0');
	*ret_length = digits + 2;
	return number;
}

static enum status check_value(
	const struct doc *node, const struct rule *rule, struct reason *reterr)
{
	for (const char *at = strchr(node->text, '{'); at;
		at = strchr(at + 1, '{')) {
		size_t length, number = capture_at(at, &length);

		if (number == 0)
			return doc_error(node, reterr,
				"{ begins a capture, {1} to {%zu}",
				rule->stars);
		if (number > rule->stars)
			return doc_error(node, reterr,
				"{%zu} names no star: the rule has %zu", number,
				rule->stars);
	}
	return OK;
}

static enum status read_labels(struct arena *arena, const struct doc *node,
	struct rule *rule, struct reason *reterr)
{
	const struct doc *map = doc_get(node, "labels");

	if (!map || map->kind != DOC_MAP || map->count == 0 ||
		map->count > LABELS_MAX)
		return doc_error(map ? map : node, reterr,
			"needs labels: a map of 1 to %d", LABELS_MAX);
	rule->labels = arena_array(arena, map->count, sizeof(*rule->labels));
	DOC_EACH (map, label) {
		enum status status;

		if (label->kind != DOC_SCALAR || !label->text[0])
			return doc_error(
				label, reterr, "a label is a single value");
		status = check_value(label, rule, reterr);
		if (status != OK)
			return status;
		rule->labels[rule->label_count++] =
			(struct label){label->key, label->text};
	}
	return OK;
}

static enum status read_rule(struct arena *arena, const struct doc *node,
	struct rule *rule, struct reason *reterr)
{
	static const char *const keys[] = {"tool", "match", "labels", NULL};
	enum status status;

	if (node->kind != DOC_MAP)
		return doc_error(node, reterr, "a rule is a map");
	status = doc_only(node, keys, reterr);
	if (status == OK)
		status = doc_text_required(node, "tool", &rule->tool, reterr);
	if (status == OK && !adapter_find(rule->tool))
		return doc_error(doc_get(node, "tool"), reterr,
			"there is no adapter for tool \"%s\"", rule->tool);
	if (status == OK)
		status = read_fields(arena, node, rule, reterr);
	if (status == OK)
		status = read_labels(arena, node, rule, reterr);
	return status;
}

static enum status read_file(
	struct mapping *mapping, const char *path, struct reason *reterr)
{
	static const char *const keys[] = {"rules", NULL};
	const struct doc *root, *list;
	enum status status = doc_read_file(mapping->arena, path, &root, reterr);

	if (status == OK && root->kind != DOC_MAP)
		return doc_error(root, reterr, "must be a map: rules: ...");
	if (status == OK)
		status = doc_only(root, keys, reterr);
	if (status != OK)
		return status;
	list = doc_get(root, "rules");
	if (!list || list->kind != DOC_LIST || list->count > RULES_MAX)
		return doc_error(list ? list : root, reterr,
			"\"rules\" must be a list of at most %d", RULES_MAX);
	mapping->rules = arena_array(
		mapping->arena, list->count + 1, sizeof(*mapping->rules));
	DOC_EACH (list, node) {
		status = read_rule(mapping->arena, node,
			&mapping->rules[mapping->count], reterr);
		if (status != OK)
			return status;
		mapping->count++;
	}
	return OK;
}

enum status mapping_load(
	const char *path, struct mapping **ret, struct reason *reterr)
{
	struct mapping *mapping = memory_new(sizeof(*mapping));
	enum status status = OK;

	atomic_init(&mapping->references, 1);
	mapping->arena = arena_new(ARENA_MAX);
	if (path)
		status = read_file(mapping, path, reterr);
	if (status != OK)
		mapping_unref(&mapping);
	else
		*ret = mapping;
	return status;
}

struct mapping *mapping_ref(struct mapping *mapping)
{
	atomic_fetch_add(&mapping->references, 1);
	return mapping;
}

void mapping_unref(struct mapping **mapping)
{
	struct mapping *old = *mapping;

	*mapping = NULL;
	if (!old || atomic_fetch_sub(&old->references, 1) > 1)
		return;
	arena_free(&old->arena);
	memory_free(old);
}

size_t mapping_rules(const struct mapping *mapping)
{
	return mapping->count;
}

/* Any row of the name that matches; tools name several images. */
static bool field_matches(const struct label *wanted,
	const struct label *fields, size_t count, struct glob_capture *captures)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, wanted->name) == 0 &&
			strlen(fields[i].value) <= MAPPING_FIELD_MAX &&
			glob_match(wanted->value, fields[i].value, captures))
			return true;
	return false;
}

static bool rule_matches(const struct rule *rule, const struct label *fields,
	size_t count, struct glob_capture *captures)
{
	size_t taken = 0;

	for (size_t i = 0; i < rule->field_count; i++) {
		struct reason ignored;
		size_t stars = 0;

		if (!field_matches(
			    &rule->fields[i], fields, count, captures + taken))
			return false;
		MUST(glob_check(rule->fields[i].value, &stars, &ignored) == OK);
		taken += stars;
	}
	return true;
}

static const char *filled(struct arena *arena, const char *value,
	const struct glob_capture *captures)
{
	struct strbuf text;
	const char *copy;

	if (!strchr(value, '{'))
		return value;
	strbuf_init(&text, 4 * MAPPING_FIELD_MAX);
	while (*value) {
		size_t length = 1, number = capture_at(value, &length);

		if (number > 0)
			strbuf_add(&text, captures[number - 1].text,
				captures[number - 1].length);
		else
			strbuf_addc(&text, *value);
		value += length;
	}
	copy = arena_string(arena, text.full ? "" : text.text);
	strbuf_release(&text);
	return copy;
}

static void fill_labels(struct arena *arena, const struct rule *rule,
	const struct glob_capture *captures, const struct label **ret,
	size_t *ret_count)
{
	struct label *labels =
		arena_array(arena, rule->label_count, sizeof(*labels));
	size_t count = 0;

	for (size_t i = 0; i < rule->label_count; i++) {
		const char *value =
			filled(arena, rule->labels[i].value, captures);

		if (*value)
			labels[count++] =
				(struct label){rule->labels[i].name, value};
	}
	*ret = labels;
	*ret_count = count;
}

bool mapping_find(const struct mapping *mapping, struct arena *arena,
	const char *tool, const struct label *fields, size_t field_count,
	const struct label **ret, size_t *ret_count)
{
	struct glob_capture captures[CAPTURES_MAX];

	for (size_t i = 0; i < mapping->count; i++) {
		const struct rule *rule = &mapping->rules[i];

		if (strcmp(rule->tool, tool) != 0 ||
			!rule_matches(rule, fields, field_count, captures))
			continue;
		fill_labels(arena, rule, captures, ret, ret_count);
		return true;
	}
	return false;
}
