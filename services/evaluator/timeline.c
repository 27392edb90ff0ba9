/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new statement changes what held from its own time until the next complete
 * statement, and nothing else. That span is cut out of the rows, filled again
 * and joined to what stands at its two ends.
 */
#include "timeline.h"

#include "base/bug.h"
#include "base/memory.h"

#include <string.h>

struct rows {
	struct timeline_row *at;
	size_t count, room;
};

struct timeline {
	struct timeline_statement *statements;
	size_t statement_count, statement_room;
	struct rows brought; /* as it was */
	struct rows rows;    /* as it is */
	bool begun;          /* sorted, nothing may be brought any more */
};

struct items {
	struct timeline_item *at;
	size_t count;
};

struct timeline *timeline_new(void)
{
	return memory_new(sizeof(struct timeline));
}

void timeline_free(struct timeline **timeline)
{
	if (!*timeline)
		return;
	memory_free((*timeline)->statements);
	memory_free((*timeline)->brought.at);
	memory_free((*timeline)->rows.at);
	memory_free(*timeline);
	*timeline = NULL;
}

static int by_key(const void *left, const void *right)
{
	const struct timeline_item *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	return order ? order : strcmp(a->detail, b->detail);
}

size_t timeline_sort(struct timeline_item *items, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(items, count, sizeof(*items), by_key);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(items[kept - 1].key, items[i].key) != 0)
			items[kept++] = items[i];
	return kept;
}

static int by_key_and_time(const void *left, const void *right)
{
	const struct timeline_row *a = left, *b = right;
	int order = strcmp(a->item.key, b->item.key);

	if (order)
		return order;
	return (a->from > b->from) - (a->from < b->from);
}

static void rows_sort(struct rows *rows)
{
	if (rows->count)
		qsort(rows->at, rows->count, sizeof(*rows->at),
			by_key_and_time);
}

static void rows_add(struct rows *rows, const struct timeline_row *row)
{
	if (rows->count == rows->room) {
		rows->room = rows->room ? rows->room * 2 : 16;
		rows->at =
			memory_resize(rows->at, rows->room, sizeof(*rows->at));
	}
	rows->at[rows->count++] = *row;
}

static int version_order(
	const struct timeline_statement *a, const struct timeline_statement *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->recorded != b->recorded)
		return a->recorded < b->recorded ? -1 : 1;
	return strcmp(a->evidence, b->evidence);
}

/* Where it belongs; `ret_known`: it stands there already. */
static size_t place_of(const struct timeline *timeline,
	const struct timeline_statement *statement, bool *ret_known)
{
	size_t low = 0, high = timeline->statement_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (version_order(&timeline->statements[middle], statement) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_known = low < timeline->statement_count &&
		     version_order(&timeline->statements[low], statement) == 0;
	return low;
}

static void insert_statement(struct timeline *timeline, size_t place,
	const struct timeline_statement *statement)
{
	struct timeline_statement *list;

	if (timeline->statement_count == timeline->statement_room) {
		timeline->statement_room = timeline->statement_room * 2 + 8;
		timeline->statements = memory_resize(timeline->statements,
			timeline->statement_room, sizeof(*list));
	}
	list = timeline->statements;
	memmove(&list[place + 1], &list[place],
		(timeline->statement_count - place) * sizeof(*list));
	list[place] = *statement;
	timeline->statement_count++;
}

void timeline_know(
	struct timeline *timeline, const struct timeline_statement *statement)
{
	bool known;
	size_t place = place_of(timeline, statement, &known);

	MUST(!timeline->begun);
	if (!known)
		insert_statement(timeline, place, statement);
}

void timeline_bring(struct timeline *timeline, const struct timeline_row *row)
{
	MUST(!timeline->begun && row->place);
	rows_add(&timeline->brought, row);
}

static void begin(struct timeline *timeline)
{
	if (timeline->begun)
		return;
	timeline->begun = true;
	rows_sort(&timeline->brought);
	for (size_t i = 0; i < timeline->brought.count; i++)
		rows_add(&timeline->rows, &timeline->brought.at[i]);
}

/* Evidence of the last statement at that instant, from `place` on. */
static const char *cited_at(
	const struct timeline *timeline, size_t place, instant at)
{
	const char *cited = NULL;

	for (; place < timeline->statement_count &&
		timeline->statements[place].at <= at;
		place++)
		if (timeline->statements[place].at == at)
			cited = timeline->statements[place].evidence;
	return cited;
}

/* What holds at that instant, by key. */
static void holding_at(const struct rows *rows, instant at, struct items *ret)
{
	ret->at = memory_array(rows->count + 1, sizeof(*ret->at));
	ret->count = 0;
	for (size_t i = 0; i < rows->count; i++)
		if (rows->at[i].from <= at && at < rows->at[i].until)
			ret->at[ret->count++] = rows->at[i].item;
}

/* Both are sorted by key; what is said wins over what held. */
static void items_apply(
	struct items *items, const struct timeline_statement *statement)
{
	size_t room = items->count + statement->count + 1;
	struct timeline_item *out = memory_array(room, sizeof(*out));
	size_t held = 0, said = 0, count = 0;

	while (held < items->count || said < statement->count) {
		int order = 0;

		if (said == statement->count)
			order = -1;
		else if (held == items->count)
			order = 1;
		else
			order = strcmp(items->at[held].key,
				statement->items[said].key);
		if (order < 0) {
			out[count++] = items->at[held++];
			continue;
		}
		out[count++] = statement->items[said++];
		if (order == 0)
			held++;
	}
	memory_free(items->at);
	items->at = out;
	items->count = count;
}

struct span {
	instant from, until;
	const char *opened, *closed;
};

/* Keeps of each row what lies outside the span. */
static void cut_out(
	const struct rows *rows, const struct span *span, struct rows *out)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct timeline_row left = rows->at[i], right = left;

		if (left.until < span->from || left.from >= span->until) {
			rows_add(out, &left);
			continue;
		}
		if (left.from < span->from) {
			left.until = span->from;
			left.closed = span->opened;
			rows_add(out, &left);
		}
		if (right.until > span->until) {
			right.from = span->until;
			right.opened = span->closed;
			rows_add(out, &right);
		}
	}
}

