/* SPDX-License-Identifier: Apache-2.0 */
#include "role.h"

#include "base/memory.h"
#include "label_set.h"
#include "model/subject.h"
#include "wire/doc.h"

#include <fnmatch.h>

#define ARENA_MAX (16u << 20)
#define PARTIES_MAX 1000
#define LABELS_MAX 20

struct matcher {
	struct label *globs;
	size_t count;
	const struct party *party;
};

struct role {
	const char *name;
	struct matcher *matchers;
	size_t count;
};

struct roles {
	struct arena *arena;
	struct party *parties;
	size_t party_count;
	struct role *rows;
	size_t count;
	const struct party *fallback;
};

static const struct party *party_find(
	const struct roles *roles, const char *name)
{
	for (size_t i = 0; i < roles->party_count; i++)
		if (strcmp(roles->parties[i].name, name) == 0)
			return &roles->parties[i];
	return NULL;
}

static enum status read_labels(struct roles *roles, const struct doc *map,
	struct label **ret, size_t *ret_count, struct reason *reterr)
{
	if (!map)
		return OK;
	if (map->kind != DOC_MAP || map->count > LABELS_MAX)
		return doc_error(map, reterr,
			"\"%s\" must be a map of at most %d", map->key,
			LABELS_MAX);
	*ret = arena_array(roles->arena, map->count + 1, sizeof(**ret));
	DOC_EACH (map, member) {
		if (member->kind != DOC_SCALAR)
			return doc_error(member, reterr,
				"\"%s\" is a single value", member->key);
		(*ret)[(*ret_count)++] =
			(struct label){member->key, member->text};
	}
	return OK;
}

static enum status check_labels(
	const struct doc *map, const struct party *party, struct reason *reterr)
{
	for (size_t i = 0; i < party->label_count; i++) {
		const char *name = party->labels[i].name;

		if (!label_name_is_well(name))
			return doc_error(doc_get(map, name), reterr,
				"\"%s\" is no label name: "
				"[a-zA-Z_][a-zA-Z0-9_]*",
				name);
		if (label_is_ours(name))
			return doc_error(doc_get(map, name), reterr,
				"label \"%s\" is set by Postern itself", name);
	}
	return OK;
}

static enum status read_party(struct roles *roles, const struct doc *node,
	struct party *party, struct reason *reterr)
{
	static const char *const keys[] = {
		"title", "alertmanager", "thehive", NULL};
	const struct doc *labels = doc_get(node, "alertmanager");
	enum status status;

	if (node->kind != DOC_MAP)
		return doc_error(node, reterr,
			"a party is a map: {title, alertmanager, thehive}");
	party->name = node->key;
	status = doc_only(node, keys, reterr);
	if (status == OK)
		status = doc_text(
			node, "title", node->key, &party->title, reterr);
	if (status == OK)
		status = doc_text(node, "thehive", "", &party->thehive, reterr);
	if (status == OK)
		status = read_labels(roles, labels, &party->labels,
			&party->label_count, reterr);
	return status == OK ? check_labels(labels, party, reterr) : status;
}

static enum status read_parties(
	struct roles *roles, const struct doc *map, struct reason *reterr)
{
	if (map->kind != DOC_MAP || !map->count || map->count > PARTIES_MAX)
		return doc_error(map, reterr,
			"\"parties\" must be a map of 1 to %d", PARTIES_MAX);
	roles->parties =
		arena_array(roles->arena, map->count, sizeof(*roles->parties));
	DOC_EACH (map, node) {
		enum status status = read_party(roles, node,
			&roles->parties[roles->party_count], reterr);

		if (status != OK)
			return status;
		roles->party_count++;
	}
	return OK;
}

static enum status read_matcher(struct roles *roles, const struct doc *node,
	struct matcher *matcher, struct reason *reterr)
{
	static const char *const keys[] = {"match", "party", NULL};
	const char *name = NULL;
	enum status status;

	if (node->kind != DOC_MAP)
		return doc_error(
			node, reterr, "must be {match: {...}, party: NAME}");
	status = doc_only(node, keys, reterr);
	if (status == OK)
		status = doc_text_required(node, "party", &name, reterr);
	if (status == OK)
		status = read_labels(roles, doc_get(node, "match"),
			&matcher->globs, &matcher->count, reterr);
	if (status != OK)
		return status;
	matcher->party = party_find(roles, name);
	return matcher->party ? OK
			      : doc_error(doc_get(node, "party"), reterr,
					"there is no party \"%s\"", name);
}

