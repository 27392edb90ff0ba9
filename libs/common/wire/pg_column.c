/* SPDX-License-Identifier: Apache-2.0 */
/* Array parameters in PostgreSQL's binary form. */
#include "wire/pg_private.h"

#include "base/bug.h"

#include <string.h>

#define HEAD 20 /* dimensions, nulls, type, length, first index */

/* Numbers of the server's catalogue, the same in every version. */
static const unsigned types[] = {[PG_TEXT] = 25,
	[PG_BYTEA] = 17,
	[PG_INSTANT] = 1184,
	[PG_JSONB] = 3802};

struct pg_column {
	struct arena *arena;
	enum pg_type type;
	char *bytes;
	size_t size, room;
	size_t count;
	bool nulls;
};

static char *column_room(struct pg_column *column, size_t more)
{
	if (column->size + more > column->room) {
		size_t room = column->room * 2 + more;
		char *bytes = arena_alloc(column->arena, room);

		memcpy(bytes, column->bytes, column->size);
		column->bytes = bytes;
		column->room = room;
	}
	column->size += more;
	return column->bytes + column->size - more;
}

struct pg_column *pg_column_new(
	struct arena *arena, enum pg_type type, size_t expected)
{
	struct pg_column *column = arena_alloc(arena, sizeof(*column));

	column->arena = arena;
	column->type = type;
	column->room = HEAD + expected;
	column->bytes = arena_alloc(arena, column->room);
	column->size = HEAD;
	return column;
}

/* An element of that length. */
static char *element(struct pg_column *column, size_t size)
{
	char *out;

	MUST(size < INT32_MAX);
	column->count++;
	out = column_room(column, 4 + size);
	pg_put_integer(out, size, 4);
	return out + 4;
}

void pg_column_bytes(struct pg_column *column, const void *bytes, size_t size)
{
	/* A jsonb is its text behind the number of this form. */
	size_t version = column->type == PG_JSONB;
	char *out;

	MUST(column->type != PG_INSTANT);
	if (!bytes) {
		column->nulls = true;
		pg_put_integer(element(column, 0) - 4, UINT32_MAX, 4);
		return;
	}
	out = element(column, version + size);
	if (version)
		*out++ = 1;
	if (size)
		memcpy(out, bytes, size);
}

void pg_column_text(struct pg_column *column, const char *text)
{
	pg_column_bytes(column, text, text ? strlen(text) : 0);
}

void pg_column_instant(struct pg_column *column, instant at)
{
	MUST(column->type == PG_INSTANT);
	pg_put_instant(element(column, 8), at);
}

size_t pg_column_count(const struct pg_column *column)
{
	return column->count;
}

void pg_column_arg(struct pg_args *args, struct pg_column *column)
{
	char *head = column->bytes;

	MUST(column->size < INT32_MAX && column->count < INT32_MAX);
	pg_put_integer(head, column->count > 0, 4);
	pg_put_integer(head + 4, column->nulls, 4);
	pg_put_integer(head + 8, types[column->type], 4);
	pg_put_integer(head + 12, column->count, 4);
	pg_put_integer(head + 16, 1, 4);
	args->formats[args->count] = 1;
	/* An array without elements has no dimension either. */
	args->lengths[args->count] = column->count ? (int)column->size : 12;
	pg_text(args, column->bytes);
}
