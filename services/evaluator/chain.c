/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include "answer.h"
#include "base/bug.h"
#include "base/strbuf.h"

#include <string.h>

/* Rows that one step tries, so that no sender can make a judgement long. */
#define BRANCHES_MAX 50
#define NAMES_MAX 300

/* One way through the steps. */
struct path {
	struct bindings names;
	struct chain_row rows[CHAIN_ROWS_MAX];
	size_t row_count;
};

struct following {
	const struct chain *chain;
	const struct window *window;
	instant at;
	instant before, after; /* rows lie in (after, before] */
	struct arena *arena;
	struct chain_result *result;
};

static void add_names(const struct chain_name *binds, size_t count,
	const struct predicate_view *view, struct arena *arena,
	struct bindings *names)
{
	struct label *rows =
		arena_array(arena, names->count + count + 1, sizeof(*rows));
	size_t n = names->count;

	for (size_t i = 0; i < n; i++)
		rows[i] = names->rows[i];
	for (size_t i = 0; i < count; i++) {
		const char *value =
			predicate_field(binds[i].field, view, arena);

		if (value && value[0])
			rows[n++] = (struct label){binds[i].name, value};
	}
	*names = (struct bindings){rows, n};
}

void chain_names(const struct chain *chain, const struct window *window,
	const struct window_evidence *row, struct arena *arena,
	struct bindings *ret)
{
	const struct predicate_view view = pick_view(window, row, NULL);

	*ret = (struct bindings){0};
	add_names(chain->binds, chain->bind_count, &view, arena, ret);
}

bool chain_named(const struct chain *chain, const struct bindings *names)
{
	return names->count == chain->bind_count;
}

bool chain_same_names(const struct bindings *one, const struct bindings *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (strcmp(one->rows[i].name, other->rows[i].name) != 0 ||
			strcmp(one->rows[i].value, other->rows[i].value) != 0)
			return false;
	return true;
}

const char *chain_name_text(const struct bindings *names, struct arena *arena)
{
	struct strbuf out;
	const char *text;

	if (names->count == 0)
		return "nothing";
	strbuf_init(&out, NAMES_MAX);
	for (size_t i = 0; i < names->count; i++)
		strbuf_addf(&out, "%s%s %s", i ? ", " : "", names->rows[i].name,
			names->rows[i].value);
	text = arena_string(arena, out.text);
	strbuf_release(&out);
	return text;
}

/* The next row of a step inside the time that is looked at; neighbours are
 * those of the judged instant. */
static const struct window_evidence *next_row(const struct following *following,
	const struct pick *pick, const struct bindings *names,
	struct window_walk *walk)
{
	const struct window_evidence *row;

	do
		row = pick_next(
			pick, following->window, names, following->at, walk);
	while (row && row->effective > following->before);
	return row && row->effective > following->after ? row : NULL;
}

/* A field that the later row does not have is not another one: who withdraws
 * without saying whose withdraws all. */
static bool same_fields(const struct following *following,
	const struct chain_step *step, const struct window_evidence *row,
	const struct window_evidence *later)
{
	const struct predicate_view one =
		pick_view(following->window, row, NULL);
	const struct predicate_view two =
		pick_view(following->window, later, NULL);

	for (size_t i = 0; i < step->same_count; i++) {
		const char *a =
			predicate_field(step->same[i], &one, following->arena);
		const char *b =
			predicate_field(step->same[i], &two, following->arena);

		if (a && b && strcmp(a, b) != 0)
			return false;
	}
	return true;
}

static bool is_withdrawn(const struct following *following,
	const struct chain_step *step, const struct bindings *names,
	const struct window_evidence *row)
{
	const struct pick withdrawals = {
		step->pick.class, step->pick.relation, step->withdrawn};
	struct window_walk walk = {0};
	const struct window_evidence *later;

	while (step->withdrawn &&
		(later = next_row(following, &withdrawals, names, &walk)) &&
		later < row)
		if (same_fields(following, step, row, later))
			return true;
	return false;
}

static void add_row(struct path *path, const struct chain_step *step,
	const struct window_evidence *row)
{
	if (path->row_count < CHAIN_ROWS_MAX)
		path->rows[path->row_count++] =
			(struct chain_row){step->name, row};
}

/* How many different values stand, at most as many as are wanted. */
static unsigned count_rows(const struct following *following,
	const struct chain_step *step, struct path *path)
{
	const char *values[CHAIN_ROWS_MAX + 1];
	const struct window_evidence *row;
	struct window_walk walk = {0};
	unsigned count = 0;

	MUST(step->at_least <= CHAIN_ROWS_MAX);
	while (count < step->at_least &&
		(row = next_row(following, &step->pick, &path->names, &walk))) {
		const struct predicate_view view =
			pick_view(following->window, row, &path->names);
		const char *value = predicate_field(
			step->distinct, &view, following->arena);
		unsigned i = 0;

		while (value && i < count && strcmp(values[i], value) != 0)
			i++;
		if (!value || i < count ||
			is_withdrawn(following, step, &path->names, row))
			continue;
		values[count++] = value;
		add_row(path, step, row);
	}
	return count;
}

static void note(struct following *following, size_t step, unsigned found,
	const struct path *path)
{
	struct chain_result *result = following->result;

	if (result->complete ||
		(result->names.rows &&
			(step < result->reached ||
				(step == result->reached &&
					found <= result->found))))
		return;
	result->complete = step == following->chain->step_count;
	result->reached = step;
	result->found = found;
	result->names = path->names;
	memcpy(result->rows, path->rows, sizeof(path->rows));
	result->row_count = path->row_count;
}

static bool follow(
	struct following *following, size_t at, const struct path *so_far)
{
	const struct chain_step *step = &following->chain->steps[at];
	const struct window_evidence *row;
	struct window_walk walk = {0};
	struct path path = *so_far;
	unsigned found = 0;

	if (at == following->chain->step_count) {
		note(following, at, 0, so_far);
		return true;
	}
	if (step->distinct) {
		found = count_rows(following, step, &path);
		note(following, at, found, &path);
		return found >= step->at_least &&
		       follow(following, at + 1, &path);
	}
	note(following, at, 0, so_far);
	while (found++ < BRANCHES_MAX && (row = next_row(following, &step->pick,
						  &so_far->names, &walk))) {
		const struct predicate_view view =
			pick_view(following->window, row, &so_far->names);

		path = *so_far;
		add_names(step->binds, step->bind_count, &view,
			following->arena, &path.names);
		add_row(&path, step, row);
		if (follow(following, at + 1, &path))
			return true;
	}
	return false;
}

void chain_follow(const struct chain *chain, const struct window *window,
	const struct window_evidence *then, const struct bindings *names,
	instant look_back, instant at, struct arena *arena,
	struct chain_result *ret)
{
	struct following following = {
		.chain = chain,
		.window = window,
		.at = at,
		.before = then->effective,
		.after = then->effective - look_back,
		.arena = arena,
		.result = ret,
	};
	struct path path = {.names = *names};

	*ret = (struct chain_result){0};
	follow(&following, 0, &path);
}