static enum status read_role(struct roles *roles, const struct doc *list,
	struct role *role, struct reason *reterr)
{
	if (list->kind != DOC_LIST || !list->count || list->count > PARTIES_MAX)
		return doc_error(list, reterr,
			"a role is a list of 1 to %d {match, party}",
			PARTIES_MAX);
	role->name = list->key;
	role->matchers =
		arena_array(roles->arena, list->count, sizeof(*role->matchers));
	DOC_EACH (list, node) {
		enum status status = read_matcher(
			roles, node, &role->matchers[role->count], reterr);

		if (status != OK)
			return status;
		role->count++;
	}
	return OK;
}

static enum status read_roles(
	struct roles *roles, const struct doc *map, struct reason *reterr)
{
	if (!map)
		return OK;
	if (map->kind != DOC_MAP || map->count > PARTIES_MAX)
		return doc_error(map, reterr,
			"\"roles\" must be a map of role to a list");
	roles->rows =
		arena_array(roles->arena, map->count + 1, sizeof(*roles->rows));
	DOC_EACH (map, list) {
		enum status status = read_role(
			roles, list, &roles->rows[roles->count], reterr);

		if (status != OK)
			return status;
		roles->count++;
	}
	return OK;
}

static enum status read_all(
	struct roles *roles, const struct doc *root, struct reason *reterr)
{
	static const char *const keys[] = {
		"parties", "roles", "fallback", NULL};
	const char *fallback = NULL;
	enum status status;

	if (root->kind != DOC_MAP)
		return doc_error(root, reterr, "must be a map: parties: ...");
	status = doc_only(root, keys, reterr);
	if (status == OK && !doc_get(root, "parties"))
		status = doc_error(root, reterr, "has no parties");
	if (status == OK)
		status = read_parties(roles, doc_get(root, "parties"), reterr);
	if (status == OK)
		status = read_roles(roles, doc_get(root, "roles"), reterr);
	if (status == OK)
		status = doc_text_required(root, "fallback", &fallback, reterr);
	if (status != OK)
		return status;
	roles->fallback = party_find(roles, fallback);
	return roles->fallback ? OK
			       : doc_error(doc_get(root, "fallback"), reterr,
					 "there is no party \"%s\"", fallback);
}

enum status roles_load(
	const char *path, struct roles **ret, struct reason *reterr)
{
	struct roles *roles = memory_new(sizeof(*roles));
	const struct doc *root;
	enum status status;

	roles->arena = arena_new(ARENA_MAX);
	status = doc_read_file(roles->arena, path, &root, reterr);
	if (status == OK)
		status = read_all(roles, root, reterr);
	if (status != OK) {
		roles_free(&roles);
		return status;
	}
	*ret = roles;
	return OK;
}

void roles_free(struct roles **roles)
{
	if (!*roles)
		return;
	arena_free(&(*roles)->arena);
	memory_free(*roles);
	*roles = NULL;
}

size_t roles_parties(const struct roles *roles)
{
	return roles->party_count;
}

const struct party *roles_party_at(const struct roles *roles, size_t index)
{
	return &roles->parties[index];
}

const char *verdict_word(const struct verdict_record *verdict, const char *name)
{
	if (strcmp(name, "subject") == 0)
		return verdict->subject;
	if (strcmp(name, "tenant") == 0)
		return verdict->tenant;
	if (strcmp(name, "criterion") == 0)
		return verdict->criterion;
	if (strcmp(name, "kind") == 0) {
		enum subject_kind kind = subject_kind_of(verdict->subject);

		return kind < SUBJECT_KINDS ? subject_kind_name(kind) : "";
	}
	for (size_t i = 0; i < verdict->label_count; i++)
		if (strcmp(verdict->labels[i].name, name) == 0)
			return verdict->labels[i].value;
	return "";
}

static bool matches(
	const struct matcher *matcher, const struct verdict_record *verdict)
{
	for (size_t i = 0; i < matcher->count; i++)
		if (fnmatch(matcher->globs[i].value,
			    verdict_word(verdict, matcher->globs[i].name),
			    0) != 0)
			return false;
	return true;
}

const struct party *roles_party(
	const struct roles *roles, const struct verdict_record *verdict)
{
	for (size_t i = 0; i < roles->count; i++) {
		const struct role *role = &roles->rows[i];

		if (strcmp(role->name, verdict->role) != 0)
			continue;
		for (size_t j = 0; j < role->count; j++)
			if (matches(&role->matchers[j], verdict))
				return role->matchers[j].party;
	}
	return roles->fallback;
}