static void fill_in(
	const struct items *items, const struct span *span, struct rows *out)
{
	if (span->from == span->until)
		return;
	for (size_t i = 0; i < items->count; i++) {
		const struct timeline_row row = {.item = items->at[i],
			.from = span->from,
			.until = span->until,
			.opened = span->opened,
			.closed = span->closed};

		rows_add(out, &row);
	}
}

/* One row where an item went on unchanged. */
static void join(struct rows *rows)
{
	size_t kept = 0;

	rows_sort(rows);
	for (size_t i = 0; i < rows->count; i++) {
		struct timeline_row *last = kept ? &rows->at[kept - 1] : NULL;
		const struct timeline_row *row = &rows->at[i];

		if (last && last->until == row->from &&
			strcmp(last->item.key, row->item.key) == 0 &&
			strcmp(last->item.detail, row->item.detail) == 0) {
			last->until = row->until;
			last->closed = row->closed;
		} else {
			rows->at[kept++] = *row;
		}
	}
	rows->count = kept;
}

/* First complete statement after `place`; the count where there is none. */
static size_t next_complete(const struct timeline *timeline, size_t place)
{
	do
		place++;
	while (place < timeline->statement_count &&
		!timeline->statements[place].complete);
	return place;
}

/* Fills from one statement to the next, up to but not from `end`. */
static void fill_spans(const struct timeline *timeline, size_t place,
	size_t end, const struct span *whole, struct rows *out)
{
	const struct timeline_statement *list = timeline->statements;
	struct items items = {0};
	struct span span = *whole;

	if (!list[place].complete)
		holding_at(&timeline->rows, whole->from, &items);
	for (size_t i = place; i < end; i++) {
		span.from = list[i].at;
		span.until = i + 1 < end ? list[i + 1].at : whole->until;
		span.opened = cited_at(timeline, i, span.from);
		span.closed = i + 1 < end ? cited_at(timeline, i, span.until)
					  : whole->closed;
		items_apply(&items, &list[i]);
		fill_in(&items, &span, out);
	}
	memory_free(items.at);
}

void timeline_put(
	struct timeline *timeline, const struct timeline_statement *statement)
{
	struct rows out = {0};
	struct span whole;
	bool known;
	size_t place, end;

	begin(timeline);
	place = place_of(timeline, statement, &known);
	if (known)
		return;
	insert_statement(timeline, place, statement);
	end = next_complete(timeline, place);
	whole.from = statement->at;
	whole.until = end < timeline->statement_count
			      ? timeline->statements[end].at
			      : INSTANT_NEVER;
	if (whole.until == whole.from)
		return; /* replaced in the same instant */
	whole.opened = cited_at(timeline, place, whole.from);
	whole.closed = cited_at(timeline, place, whole.until);
	cut_out(&timeline->rows, &whole, &out);
	fill_spans(timeline, place, end, &whole, &out);
	join(&out);
	memory_free(timeline->rows.at);
	timeline->rows = out;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool unchanged(
	const struct timeline_row *a, const struct timeline_row *b)
{
	return a->until == b->until && same(a->item.detail, b->item.detail) &&
	       same(a->opened, b->opened) && same(a->closed, b->closed);
}

static const struct timeline_row *row_at(const struct rows *rows, size_t i)
{
	return i < rows->count ? &rows->at[i] : NULL;
}

bool timeline_changed(const struct timeline *timeline,
	struct timeline_walk *walk, struct timeline_row *ret)
{
	MUST(timeline->begun);
	for (;;) {
		const struct timeline_row *old =
			row_at(&timeline->brought, walk->before);
		const struct timeline_row *new =
			row_at(&timeline->rows, walk->after);
		int order;

		if (!old && !new)
			return false;
		order = !old ? 1 : !new ? -1 : by_key_and_time(old, new);
		if (order == 0 && unchanged(old, new)) {
			walk->before++;
			walk->after++;
			continue;
		}
		/* Of one that changed the old form goes first. */
		*ret = order <= 0 ? *old : *new;
		if (order <= 0) {
			walk->before++;
		} else {
			walk->after++;
			ret->place = NULL;
		}
		return true;
	}
}

const struct timeline_row *timeline_rows(
	const struct timeline *timeline, size_t *ret_count)
{
	*ret_count = timeline->rows.count;
	return timeline->rows.at;
}
