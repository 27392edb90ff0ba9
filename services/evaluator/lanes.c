/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes.h"

#include "base/bug.h"

#include <stdlib.h>
#include <string.h>

static int names_order(const char *const *a, const char *const *b)
{
	int order = 0;

	for (int i = 0; i < 3 && !order; i++)
		order = strcmp(a[i], b[i]);
	return order;
}

static int by_names(const void *left, const void *right)
{
	const struct lane_said *a = left, *b = right;

	return names_order(a->names, b->names);
}

static void open_lanes(
	struct lanes *lanes, struct lane_said *said, size_t count)
{
	struct lane *lane = NULL;

	if (count)
		qsort(said, count, sizeof(*said), by_names);
	lanes->said = said;
	lanes->said_count = count;
	lanes->list = arena_array(lanes->arena, count, sizeof(*lanes->list));
	lanes->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (!lane || names_order(lane->names, said[i].names) != 0) {
			lane = &lanes->list[lanes->count++];
			lane->names = said[i].names;
			lane->timeline = timeline_new();
			lane->from = INSTANT_NEVER;
		}
		if (said[i].statement.at < lane->from)
			lane->from = said[i].statement.at;
	}
}

static void close_lanes(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->count; i++)
		timeline_free(&lanes->list[i].timeline);
}

static enum status run(struct lanes *lanes, const char *sql,
	struct pg_rows **ret, struct reason *reterr)
{
	struct pg_array *names[3], *from;
	struct pg_args args;

	from = pg_array_new(lanes->arena, LANES_BOUND);
	pg_args_init(&args, lanes->arena);
	for (int i = 0; i < 3; i++) {
		names[i] = pg_array_new(lanes->arena, LANES_BOUND);
		for (size_t j = 0; j < lanes->count; j++)
			pg_array_text(names[i], lanes->list[j].names[i]);
		pg_array_arg(&args, names[i]);
	}
	for (size_t j = 0; j < lanes->count; j++)
		pg_array_instant(from, lanes->list[j].from);
	pg_array_arg(&args, from);
	return pg_run(lanes->pg, sql, &args, ret, reterr);
}

static struct lane *lane_of(
	struct lanes *lanes, const struct pg_rows *rows, size_t row)
{
	int64_t number = pg_get_integer(rows, row, 0);

	MUST(number >= 1 && (size_t)number <= lanes->count);
	return &lanes->list[number - 1];
}

static const char *text_of(
	struct lanes *lanes, const struct pg_rows *rows, size_t row, int column)
{
	return pg_null(rows, row, column)
		       ? NULL
		       : arena_string(lanes->arena, pg_get(rows, row, column));
}

enum status lanes_know(struct lanes *lanes, const char *sql,
	enum status (*items)(struct lanes *lanes, const struct pg_rows *rows,
		size_t row, struct timeline_statement *ret,
		struct reason *reterr),
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	enum status status = run(lanes, sql, &rows, reterr);

	for (size_t i = 0; status == OK && i < pg_count(rows); i++) {
		struct timeline_statement statement = {
			.at = pg_get_instant(rows, i, 1),
			.recorded = pg_get_instant(rows, i, 2),
			.evidence = text_of(lanes, rows, i, 3),
			.complete = pg_get_bool(rows, i, 4)};

		if (!statement.complete)
			status = items(lanes, rows, i, &statement, reterr);
		if (status == OK)
			timeline_know(
				lane_of(lanes, rows, i)->timeline, &statement);
	}
	pg_rows_free(&rows);
	return status;
}

enum status lanes_bring(struct lanes *lanes, const char *sql,
	void (*item)(struct lanes *lanes, const struct pg_rows *rows,
		size_t row, struct timeline_item *ret),
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	enum status status = run(lanes, sql, &rows, reterr);

	if (status != OK)
		return status;
	for (size_t i = 0; i < pg_count(rows); i++) {
		struct timeline_row row = {.place = text_of(lanes, rows, i, 1),
			.from = pg_get_instant(rows, i, 2),
			.until = pg_get_instant(rows, i, 3),
			.opened = text_of(lanes, rows, i, 4),
			.closed = text_of(lanes, rows, i, 5)};

		item(lanes, rows, i, &row.item);
		timeline_bring(lane_of(lanes, rows, i)->timeline, &row);
	}
	pg_rows_free(&rows);
	return OK;
}

static void put(struct lanes *lanes)
{
	size_t said = 0;

	for (size_t i = 0; i < lanes->count; i++)
		for (; said < lanes->said_count &&
			names_order(lanes->said[said].names,
				lanes->list[i].names) == 0;
			said++)
			timeline_put(lanes->list[i].timeline,
				&lanes->said[said].statement);
}

static enum status clear(
	struct lanes *lanes, const char *sql, struct reason *reterr)
{
	struct pg_array *places = pg_array_new(lanes->arena, LANES_BOUND);
	struct pg_args args;

	for (size_t i = 0; i < lanes->count; i++) {
		struct timeline_walk walk = {0};
		struct timeline_row row;

		while (timeline_changed(lanes->list[i].timeline, &walk, &row))
			if (row.place)
				pg_array_text(places, row.place);
	}
	if (!pg_array_count(places))
		return OK;
	pg_args_init(&args, lanes->arena);
	pg_array_arg(&args, places);
	return pg_do(lanes->pg, sql, &args, NULL, reterr);
}

static enum status write(struct lanes *lanes, const struct lanes_tables *tables,
	struct reason *reterr)
{
	enum status status = tables->load(lanes, reterr);

	if (status != OK)
		return status;
	put(lanes);
	status = tables->add_statements(lanes, reterr);
	if (status == OK)
		status = clear(lanes, tables->clear, reterr);
	return status == OK ? tables->add_rows(lanes, reterr) : status;
}

enum status lanes_write(struct lanes *lanes, const struct lanes_tables *tables,
	struct lane_said *said, size_t count, struct reason *reterr)
{
	enum status status;

	open_lanes(lanes, said, count);
	status = write(lanes, tables, reterr);
	close_lanes(lanes);
	return status;
}

bool lanes_new(const struct lanes *lanes, struct lanes_walk *walk,
	const struct lane **ret_lane, struct timeline_row *ret)
{
	for (; walk->lane < lanes->count;
		walk->lane++, walk->walk = (struct timeline_walk){0}) {
		const struct lane *lane = &lanes->list[walk->lane];

		while (timeline_changed(lane->timeline, &walk->walk, ret)) {
			if (ret->place)
				continue;
			*ret_lane = lane;
			return true;
		}
	}
	return false;
}

void lanes_array_id(struct pg_array *array, const char *hex)
{
	uint8_t id[SHA256_SIZE];

	if (!hex) {
		pg_array_bytea(array, NULL, 0);
		return;
	}
	if (!hex_decode(hex, strlen(hex), id, sizeof(id)))
		BUG("\"%s\" is no id of evidence", hex);
	pg_array_bytea(array, id, sizeof(id));
}
