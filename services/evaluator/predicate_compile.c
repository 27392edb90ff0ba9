/* SPDX-License-Identifier: Apache-2.0 */
/* From YAML to a tree whose leaves are one comparison each, or to the place
 * that is wrong. */
#include "predicate_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 1000
#define FIELD_MAX 200

static const char *const words[OP_OPERATORS] = {"all", "any", "not", "equals",
	"in", "matches", "exists", "at_least", "at_most", "contains",
	"same_as"};

static enum operator operator_of(const char *word)
{
	int i = 0;

	while (i < OP_OPERATORS && strcmp(words[i], word) != 0)
		i++;
	return (enum operator)i;
}

static bool is_subject_part(const char *name)
{
	return strcmp(name, "tenant") == 0 || strcmp(name, "kind") == 0 ||
	       strcmp(name, "authority") == 0 || strcmp(name, "name") == 0;
}

enum status predicate_check_field(const struct doc *node, struct reason *reterr)
{
	const char *field = node->text;

	if (node->kind != DOC_SCALAR || !field[0] ||
		strlen(field) > FIELD_MAX || field[strcspn(field, " \t")])
		return doc_error(node, reterr,
			"a field is a path without blanks, like "
			"deployment.phase");
	if (strncmp(field, "subject.", 8) == 0 && !is_subject_part(field + 8))
		return doc_error(node, reterr,
			"of a subject there are tenant, kind, authority and "
			"name");
	if (strcmp(field, "label.") == 0 || strcmp(field, "$") == 0)
		return doc_error(node, reterr, "\"%s\" names nothing", field);
	return OK;
}

static enum status read_wanted(
	const struct doc *node, struct wanted *ret, struct reason *reterr)
{
	long long integer;
	char *end;

	if (node->kind != DOC_SCALAR)
		return doc_error(node, reterr, "a single value is wanted here");
	*ret = (struct wanted){.text = node->text};
	if (node->quoted || !node->text[0])
		return OK;
	ret->is_bool = strcmp(node->text, "true") == 0 ||
		       strcmp(node->text, "false") == 0;
	/* strtod also takes hexadecimal, "inf" and "nan", which are words. */
	if (node->text[strspn(node->text, "+-.0123456789eE")])
		return OK;
	ret->number = strtod(node->text, &end);
	ret->is_number = !*end;
	errno = 0;
	integer = strtoll(node->text, &end, 10);
	ret->is_integer = ret->is_number && !*end && !errno;
	ret->integer = integer;
	return OK;
}

static enum status read_list(struct arena *arena, const struct doc *node,
	struct predicate *ret, struct reason *reterr)
{
	if (node->kind != DOC_LIST || node->count == 0 ||
		node->count > LIST_MAX)
		return doc_error(node, reterr,
			"\"%s\" wants a list of 1 to %d values",
			words[ret->operator], LIST_MAX);
	ret->wanted = arena_array(arena, node->count, sizeof(*ret->wanted));
	DOC_EACH (node, item) {
		enum status status =
			read_wanted(item, &ret->wanted[ret->count++], reterr);

		if (status != OK)
			return status;
	}
	return OK;
}

static enum status check_wanted(const struct doc *node,
	const struct predicate *predicate, struct reason *reterr)
{
	const struct wanted *wanted = predicate->wanted;

	switch (predicate->operator) {
	case OP_EXISTS:
		if (!wanted->is_bool)
			return doc_error(
				node, reterr, "\"exists\" is true or false");
		return OK;
	case OP_AT_LEAST:
	case OP_AT_MOST:
		if (!wanted->is_number)
			return doc_error(node, reterr,
				"\"%s\" wants a number, not \"%.40s\"",
				words[predicate->operator], wanted->text);
		return OK;
	case OP_SAME_AS:
		return predicate_check_field(node, reterr);
	default:
		return OK;
	}
}

static enum status compile_leaf(struct arena *arena, const struct doc *node,
	struct predicate *ret, struct reason *reterr)
{
	const struct doc *value = NULL;
	enum status status;

	DOC_EACH (node, member) {
		if (strcmp(member->key, "field") == 0)
			continue;
		ret->operator= operator_of(member->key);
		if (ret->operator<OP_EQUALS || ret->operator== OP_OPERATORS)
			return doc_error(member, reterr,
				"\"%.60s\" is no operator: equals, in, "
				"matches, exists, at_least, at_most, contains "
				"and same_as are",
				member->key);
		if (value)
			return doc_error(member, reterr,
				"one operator to a condition; put two under "
				"\"all\"");
		value = member;
	}
	status = predicate_check_field(doc_get(node, "field"), reterr);
	if (status != OK)
		return status;
	ret->field = doc_get(node, "field")->text;
	if (!value)
		return doc_error(node, reterr,
			"\"%s\" is compared with nothing", ret->field);
	if (ret->operator==
		OP_IN ||(ret->operator== OP_MATCHES && value->kind == DOC_LIST))
		return read_list(arena, value, ret, reterr);
	ret->wanted = arena_alloc(arena, sizeof(*ret->wanted));
	ret->count = 1;
	status = read_wanted(value, ret->wanted, reterr);
	return status == OK ? check_wanted(value, ret, reterr) : status;
}

static enum status compile_children(struct arena *arena, const struct doc *list,
	struct predicate *ret, struct reason *reterr)
{
	if (list->kind != DOC_LIST || list->count == 0 ||
		list->count > LIST_MAX)
		return doc_error(list, reterr,
			"\"%s\" wants a list of 1 to %d conditions",
			words[ret->operator], LIST_MAX);
	ret->children =
		arena_array(arena, list->count, sizeof(struct predicate *));
	DOC_EACH (list, item) {
		enum status status = predicate_compile(
			arena, item, &ret->children[ret->count++], reterr);

		if (status != OK)
			return status;
	}
	return OK;
}

/* Nodes live as long as the arena: their texts are kept, not copied. */
enum status predicate_compile(struct arena *arena, const struct doc *node,
	const struct predicate **ret, struct reason *reterr)
{
	struct predicate *predicate = arena_alloc(arena, sizeof(*predicate));
	const struct doc *only = node->first;
	enum status status;

	if (node->kind != DOC_MAP || node->count == 0)
		return doc_error(node, reterr,
			"a condition is {field: ..., operator: value}, all, "
			"any or not");
	if (doc_get(node, "field")) {
		status = compile_leaf(arena, node, predicate, reterr);
	} else {
		predicate->operator= operator_of(only->key);
		if (predicate->operator> OP_NOT || node->count != 1)
			return doc_error(
				predicate->operator> OP_NOT ? only : only->next,
				reterr,
				"a condition without \"field\" is one of all, "
				"any, not");
		if (predicate->operator== OP_NOT) {
			predicate->children =
				arena_alloc(arena, sizeof(struct predicate *));
			predicate->count = 1;
			status = predicate_compile(
				arena, only, &predicate->children[0], reterr);
		} else {
			status = compile_children(
				arena, only, predicate, reterr);
		}
	}
	if (status == OK)
		*ret = predicate;
	return status;
}
