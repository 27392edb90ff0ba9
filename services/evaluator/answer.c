/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include "model/subject.h"

#include <stdio.h>
#include <string.h>

#define OBSERVATIONS_MAX 20
#define DATE_LENGTH 10

static const char *const kinds[] = {
	"vulnerability", "digest", "host", "user", "revision", "url"};

void answer(struct judgement *ret, enum verdict verdict, const char *summary,
	const char *would_change)
{
	*ret = (struct judgement){
		.verdict = verdict,
		.next_change = INSTANT_NEVER,
		.summary = summary,
		.would_change = would_change,
	};
}

void answer_decided_by(struct judgement *ret, const char *name,
	const char *value, const char *evidence)
{
	if (ret->deciding_count == VERDICT_LIST_MAX)
		return;
	ret->deciding[ret->deciding_count++] = (struct deciding){
		.name = name,
		.value = value ? value : "absent",
		.evidence = evidence,
	};
}

void answer_observed(struct judgement *ret, const char *kind, const char *value)
{
	if (!value || !value[0] || ret->observable_count == VERDICT_LIST_MAX)
		return;
	for (size_t i = 0; i < ret->observable_count; i++)
		if (strcmp(ret->observables[i].kind, kind) == 0 &&
			strcmp(ret->observables[i].value, value) == 0)
			return;
	ret->observables[ret->observable_count++] =
		(struct observable){.kind = kind, .value = value};
}

void answer_observed_subject(
	struct judgement *ret, const struct window *window, struct arena *arena)
{
	enum subject_kind kind = subject_kind_of(window->subject);

	if (kind == SUBJECT_IMAGE || kind == SUBJECT_HOST)
		answer_observed(ret, kind == SUBJECT_IMAGE ? "digest" : "host",
			subject_name_of(arena, window->subject));
}

static enum status compile_observation(
	const struct doc *node, struct observation *ret, struct reason *reterr)
{
	static const char *const keys[] = {"kind", "field", NULL};
	enum status status = doc_only(node, keys, reterr);
	const char *field;

	if (status == OK)
		status = doc_text_required(node, "kind", &ret->kind, reterr);
	if (status == OK)
		status = doc_text_required(node, "field", &field, reterr);
	if (status == OK)
		status = predicate_check_field(doc_get(node, "field"), reterr);
	if (status != OK)
		return status;
	ret->field = field;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], ret->kind) == 0)
			return OK;
	return doc_error(doc_get(node, "kind"), reterr,
		"an observable is a vulnerability, digest, host, user, "
		"revision or url");
}

enum status observations_compile(struct arena *arena, const struct doc *map,
	struct observations *ret, struct reason *reterr)
{
	const struct doc *list = doc_get(map, "observe");

	*ret = (struct observations){0};
	if (!list)
		return OK;
	if (list->kind != DOC_LIST || list->count > OBSERVATIONS_MAX)
		return doc_error(list, reterr,
			"\"observe\" is a list of at most %d",
			OBSERVATIONS_MAX);
	ret->rows = arena_array(arena, list->count + 1, sizeof(*ret->rows));
	DOC_EACH (list, item) {
		enum status status = compile_observation(
			item, &ret->rows[ret->count++], reterr);

		if (status != OK)
			return status;
	}
	return OK;
}

void observations_add(const struct observations *observations,
	const struct predicate_view *view, struct arena *arena,
	struct judgement *ret)
{
	for (size_t i = 0; i < observations->count; i++)
		answer_observed(ret, observations->rows[i].kind,
			predicate_field(
				observations->rows[i].field, view, arena));
}

instant used_since(
	const struct window *window, const char *relation, instant at)
{
	const struct window_relation *row;
	instant first = INSTANT_NEVER;
	size_t cursor = 0;

	while (relation &&
		(row = window_related(window, relation, at, &cursor)))
		first = time_first(first, row->from);
	return first;
}

instant time_in(const struct json *value)
{
	char text[INSTANT_TEXT];
	const char *in = json_text(value);
	struct reason ignored;
	instant ret;

	if (!in)
		return INSTANT_NEVER;
	snprintf(text, sizeof(text), "%s%s", in,
		strlen(in) == DATE_LENGTH ? "T00:00:00Z" : "");
	if (instant_parse(text, strlen(text), &ret, &ignored) != OK)
		return INSTANT_NEVER;
	return ret;
}

const char *time_text(struct arena *arena, instant at)
{
	char text[INSTANT_TEXT];

	if (at == INSTANT_NEVER)
		return "never";
	instant_format(at, text);
	return arena_string(arena, text);
}

const char *duration_text(struct arena *arena, instant duration)
{
	char text[INSTANT_TEXT];

	duration_format(duration, text);
	return arena_string(arena, text);
}

instant time_after(instant at, instant duration)
{
	if (at == INSTANT_NEVER || duration == INSTANT_NEVER ||
		(at > 0 && duration > INSTANT_NEVER - at))
		return INSTANT_NEVER;
	return at + duration;
}

instant time_first(instant one, instant other)
{
	return one < other ? one : other;
}

enum status duration_required(const struct doc *map, const char *key,
	instant *ret, struct reason *reterr)
{
	if (!doc_get(map, key))
		return doc_error(map, reterr, "\"%s\" is missing", key);
	return duration_optional(map, key, 0, ret, reterr);
}

enum status duration_optional(const struct doc *map, const char *key,
	instant otherwise, instant *ret, struct reason *reterr)
{
	enum status status = doc_duration(map, key, otherwise, ret, reterr);

	if (status == OK && doc_get(map, key) && *ret <= 0)
		return doc_error(doc_get(map, key), reterr,
			"\"%s\" must be longer than nothing", key);
	return status;
}
