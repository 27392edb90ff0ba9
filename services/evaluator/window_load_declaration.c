/* SPDX-License-Identifier: Apache-2.0 */
#include "window_load_private.h"

static enum status take(struct window_reading *load, const struct pg_rows *rows,
	struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->relations;
	struct window_declaration *list =
		arena_array(load->arena, count + 1, sizeof(*list));

	if (count > max) {
		enum status status =
			window_shorten(load, pg_get_instant(rows, max, 0),
				"declarations", max, reterr);

		if (status != OK)
			return status;
		count = max;
	}
	for (size_t i = 0; i < count; i++)
		list[i] = (struct window_declaration){
			pg_get_instant(rows, i, 0), pg_get_instant(rows, i, 1)};
	load->window->declarations = list;
	load->window->declaration_count = count;
	return OK;
}

enum status window_load_declarations(
	struct window_reading *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	if (!(load->criterion->needs.own_classes & (1u << CLASS_TOOLSTATE)))
		return OK;
	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->relations + 1);
	status = pg_run(load->pg,
		"SELECT valid_from, valid_until FROM declaration"
		" WHERE subject = $1 AND valid_until > $2"
		" ORDER BY valid_from LIMIT $3",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	status = take(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}
