/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of evidence: subject, class, source and kind, each known once, so that
 * a window finds the rows of each by a narrow index. */
#include "intake_private.h"

#include <stdlib.h>
#include <string.h>

static int line_order(const struct evidence *a, const struct evidence *b)
{
	int order = strcmp(a->subject, b->subject);

	if (!order)
		order = (a->class > b->class) - (a->class < b->class);
	if (!order)
		order = strcmp(a->source, b->source);
	return order ? order : strcmp(a->kind, b->kind);
}

static int by_line(const void *left, const void *right)
{
	return line_order(*(const struct evidence *const *)left,
		*(const struct evidence *const *)right);
}

/* One piece of evidence of each line, in order: two batches lock alike. */
static const struct evidence **find_lines(
	const struct intake_batch *batch, size_t *ret_count)
{
	const struct evidence **list = arena_array(
		batch->arena, batch->fresh_count, sizeof(struct evidence *));
	size_t kept = 0;

	for (size_t i = 0; i < batch->fresh_count; i++)
		list[i] = &batch->fresh[i]->evidence;
	qsort(list, batch->fresh_count, sizeof(struct evidence *), by_line);
	for (size_t i = 0; i < batch->fresh_count; i++)
		if (!kept || line_order(list[kept - 1], list[i]) != 0)
			list[kept++] = list[i];
	*ret_count = kept;
	return list;
}

enum status intake_lines(struct intake_batch *batch, struct reason *reterr)
{
	size_t count;
	const struct evidence **lines = find_lines(batch, &count);
	struct pg_column *columns[4];
	struct pg_args args;

	for (int i = 0; i < 4; i++)
		columns[i] = pg_column_new(batch->arena, PG_TEXT, count * 24);
	for (size_t i = 0; i < count; i++) {
		pg_column_text(columns[0], lines[i]->subject);
		pg_column_text(
			columns[1], evidence_class_name(lines[i]->class));
		pg_column_text(columns[2], lines[i]->source);
		pg_column_text(columns[3], lines[i]->kind);
	}
	pg_args_init(&args, batch->arena);
	for (int i = 0; i < 4; i++)
		pg_column_arg(&args, columns[i]);
	return pg_do(batch->pg,
		"INSERT INTO evidence_line (subject, class, source, kind)"
		" SELECT * FROM unnest($1::text[], $2::text[], $3::text[],"
		" $4::text[]) ON CONFLICT DO NOTHING",
		&args, NULL, reterr);
}
