/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "answer.h"

#include <string.h>

#define SETTLE (10 * INSTANT_MINUTE)

static enum status read_same(
	const struct doc *map, struct match *ret, struct reason *reterr)
{
	const struct doc *list = doc_get(map, "same");

	if (!list || list->kind != DOC_LIST || list->count == 0 ||
		list->count > MATCH_SAME_MAX)
		return doc_error(list ? list : map, reterr,
			"\"same\" is a list of 1 to %d fields, by which an "
			"event is known",
			MATCH_SAME_MAX);
	DOC_EACH (list, item) {
		enum status status = predicate_check_field(item, reterr);

		if (status != OK)
			return status;
		ret->same[ret->same_count++] = item->text;
	}
	return OK;
}

static enum status read_began(
	const struct doc *map, struct match *ret, struct reason *reterr)
{
	static const char *const keys[] = {"entries", "time", NULL};
	const struct doc *began = doc_get(map, "began");
	enum status status;

	if (!began)
		return doc_error(map, reterr,
			"\"began\" is missing: {entries: list, time: field}, "
			"since when what is shown is so");
	status = doc_only(began, keys, reterr);
	if (status == OK)
		status = doc_text_required(
			began, "entries", &ret->entries, reterr);
	if (status == OK)
		status = doc_text_required(
			began, "time", &ret->entry_time, reterr);
	return status;
}

static enum status read_texts(
	const struct doc *map, struct match *ret, struct reason *reterr)
{
	enum status status = doc_text_required(map, "name", &ret->name, reterr);

	if (status == OK)
		status = doc_text_required(map, "shown", &ret->shown, reterr);
	if (status == OK)
		status = doc_text_required(map, "told", &ret->told, reterr);
	if (status == OK && strcmp(ret->shown, ret->told) == 0)
		status = doc_error(doc_get(map, "told"), reterr,
			"is another kind of evidence than \"shown\"");
	if (status == OK)
		status = doc_text(map, "time", NULL, &ret->time, reterr);
	if (status == OK && ret->time)
		status = predicate_check_field(doc_get(map, "time"), reterr);
	if (status == OK)
		status = doc_text(map, "remedy", NULL, &ret->remedy, reterr);
	return status;
}

enum status match_compile(struct arena *arena, const struct doc *map,
	struct match *ret, struct reason *reterr)
{
	static const char *const keys[] = {"name", "shown", "told", "where",
		"same", "began", "time", "settle", "remedy", NULL};
	const struct doc *where = doc_get(map, "where");
	enum status status = doc_only(map, keys, reterr);

	if (status == OK)
		status = read_texts(map, ret, reterr);
	if (status == OK && where)
		status = predicate_compile(arena, where, &ret->where, reterr);
	if (status == OK)
		status = read_same(map, ret, reterr);
	if (status == OK)
		status = read_began(map, ret, reterr);
	if (status == OK)
		status = duration_optional(
			map, "settle", SETTLE, &ret->settle, reterr);
	if (status == OK && !ret->remedy)
		ret->remedy =
			arena_printf(arena, "a %s that tells of it", ret->name);
	return status;
}

struct search {
	const struct match *match;
	const struct pick *pick;
	const struct window *window;
	struct arena *arena;
	instant at;
	instant whole; /* every later row is in the window */
	const struct window_evidence *row;
	instant earliest; /* an event of it is not older */
};

static const char *field_of(const struct search *search, const char *field,
	const struct window_evidence *row)
{
	const struct predicate_view view = pick_view(search->window, row, NULL);

	return predicate_field(field, &view, search->arena);
}

static const struct window_evidence *newest_shown(
	const struct search *search, instant stale_after)
{
	const struct window_evidence *row;
	struct window_walk walk = {0};

	while ((row = pick_next(search->pick, search->window, NULL, search->at,
			&walk))) {
		if (time_after(row->effective, stale_after) <= search->at)
			return NULL;
		if (strcmp(row->kind, search->match->shown) == 0)
			return row;
	}
	return NULL;
}

/* The newest entry's time; what a row says of later than itself is taken as
 * of the row. INSTANT_NEVER: it has none. */
