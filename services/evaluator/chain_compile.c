/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <string.h>

#define AT_LEAST_MAX 20

struct reading {
	struct arena *arena;
	struct reason *reterr;
	struct chain *chain;
};

static bool is_bound(const struct chain *chain, const char *name)
{
	for (size_t i = 0; i < chain->bind_count; i++)
		if (strcmp(chain->binds[i].name, name) == 0)
			return true;
	for (size_t s = 0; s < chain->step_count; s++)
		for (size_t i = 0; i < chain->steps[s].bind_count; i++)
			if (strcmp(chain->steps[s].binds[i].name, name) == 0)
				return true;
	return false;
}

/* "bind: {revision: deployment.revision}" */
static enum status read_binds(struct reading *reading, const struct doc *node,
	struct chain_name binds[CHAIN_NAMES_MAX], size_t *count)
{
	const struct doc *map = doc_get(node, "bind");

	if (!map)
		return OK;
	if (map->kind != DOC_MAP || map->count > CHAIN_NAMES_MAX)
		return doc_error(map, reading->reterr,
			"\"bind\" is a map of at most %d: name, field",
			CHAIN_NAMES_MAX);
	DOC_EACH (map, member) {
		enum status status =
			predicate_check_field(member, reading->reterr);

		if (status != OK)
			return status;
		if (is_bound(reading->chain, member->key))
			return doc_error(member, reading->reterr,
				"\"%.40s\" is bound already", member->key);
		binds[(*count)++] =
			(struct chain_name){member->key, member->text};
	}
	return OK;
}

static enum status read_then(
	struct reading *reading, const struct doc *parameters)
{
	static const char *const keys[] = {"evidence", "where", "bind", NULL};
	const struct doc *node = doc_get(parameters, "then");
	struct chain *chain = reading->chain;
	struct chain_name binds[CHAIN_NAMES_MAX];
	size_t count = 0;
	enum status status;

	if (!node)
		return doc_error(parameters, reading->reterr,
			"\"then\" is missing: what others must come before");
	status = doc_only(node, keys, reading->reterr);
	if (status == OK)
		status = pick_compile(reading->arena, node, false, &chain->then,
			reading->reterr);
	if (status == OK)
		status = read_binds(reading, node, binds, &count);
	if (status == OK && count == 0)
		return doc_error(node, reading->reterr,
			"\"bind\" names what the steps are joined by");
	if (status != OK)
		return status;
	memcpy(chain->binds, binds, count * sizeof(binds[0]));
	chain->bind_count = count;
	return OK;
}

static enum status read_same(struct reading *reading, const struct doc *list,
	struct chain_step *step)
{
	if (!list)
		return OK;
	if (list->kind != DOC_LIST || list->count > CHAIN_SAME_MAX)
		return doc_error(list, reading->reterr,
			"\"same\" is a list of at most %d fields",
			CHAIN_SAME_MAX);
	DOC_EACH (list, item) {
		enum status status =
			predicate_check_field(item, reading->reterr);

		if (status != OK)
			return status;
		step->same[step->same_count++] = item->text;
	}
	return OK;
}

static enum status read_withdrawn(struct reading *reading,
	const struct doc *node, struct chain_step *step)
{
	static const char *const keys[] = {"where", "same", NULL};
	const struct doc *map = doc_get(node, "withdrawn_by");
	enum status status;

	if (!map)
		return OK;
	status = doc_only(map, keys, reading->reterr);
	if (status == OK && !doc_get(map, "where"))
		status =
			doc_error(map, reading->reterr, "\"where\" is missing");
	if (status == OK)
		status =
			predicate_compile(reading->arena, doc_get(map, "where"),
				&step->withdrawn, reading->reterr);
	if (status == OK)
		status = read_same(reading, doc_get(map, "same"), step);
	return status;
}

static enum status read_count(struct reading *reading, const struct doc *node,
	struct chain_step *step)
{
	const struct doc *distinct = doc_get(node, "distinct");
	int64_t at_least;
	enum status status = doc_integer(node, "at_least", 1, AT_LEAST_MAX, 1,
		&at_least, reading->reterr);

	if (status != OK)
		return status;
	step->at_least = (unsigned)at_least;
	if (!distinct &&
		(doc_get(node, "at_least") || doc_get(node, "withdrawn_by")))
		return doc_error(node, reading->reterr,
			"what is counted needs \"distinct\": the field whose "
			"values are counted");
	if (!distinct)
		return OK;
	if (doc_get(node, "bind"))
		return doc_error(doc_get(node, "bind"), reading->reterr,
			"a step that counts rows names nothing");
	status = predicate_check_field(distinct, reading->reterr);
	if (status == OK)
		step->distinct = distinct->text;
	return status;
}

static enum status read_step(struct reading *reading, const struct doc *node,
	struct chain_step *step)
{
	static const char *const keys[] = {"name", "evidence", "relation",
		"where", "bind", "distinct", "at_least", "withdrawn_by", NULL};
	enum status status = doc_only(node, keys, reading->reterr);

	if (status == OK)
		status = doc_text_required(
			node, "name", &step->name, reading->reterr);
	if (status == OK)
		status = pick_compile(reading->arena, node, true, &step->pick,
			reading->reterr);
	if (status == OK && !step->pick.where)
		status = doc_error(node, reading->reterr,
			"\"where\" is missing: a step is joined by it");
	if (status == OK)
		status = read_binds(
			reading, node, step->binds, &step->bind_count);
	if (status == OK)
		status = read_count(reading, node, step);
	if (status == OK)
		status = read_withdrawn(reading, node, step);
	return status;
}

enum status chain_compile(struct arena *arena, const struct doc *parameters,
	struct chain *ret, struct reason *reterr)
{
	struct reading reading = {arena, reterr, ret};
	const struct doc *steps = doc_get(parameters, "steps");
	enum status status;

	*ret = (struct chain){0};
	status = read_then(&reading, parameters);
	if (status != OK)
		return status;
	if (!steps || steps->kind != DOC_LIST || steps->count == 0 ||
		steps->count > CHAIN_STEPS_MAX)
		return doc_error(steps ? steps : parameters, reterr,
			"\"steps\" must be a list of 1 to %d", CHAIN_STEPS_MAX);
	DOC_EACH (steps, item) {
		status =
			read_step(&reading, item, &ret->steps[ret->step_count]);
		if (status != OK)
			return status;
		ret->step_count++;
	}
	return OK;
}
