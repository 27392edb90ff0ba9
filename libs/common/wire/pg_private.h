/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For wire/pg*.c and their tests only: what a connection and its rows hold, and
 * how numbers stand in the binary forms.
 */
#pragma once

#include "wire/pg.h"

#include <libpq-fe.h>

struct pg_rows {
	PGresult *result;
};

/* Lent: for what libpq does apart from running statements. */
PGconn *pg_conn(struct pg *pg);
/* CONFIG where a server of this PQserverVersion is too old for us. */
enum status pg_version_check(int version, struct reason *reterr) MUST_CHECK;

/* 2000-01-01 in our instants: where PostgreSQL counts from. */
#define PG_EPOCH ((instant)946684800 * INSTANT_SECOND)

/* The last `bytes` bytes of a number, as the binary forms want it. */
static inline void pg_put_integer(char *out, uint64_t number, int bytes)
{
	for (int i = bytes; i-- > 0; number >>= 8)
		out[i] = (char)(number & 255);
}

static inline void pg_put_instant(char *out, instant at)
{
	bool ends = at == INSTANT_NEVER || at == INT64_MIN;

	pg_put_integer(out, (uint64_t)(ends ? at : at - PG_EPOCH), 8);
}

/* Takes the result. */
struct pg_rows *pg_rows_new(PGresult *result);
/* The consequence of an SQL state; "" is a lost connection. */
enum status pg_state_status(const char *state);
/* Why the connection was refused, where, as whom and what to do. CONFIG: it
 * will be again until somebody changes something. */
enum status pg_login_failed(PGconn *conn, struct reason *reterr) MUST_CHECK;
/* Sends `sql`, then `size` bytes as what it copies in. */
enum status pg_copy_in(struct pg *pg, const char *sql, const char *bytes,
	size_t size, struct reason *reterr) MUST_CHECK;