static instant began_at(
	const struct match *match, const struct window_evidence *row)
{
	instant newest = INSTANT_NEVER;

	JSON_EACH (json_path(row->data, match->entries), walk) {
		instant entry =
			time_in(json_path(walk.value, match->entry_time));

		if (entry != INSTANT_NEVER &&
			(newest == INSTANT_NEVER || entry > newest))
			newest = entry;
	}
	return newest == INSTANT_NEVER ? newest
				       : time_first(newest, row->effective);
}

/* "deployment.revision 4f2a"; NULL where a field is absent. */
static const char *names_of(const struct search *search)
{
	const char *text = "";

	for (size_t i = 0; i < search->match->same_count; i++) {
		const char *field = search->match->same[i];
		const char *value = field_of(search, field, search->row);

		if (!value)
			return NULL;
		text = arena_printf(search->arena, "%s%s%s %s", text,
			*text ? ", " : "", field, value);
	}
	return text;
}

static bool tells(
	const struct search *search, const struct window_evidence *row)
{
	const struct match *match = search->match;
	const struct predicate_view view = pick_view(search->window, row, NULL);
	instant when = row->effective;

	if (match->where && !predicate_holds(match->where, &view))
		return false;
	for (size_t i = 0; i < match->same_count; i++) {
		const char *one = field_of(search, match->same[i], row);
		const char *other =
			field_of(search, match->same[i], search->row);

		if (!one || !other || strcmp(one, other) != 0)
			return false;
	}
	if (match->time)
		when = time_in(json_path(row->data, match->time));
	return when != INSTANT_NEVER && when >= search->earliest;
}

/* Of rows before `whole` only the newest of each source is in every window. */
static bool is_behind(
	const struct search *search, const struct window_evidence *row)
{
	struct window_walk walk = {0};
	const struct window_evidence *newer;

	while ((newer = window_next(search->window, search->pick->class, NULL,
			search->at, &walk)) &&
		newer != row)
		if (newer->effective <= search->whole &&
			strcmp(newer->kind, row->kind) == 0 &&
			strcmp(newer->source, row->source) == 0)
			return true;
	return false;
}

/*
 * Whether some row tells of it, or one is the newest of its source in what the
 * window does not hold whole and may hide one that does. Of others that are not
 * older than it, `*ret_hides` is when time makes the first such one.
 */
static bool is_told(const struct search *search, instant *ret_hides)
{
	struct window_walk walk = {0};
	const struct window_evidence *row;

	*ret_hides = INSTANT_NEVER;
	if (tells(search, search->row))
		return true;
	while ((row = window_next(search->window, search->pick->class, NULL,
			search->at, &walk))) {
		if (strcmp(row->kind, search->match->told) != 0)
			continue;
		if (row->effective <= search->whole && is_behind(search, row))
			continue;
		if (tells(search, row))
			return true;
		if (row->effective < search->earliest)
			continue;
		if (row->effective <= search->whole)
			return true;
		*ret_hides = row->effective;
	}
	return false;
}

void match_find(const struct match *match, const struct pick *pick,
	instant stale_after, instant back, const struct window *window,
	instant at, struct arena *arena, struct match_result *ret)
{
	struct search search = {.match = match,
		.pick = pick,
		.window = window,
		.arena = arena,
		.at = at,
		.whole = at - back};
	instant hides;

	*ret = (struct match_result){.next_change = INSTANT_NEVER};
	search.row = newest_shown(&search, stale_after);
	if (!search.row)
		return;
	ret->next_change = time_after(search.row->effective, stale_after);
	ret->began = began_at(match, search.row);
	ret->what = names_of(&search);
	if (ret->began == INSTANT_NEVER || !ret->what ||
		ret->began < window->first_seen)
		return;
	search.earliest = ret->began - match->settle;
	if (is_told(&search, &hides))
		return;
	ret->row = search.row;
	ret->waits_until = time_after(ret->began, match->settle);
	if (hides != INSTANT_NEVER)
		ret->next_change =
			time_first(ret->next_change, time_after(hides, back));
}
