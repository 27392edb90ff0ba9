/* SPDX-License-Identifier: Apache-2.0 */
#include "judgement.h"

#include "base/bug.h"
#include "wire/json.h"

#include <string.h>

static const char *cut(struct arena *arena, const char *text, size_t max)
{
	size_t length;
	char *copy;

	if (!text)
		return NULL;
	length = strnlen(text, max + 1);
	copy = arena_copy(arena, text, length);
	if (length > max)
		utf8_cut(copy, max);
	return copy;
}

const struct judgement *judgement_copy(
	struct arena *arena, const struct judgement *in)
{
	struct judgement *ret = arena_alloc(arena, sizeof(*ret));

	MUST(in->deciding_count <= VERDICT_LIST_MAX);
	MUST(in->observable_count <= VERDICT_LIST_MAX);
	*ret = *in;
	ret->summary = cut(arena, in->summary, JUDGEMENT_SENTENCE);
	ret->would_change = cut(arena, in->would_change, JUDGEMENT_SENTENCE);
	ret->profile = cut(arena, in->profile, JUDGEMENT_NAME);
	ret->source = cut(arena, in->source, JUDGEMENT_NAME);
	for (size_t i = 0; i < in->deciding_count; i++) {
		const struct deciding *row = &in->deciding[i];

		ret->deciding[i].name = cut(arena, row->name, JUDGEMENT_NAME);
		ret->deciding[i].value =
			cut(arena, row->value, JUDGEMENT_VALUE);
		ret->deciding[i].evidence =
			cut(arena, row->evidence, EVIDENCE_ID - 1);
	}
	for (size_t i = 0; i < in->observable_count; i++) {
		ret->observables[i].kind = in->observables[i].kind;
		ret->observables[i].value =
			cut(arena, in->observables[i].value, JUDGEMENT_VALUE);
	}
	return ret;
}

const struct judgement *judgement_said(struct arena *arena,
	enum verdict verdict, const char *summary, const char *would_change)
{
	const struct judgement said = {.verdict = verdict,
		.next_change = INSTANT_NEVER,
		.summary = summary,
		.would_change = would_change};

	return judgement_copy(arena, &said);
}

const char *judgement_deciding(
	struct arena *arena, const struct judgement *judgement)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *list = json_array(maker);
	size_t length;

	for (size_t i = 0; i < judgement->deciding_count; i++) {
		const struct deciding *in = &judgement->deciding[i];
		struct json_node *row = json_object(maker);

		json_set_text(maker, row, "name", in->name);
		json_set_text(maker, row, "value", in->value);
		json_set_text(maker, row, "evidence", in->evidence);
		json_add_node(maker, list, row);
	}
	return json_write(maker, list, &length);
}
