/* SPDX-License-Identifier: Apache-2.0 */
/* What a statement gave back, read from PostgreSQL's text form. */
#include "wire/pg_private.h"

#include "base/bug.h"
#include "base/memory.h"

struct pg_rows *pg_rows_new(PGresult *result)
{
	struct pg_rows *rows = memory_new(sizeof(*rows));

	rows->result = result;
	return rows;
}

void pg_rows_free(struct pg_rows **rows)
{
	if (!*rows)
		return;
	PQclear((*rows)->result);
	memory_free(*rows);
	*rows = NULL;
}

size_t pg_count(const struct pg_rows *rows)
{
	return (size_t)PQntuples(rows->result);
}

int64_t pg_touched(const struct pg_rows *rows)
{
	return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

static void must_be_there(const struct pg_rows *rows, size_t row, int column)
{
	MUST(rows && row < (size_t)PQntuples(rows->result));
	MUST(column >= 0 && column < PQnfields(rows->result));
}

bool pg_null(const struct pg_rows *rows, size_t row, int column)
{
	must_be_there(rows, row, column);
	return PQgetisnull(rows->result, (int)row, column) != 0;
}

const char *pg_get(const struct pg_rows *rows, size_t row, int column)
{
	must_be_there(rows, row, column);
	return PQgetvalue(rows->result, (int)row, column);
}

int64_t pg_get_integer(const struct pg_rows *rows, size_t row, int column)
{
	return strtoll(pg_get(rows, row, column), NULL, 10);
}

bool pg_get_bool(const struct pg_rows *rows, size_t row, int column)
{
	return pg_get(rows, row, column)[0] == 't';
}

/* "2026-11-24 08:00:00.123456+00" under DateStyle ISO and TimeZone UTC. */
instant pg_get_instant(const struct pg_rows *rows, size_t row, int column)
{
	const char *text = pg_get(rows, row, column);
	char rfc[INSTANT_TEXT];
	size_t length = strlen(text);
	struct reason reason;
	instant at;

	if (!*text || strcmp(text, "infinity") == 0)
		return INSTANT_NEVER;
	if (strcmp(text, "-infinity") == 0)
		return INT64_MIN;
	if (length < 22 || length + 1 > sizeof(rfc) ||
		strcmp(text + length - 3, "+00") != 0)
		BUG("no timestamp of this session: %s", text);
	memcpy(rfc, text, length + 1);
	rfc[10] = 'T';
	memcpy(rfc + length - 3, "Z", 2);
	if (instant_parse(rfc, length - 2, &at, &reason) != OK)
		BUG("no timestamp: %s: %s", text, reason.sentence);
	return at;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unhex(const char *text, unsigned char *out, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int high = digit_of(text[i * 2]);
		int low = digit_of(text[i * 2 + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

bool pg_get_bytea(const struct pg_rows *rows, size_t row, int column, void *ret,
	size_t size)
{
	const char *text = pg_get(rows, row, column);

	if (strlen(text) != size * 2 + 2 || text[0] != '\\' || text[1] != 'x')
		return false;
	return unhex(text + 2, ret, size);
}

const char *pg_get_bytes(const struct pg_rows *rows, size_t row, int column,
	struct arena *arena, size_t *ret_size)
{
	const char *text = pg_get(rows, row, column);
	size_t size = strlen(text);
	char *out;

	*ret_size = 0;
	if (pg_null(rows, row, column))
		return NULL;
	if (size < 2 || size % 2 != 0)
		BUG("no bytea in column %d", column);
	size = size / 2 - 1;
	out = arena_alloc(arena, size + 1);
	if (!unhex(text + 2, (unsigned char *)out, size))
		BUG("no bytea in column %d", column);
	*ret_size = size;
	return out;
}

/* One element of an array's text, from `at`; unescapes into the arena. */
static const char *array_item(const char **at, struct arena *arena)
{
	const char *text = *at;
	bool quoted = *text == '"';
	char *out, *end;

	text += quoted;
	end = out = arena_alloc(arena, strlen(text) + 1);
	while (*text &&
		!(quoted ? *text == '"' : strchr(",}", *text) != NULL)) {
		if (*text == '\\' && text[1])
			text++;
		*end++ = *text++;
	}
	*end = '\0';
	*at = text + (quoted && *text == '"');
	return !quoted && strcmp(out, "NULL") == 0 ? NULL : out;
}

const char **pg_get_texts(const struct pg_rows *rows, size_t row, int column,
	struct arena *arena, size_t *ret_count)
{
	const char *at = pg_get(rows, row, column);
	const char **items;
	size_t count = 0;

	for (const char *c = at; *c; c++)
		count += *c == ',';
	items = arena_array(arena, count + 1, sizeof(*items));
	count = 0;
	if (*at == '{' && at[1] != '}')
		for (at++; *at && *at != '}';) {
			items[count++] = array_item(&at, arena);
			if (*at == ',')
				at++;
		}
	*ret_count = count;
	return items;
}
