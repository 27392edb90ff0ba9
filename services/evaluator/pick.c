/* SPDX-License-Identifier: Apache-2.0 */
#include "pick.h"

#include <string.h>

static enum status compile_relation(
	const struct doc *map, struct pick *ret, struct reason *reterr)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	const char *word;
	enum status status =
		doc_text(map, "relation", NULL, &ret->relation, reterr);

	word = ret->relation;
	if (status != OK || !word)
		return status;
	word += word[0] == '<';
	if (!word[0] || word[strspn(word, letters)])
		return doc_error(doc_get(map, "relation"), reterr,
			"a relation is written like runs, or <runs where it "
			"is walked inwards");
	return OK;
}

enum status pick_compile(struct arena *arena, const struct doc *map,
	bool with_relation, struct pick *ret, struct reason *reterr)
{
	const struct doc *where = doc_get(map, "where");
	const char *word;
	enum status status = doc_text_required(map, "evidence", &word, reterr);

	*ret = (struct pick){.class = CLASSES};
	if (status != OK)
		return status;
	ret->class = evidence_class_parse(word);
	if (ret->class == CLASSES)
		return doc_error(doc_get(map, "evidence"), reterr,
			"there is no evidence class \"%.40s\"", word);
	if (with_relation)
		status = compile_relation(map, ret, reterr);
	if (status == OK && where)
		status = predicate_compile(arena, where, &ret->where, reterr);
	return status;
}

struct predicate_view pick_view(const struct window *window,
	const struct window_evidence *row, const struct bindings *bindings)
{
	return (struct predicate_view){
		.data = row->data,
		.subject = row->subject,
		.labels = window->labels,
		.label_count = window->label_count,
		.variables = bindings ? bindings->rows : NULL,
		.variable_count = bindings ? bindings->count : 0,
	};
}

const struct window_evidence *pick_next(const struct pick *pick,
	const struct window *window, const struct bindings *bindings,
	instant at, struct window_walk *walk)
{
	const struct window_evidence *row;

	while ((row = window_next(
			window, pick->class, pick->relation, at, walk))) {
		struct predicate_view view = pick_view(window, row, bindings);

		if (!pick->where || predicate_holds(pick->where, &view))
			return row;
	}
	return NULL;
}
