/* SPDX-License-Identifier: Apache-2.0 */
/* From the nodes of one file to criteria that are ready to be judged, or to
 * the place that is wrong. Nodes live as long as the pack. */
#include "base/bug.h"

#include "pack_private.h"
#include "predicate.h"
#include "task.h"

#include <string.h>

#define RELATIONS_MAX 8
#define TEXT_MAX 600

struct reading {
	struct pack *pack;
	struct reason *reterr;
	const char *task; /* of the file: a task or a practice */
};

enum status pack_read_head(
	struct pack *pack, const struct doc *root, struct reason *reterr)
{
	static const char *const keys[] = {"pack", "version", "title", NULL};
	enum status status = doc_only(root, keys, reterr);

	if (status == OK)
		status = doc_text_required(root, "pack", &pack->name, reterr);
	if (status == OK)
		status = doc_text_required(
			root, "version", &pack->version, reterr);
	if (status == OK)
		status = doc_text(root, "title", "", &pack->title, reterr);
	return status;
}

static bool is_word(const char *text, const char *letters)
{
	return text[0] && !text[strspn(text, letters)] && strlen(text) <= 100;
}

static enum status read_id(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789.-";
	enum status status =
		doc_text_required(node, "id", &criterion->id, reading->reterr);
	const struct doc *id = doc_get(node, "id");
	const struct criterion *same;

	if (status != OK)
		return status;
	criterion->task = task_of(criterion->id);
	if (!criterion->task)
		return doc_error(id, reading->reterr,
			"\"%.60s\" does not begin with a task of SSDF PO, "
			"like PO.3.2-a",
			criterion->id);
	if (!is_word(criterion->id, letters) ||
		!criterion->id[strlen(criterion->task) + 1])
		return doc_error(id, reading->reterr,
			"an id is its task, a dash, letters, digits and "
			"dashes; at most 100");
	if (strncmp(criterion->task, reading->task, strlen(reading->task)) != 0)
		return doc_error(id, reading->reterr,
			"\"%s\" does not belong to %s, the task of this file",
			criterion->id, reading->task);
	same = pack_find(reading->pack, criterion->id);
	if (same)
		return doc_error(id, reading->reterr,
			"there is a criterion \"%s\" already, at %s:%u",
			criterion->id, same->file, same->line);
	return OK;
}

static enum status read_subject(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	const char *word;
	enum status status =
		doc_text_required(node, "subject", &word, reading->reterr);

	if (status != OK)
		return status;
	criterion->subject = subject_kind_parse(word);
	if (criterion->subject == SUBJECT_KINDS)
		return doc_error(doc_get(node, "subject"), reading->reterr,
			"a subject is service, image, cluster, repo, host, "
			"tool or org, not \"%.40s\"",
			word);
	return OK;
}

/* Whom it concerns, and how much. */
static enum status read_reach(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *word;
	enum status status =
		doc_text_required(node, "severity", &word, reading->reterr);

	if (status != OK)
		return status;
	criterion->severity = severity_parse(word);
	if (criterion->severity == SEVERITIES)
		return doc_error(doc_get(node, "severity"), reading->reterr,
			"a severity is critical, high, medium or low, not "
			"\"%.40s\"",
			word);
	status = doc_text_required(
		node, "role", &criterion->role, reading->reterr);
	if (status == OK)
		status = doc_text(node, "doubt_role", "toolchain-owner",
			&criterion->doubt_role, reading->reterr);
	if (status == OK && !is_word(criterion->role, letters))
		return doc_error(doc_get(node, "role"), reading->reterr,
			"a role is written like service-owner");
	if (status == OK && !is_word(criterion->doubt_role, letters))
		return doc_error(doc_get(node, "doubt_role"), reading->reterr,
			"a role is written like toolchain-owner");
	return status;
}

static enum status read_case(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	static const char *const keys[] = {"policy", "after", "triage", NULL};
	const struct doc *map = doc_get(node, "case");
	const char *word, *triage = NULL;
	enum status status;

	criterion->case_policy = CASE_NEVER;
	if (!map)
		return OK;
	status = doc_only(map, keys, reading->reterr);
	if (status == OK)
		status = doc_text_required(
			map, "policy", &word, reading->reterr);
	if (status == OK && !case_policy_parse(word, &criterion->case_policy))
		return doc_error(doc_get(map, "policy"), reading->reterr,
			"a case is opened never, at-once or after, not "
			"\"%.40s\"",
			word);
	if (status == OK && (criterion->case_policy == CASE_AFTER) !=
				    (doc_get(map, "after") != NULL))
		return doc_error(map, reading->reterr,
			"\"after\": a duration belongs to policy after, and "
			"to no other");
	if (status == OK)
		status = doc_duration(map, "after", 0, &criterion->case_after,
			reading->reterr);
	if (status == OK)
		status =
			doc_text(map, "triage", NULL, &triage, reading->reterr);
	criterion->case_triage = triage != NULL;
	if (status == OK && triage &&
		(strcmp(triage, "at-once") != 0 ||
			criterion->case_policy == CASE_AT_ONCE))
		return doc_error(doc_get(map, "triage"), reading->reterr,
			"\"triage\" is at-once, where the policy is not");
	return status;
}

static enum status read_use(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	const struct doc *applies = doc_get(node, "applies");
	const char *relation;
	enum status status = doc_text(node, "in_use_by", NULL,
		&criterion->in_use_by, reading->reterr);

	relation = criterion->in_use_by;
	if (status == OK && relation &&
		!is_word(relation + (relation[0] == '<'), letters))
		return doc_error(doc_get(node, "in_use_by"), reading->reterr,
			"a relation is written like runs, or <runs where it "
			"is walked inwards");
	if (status == OK && applies)
		status = predicate_compile(reading->pack->arena, applies,
			&criterion->applies, reading->reterr);
	return status;
}

