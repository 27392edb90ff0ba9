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

bool pg_get_bytea(const struct pg_rows *rows, size_t row, int column, void *ret,
	size_t size)
{
	const char *text = pg_get(rows, row, column);
	unsigned char *out = ret;

	if (strlen(text) != size * 2 + 2 || text[0] != '\\' || text[1] != 'x')
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = digit_of(text[2 + i * 2]);
		int low = digit_of(text[3 + i * 2]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
