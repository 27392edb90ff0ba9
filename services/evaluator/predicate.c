/* SPDX-License-Identifier: Apache-2.0 */
/* Decides a compiled condition; which leaf settled it is part of the answer,
 * so that a verdict can say it. */
#include "base/bug.h"
#include "base/strbuf.h"
#include "model/subject.h"

#include "predicate_private.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EXPLAIN_MAX 300
#define VALUE_MAX 120

/* A field's value; at most one of the two is set. */
struct found {
	const struct json *json;
	const char *text;
	char room[SUBJECT_MAX + 1];
};

static const char *label_value(
	const struct label *labels, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(labels[i].name, name) == 0)
			return labels[i].value;
	return NULL;
}

static void decode_part(const char *part, size_t length, char *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n < SUBJECT_MAX; i++) {
		if (part[i] == '%' && i + 2 < length &&
			hex_decode(part + i + 1, 2, &ret[n], 1)) {
			n++;
			i += 2;
		} else {
			ret[n++] = part[i];
		}
	}
	ret[n] = '\0';
}

static void find_subject(
	const char *subject, const char *part, struct found *found)
{
	static const char *const parts[] = {"tenant", "kind", "authority"};
	size_t i = 0;

	while (i < 3 && strcmp(parts[i], part) != 0)
		i++;
	for (size_t skip = i; skip > 0; skip--) {
		subject = strchr(subject, '/');
		if (!subject)
			return;
		subject++;
	}
	decode_part(subject, i < 3 ? strcspn(subject, "/") : strlen(subject),
		found->room);
	found->text = found->room;
}

static void find(const char *field, const struct predicate_view *view,
	struct found *found)
{
	found->json = NULL;
	found->text = NULL;
	if (strncmp(field, "label.", 6) == 0)
		found->text =
			label_value(view->labels, view->label_count, field + 6);
	else if (field[0] == '$')
		found->text = label_value(
			view->variables, view->variable_count, field + 1);
	else if (strcmp(field, "subject") == 0)
		found->text = view->subject;
	else if (strncmp(field, "subject.", 8) == 0 && view->subject)
		find_subject(view->subject, field + 8, found);
	else
		found->json = json_path(view->data, field);
	if (json_is_null(found->json))
		found->json = NULL;
}

static bool is_there(const struct found *found)
{
	return found->json || found->text;
}

/* Any single value as text; NULL for lists and objects. */
static const char *as_text(const struct json *json, char *room, size_t size)
{
	int64_t integer;
	double number;

	if (json_text(json))
		return json_text(json);
	if (json_integer(json, &integer))
		snprintf(room, size, "%" PRId64, integer);
	else if (json_double(json, &number))
		snprintf(room, size, "%.17g", number);
	else if (json_is_bool(json))
		snprintf(room, size, "%s", json_true(json) ? "true" : "false");
	else
		return NULL;
	return room;
}

static const char *found_text(struct found *found)
{
	if (found->text)
		return found->text;
	return found->json
		       ? as_text(found->json, found->room, sizeof(found->room))
		       : NULL;
}

static bool same_value(const struct wanted *wanted, const struct json *json)
{
	int64_t integer;
	double number;

	if (json_text(json))
		return strcmp(json_text(json), wanted->text) == 0;
	if (json_is_bool(json))
		return wanted->is_bool &&
		       json_true(json) == (wanted->text[0] == 't');
	if (wanted->is_integer && json_integer(json, &integer))
		return integer == wanted->integer;
	return wanted->is_number && json_double(json, &number) &&
	       number >= wanted->number && number <= wanted->number;
}

static bool equals(const struct wanted *wanted, const struct found *found)
{
	if (found->text)
		return strcmp(found->text, wanted->text) == 0;
	return same_value(wanted, found->json);
}

static bool contains(const struct wanted *wanted, struct found *found)
{
	const char *text = found->text ? found->text : json_text(found->json);

	if (text)
		return strstr(text, wanted->text) != NULL;
	if (!json_is_array(found->json))
		return false;
	JSON_EACH (found->json, walk) {
		if (same_value(wanted, walk.value))
			return true;
	}
	return false;
}

/* -1, 0, 1; false where it is no number. */
static bool compare(
	const struct wanted *wanted, const struct found *found, int *ret)
{
	double number;
	char *end;

	if (found->text) {
		number = strtod(found->text, &end);
		if (!found->text[0] || *end || number != number)
			return false;
	} else if (!json_double(found->json, &number)) {
		return false;
	}
	*ret = number < wanted->number ? -1 : number > wanted->number;
	return true;
}

static bool same_as(const struct predicate *leaf, struct found *found,
	const struct predicate_view *view)
{
	struct found other;
	const char *one = found_text(found);
	const char *two;

	find(leaf->wanted->text, view, &other);
	two = found_text(&other);
	return one && two && strcmp(one, two) == 0;
}

