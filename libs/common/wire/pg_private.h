/* SPDX-License-Identifier: Apache-2.0 */
/* For wire/pg*.c and their tests only: what a connection and its rows hold. */
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
/* Takes the result. */
struct pg_rows *pg_rows_new(PGresult *result);
/* The consequence of an SQL state; "" is a lost connection. */
enum status pg_state_status(const char *state);
/* Sends `sql`, then `size` bytes as what it copies in. */
enum status pg_copy_in(struct pg *pg, const char *sql, const char *bytes,
	size_t size, struct reason *reterr) MUST_CHECK;
