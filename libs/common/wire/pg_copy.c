/* SPDX-License-Identifier: Apache-2.0 */
/* Rows in the binary form of COPY. */
#include "wire/pg_private.h"

#include "base/bug.h"

#include <string.h>

struct pg_copy {
	struct arena *arena;
	char *bytes;
	size_t size, room;
	int columns;
	int column; /* of the row under construction */
};

static char *copy_room(struct pg_copy *copy, size_t more)
{
	if (copy->size + more > copy->room) {
		size_t room = copy->room * 2 + more;
		char *bytes = arena_alloc(copy->arena, room);

		if (copy->size)
			memcpy(bytes, copy->bytes, copy->size);
		copy->bytes = bytes;
		copy->room = room;
	}
	copy->size += more;
	return copy->bytes + copy->size - more;
}

struct pg_copy *pg_copy_new(struct arena *arena, int columns, size_t expected)
{
	static const char head[19] = "PGCOPY\n\377\r\n"; /* no flags */
	struct pg_copy *copy = arena_alloc(arena, sizeof(*copy));

	MUST(columns > 0);
	copy->arena = arena;
	copy->columns = columns;
	copy->room = expected + sizeof(head);
	copy->bytes = arena_alloc(arena, copy->room);
	memcpy(copy_room(copy, sizeof(head)), head, sizeof(head));
	return copy;
}

/* Begins a row where one is due, then a field of that length. */
static char *field(struct pg_copy *copy, size_t size)
{
	char *out;

	if (copy->column == 0)
		pg_put_integer(copy_room(copy, 2), (uint64_t)copy->columns, 2);
	copy->column = (copy->column + 1) % copy->columns;
	MUST(size < INT32_MAX);
	out = copy_room(copy, 4 + size);
	pg_put_integer(out, size, 4);
	return out + 4;
}

void pg_copy_bytes(struct pg_copy *copy, const void *bytes, size_t size)
{
	char *out = field(copy, bytes ? size : 0);

	if (!bytes)
		pg_put_integer(out - 4, UINT32_MAX, 4);
	else if (size)
		memcpy(out, bytes, size);
}

void pg_copy_text(struct pg_copy *copy, const char *text)
{
	pg_copy_bytes(copy, text, text ? strlen(text) : 0);
}

void pg_copy_instant(struct pg_copy *copy, instant at)
{
	pg_put_instant(field(copy, 8), at);
}

void pg_copy_bool(struct pg_copy *copy, bool value)
{
	*field(copy, 1) = value ? 1 : 0;
}

enum status pg_copy_run(struct pg *pg, const char *sql, struct pg_copy *copy,
	struct reason *reterr)
{
	MUST(copy->column == 0);
	pg_put_integer(copy_room(copy, 2), UINT16_MAX, 2);
	return pg_copy_in(pg, sql, copy->bytes, copy->size, reterr);
}