static bool any_wanted(const struct predicate *leaf, struct found *found)
{
	const char *text = found_text(found);

	for (size_t i = 0; i < leaf->count; i++) {
		const struct wanted *wanted = &leaf->wanted[i];

		if (leaf->operator== OP_MATCHES
				? text && fnmatch(wanted->text, text, 0) == 0
				: equals(wanted, found))
			return true;
	}
	return false;
}

static bool leaf_holds(
	const struct predicate *leaf, const struct predicate_view *view)
{
	struct found found;
	int order;

	find(leaf->field, view, &found);
	if (leaf->operator== OP_EXISTS)
		return is_there(&found) == (leaf->wanted->text[0] == 't');
	if (!is_there(&found))
		return false;
	switch (leaf->operator) {
	case OP_EQUALS:
	case OP_IN:
	case OP_MATCHES:
		return any_wanted(leaf, &found);
	case OP_AT_LEAST:
		return compare(leaf->wanted, &found, &order) && order >= 0;
	case OP_AT_MOST:
		return compare(leaf->wanted, &found, &order) && order <= 0;
	case OP_CONTAINS:
		return contains(leaf->wanted, &found);
	case OP_SAME_AS:
		return same_as(leaf, &found, view);
	default:
		BUG("operator %d has no leaf", (int)leaf->operator);
	}
}

/* Also gives the leaf that settled it, and whether it stands negated. */
static bool decide(const struct predicate *predicate,
	const struct predicate_view *view, const struct predicate **ret_leaf,
	bool *ret_negated)
{
	const struct predicate *leaf;
	bool negated, holds, settles = predicate->operator== OP_ANY;

	if (predicate->operator> OP_NOT) {
		*ret_leaf = predicate;
		*ret_negated = false;
		return leaf_holds(predicate, view);
	}
	if (predicate->operator== OP_NOT) {
		holds = !decide(
			predicate->children[0], view, ret_leaf, ret_negated);
		*ret_negated = !*ret_negated;
		return holds;
	}
	for (size_t i = 0; i < predicate->count; i++) {
		holds = decide(predicate->children[i], view, &leaf, &negated);
		if (i == 0 || holds == settles) {
			*ret_leaf = leaf;
			*ret_negated = negated;
		}
		if (holds == settles)
			return settles;
	}
	return !settles;
}

bool predicate_holds(
	const struct predicate *predicate, const struct predicate_view *view)
{
	const struct predicate *leaf;
	bool negated;

	return decide(predicate, view, &leaf, &negated);
}

static void add_cut(struct strbuf *out, const char *value)
{
	char text[VALUE_MAX + 5];

	snprintf(text, sizeof(text), "%s", value);
	utf8_cut(text, VALUE_MAX);
	strbuf_adds(out, text);
}

static void add_wanted(struct strbuf *out, const struct predicate *leaf,
	const struct predicate_view *view)
{
	static const char *const phrases[OP_OPERATORS] = {
		[OP_EQUALS] = "",
		[OP_IN] = "one of ",
		[OP_MATCHES] = "like ",
		[OP_AT_LEAST] = "at least ",
		[OP_AT_MOST] = "at most ",
		[OP_CONTAINS] = "to contain ",
		[OP_SAME_AS] = "the same as ",
	};
	struct found other;
	const char *text;

	if (leaf->operator== OP_EXISTS) {
		strbuf_adds(out, leaf->wanted->text[0] == 't' ? "to be there"
							      : "absent");
		return;
	}
	strbuf_adds(out, phrases[leaf->operator]);
	for (size_t i = 0; i < leaf->count; i++)
		strbuf_addf(out, "%s%s", i ? ", " : "", leaf->wanted[i].text);
	if (leaf->operator!= OP_SAME_AS)
		return;
	find(leaf->wanted->text, view, &other);
	text = found_text(&other);
	strbuf_addf(out, " (%s)", text ? text : "absent");
}

const char *predicate_explain(const struct predicate *predicate,
	const struct predicate_view *view, struct arena *arena)
{
	const struct predicate *leaf;
	struct strbuf out;
	struct found found;
	const char *value;
	bool negated;

	decide(predicate, view, &leaf, &negated);
	find(leaf->field, view, &found);
	value = found_text(&found);
	if (!value)
		value = found.json ? json_type(found.json) : "absent";
	strbuf_init(&out, 4096);
	strbuf_addf(&out, "%s is ", leaf->field);
	add_cut(&out, value);
	strbuf_addf(&out, ", wanted %s", negated ? "not " : "");
	add_wanted(&out, leaf, view);
	utf8_cut(out.text, EXPLAIN_MAX);
	value = arena_string(arena, out.text);
	strbuf_release(&out);
	return value;
}

const char *predicate_decided_by(
	const struct predicate *predicate, const struct predicate_view *view)
{
	const struct predicate *leaf;
	bool negated;

	decide(predicate, view, &leaf, &negated);
	return leaf->field;
}

const char *predicate_field(const char *field,
	const struct predicate_view *view, struct arena *arena)
{
	struct found found;
	const char *text;

	find(field, view, &found);
	text = found_text(&found);
	return text ? arena_string(arena, text) : NULL;
}