/* The window must also hold whom the criterion's use hangs on. */
static void add_relation(struct arena *arena, struct criterion *criterion)
{
	const char *const *old = criterion->needs.relations;
	const char **all = arena_array(arena, RELATIONS_MAX + 2, sizeof(*all));
	size_t count = 0;

	if (!criterion->in_use_by)
		return;
	for (; old && old[count]; count++) {
		MUST(count < RELATIONS_MAX);
		if (strcmp(old[count], criterion->in_use_by) == 0)
			return;
		all[count] = old[count];
	}
	all[count] = criterion->in_use_by;
	criterion->needs.relations = all;
}

static enum status read_rule(struct reading *reading, const struct doc *node,
	struct criterion *criterion)
{
	const struct doc *parameters = doc_get(node, "parameters");
	const char *word;
	enum status status =
		doc_text_required(node, "rule", &word, reading->reterr);

	if (status != OK)
		return status;
	criterion->rule = rule_find(word);
	if (!criterion->rule)
		return doc_error(doc_get(node, "rule"), reading->reterr,
			"there is no rule kind \"%.40s\"", word);
	if (!parameters)
		return doc_error(
			node, reading->reterr, "\"parameters\" is missing");
	if (parameters->kind != DOC_MAP)
		return doc_error(parameters, reading->reterr,
			"\"parameters\" must be a map");
	status = criterion->rule->compile(reading->pack->arena, parameters,
		reading->pack->clocks, &criterion->plan, reading->reterr);
	if (status != OK)
		return status;
	criterion->rule->needs(criterion->plan, &criterion->needs);
	add_relation(reading->pack->arena, criterion);
	return OK;
}

static enum status read_suppresses(struct reading *reading,
	const struct doc *node, struct criterion *criterion)
{
	const struct doc *suppresses = doc_get(node, "suppresses");
	const char *word;
	enum status status =
		doc_text(node, "suppresses", NULL, &word, reading->reterr);

	if (status != OK || !word)
		return status;
	if (strcmp(word, "consequences") != 0)
		return doc_error(suppresses, reading->reterr,
			"a criterion suppresses consequences or, without this "
			"line, nothing");
	if (criterion->subject != SUBJECT_TOOL)
		return doc_error(suppresses, reading->reterr,
			"only a criterion about tools says what follows from "
			"a silent one");
	if (reading->pack->silence)
		return doc_error(suppresses, reading->reterr,
			"%s suppresses consequences already",
			reading->pack->silence->id);
	reading->pack->silence = criterion;
	return OK;
}

static enum status read_criterion(struct reading *reading,
	const struct doc *node, struct criterion *criterion)
{
	static const char *const keys[] = {"id", "sentence", "subject",
		"applies", "in_use_by", "severity", "role", "doubt_role",
		"case", "rule", "parameters", "suppresses", NULL};
	enum status status = doc_only(node, keys, reading->reterr);

	criterion->file = node->file;
	criterion->line = node->line;
	if (status == OK)
		status = read_id(reading, node, criterion);
	if (status == OK)
		status = doc_text_required(node, "sentence",
			&criterion->sentence, reading->reterr);
	if (status == OK && strlen(criterion->sentence) > TEXT_MAX)
		status = doc_error(doc_get(node, "sentence"), reading->reterr,
			"a sentence has at most %d bytes", TEXT_MAX);
	if (status == OK)
		status = read_subject(reading, node, criterion);
	if (status == OK)
		status = read_reach(reading, node, criterion);
	if (status == OK)
		status = read_case(reading, node, criterion);
	if (status == OK)
		status = read_use(reading, node, criterion);
	if (status == OK)
		status = read_rule(reading, node, criterion);
	if (status == OK)
		status = read_suppresses(reading, node, criterion);
	return status;
}

static enum status read_task(struct reading *reading, const struct doc *root)
{
	enum status status = doc_text_required(
		root, "task", &reading->task, reading->reterr);

	if (status == OK && !task_is(reading->task) &&
		!task_is_practice(reading->task))
		return doc_error(doc_get(root, "task"), reading->reterr,
			"\"%.40s\" is no task or practice of SSDF PO, like "
			"PO.3.2 or PO.3",
			reading->task);
	return status;
}

enum status pack_read_criteria(
	struct pack *pack, const struct doc *root, struct reason *reterr)
{
	static const char *const keys[] = {"task", "criteria", NULL};
	struct reading reading = {pack, reterr, NULL};
	const struct doc *list = doc_get(root, "criteria");
	enum status status = doc_only(root, keys, reterr);

	if (status == OK)
		status = read_task(&reading, root);
	if (status != OK)
		return status;
	if (!list || list->kind != DOC_LIST || list->count == 0)
		return doc_error(list ? list : root, reterr,
			"\"criteria\" must be a list of at least one");
	DOC_EACH (list, item) {
		struct criterion *criterion =
			arena_alloc(pack->arena, sizeof(*criterion));

		if (pack->count == PACK_CRITERIA_MAX)
			return doc_error(item, reterr,
				"a pack has at most %d criteria",
				PACK_CRITERIA_MAX);
		status = read_criterion(&reading, item, criterion);
		if (status != OK)
			return status;
		pack->criteria[pack->count++] = criterion;
	}
	return OK;
}
