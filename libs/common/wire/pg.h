/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL over libpq: one connection per loop, parameters always apart from
 * the statement, arrays for UNNEST, errors sorted into our five consequences.
 * Knows no table.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct pg;
struct pg_rows;

/* Connects; RETRY where the server is away, CONFIG for a refused login or a
 * server older than PostgreSQL 15. Sets application_name, UTC, statement and
 * idle-in-transaction time-outs. */
struct pg_settings {
	const char *conninfo;      /* URI or keywords, as libpq takes it */
	const char *password;      /* over the conninfo's own; NULL: none */
	const char *name;          /* application_name */
	const char *schema;        /* search_path; NULL: the role's own */
	instant statement_timeout; /* 0: none */
	instant idle_timeout; /* idle_in_transaction_session_timeout; 0: none */
};
enum status pg_open(const struct pg_settings *settings, struct pg **ret,
	struct reason *reterr) MUST_CHECK;
void pg_close(struct pg **pg);
/* False once the connection is lost: close it and open another. */
bool pg_alive(const struct pg *pg);
int pg_backend(const struct pg *pg); /* its process id on the server */
/* Gives `role` a password to log in with. Only its SCRAM verifier leaves this
 * process, so neither the server nor its log learns the password. */
enum status pg_role_password(struct pg *pg, const char *role,
	const char *password, struct reason *reterr) MUST_CHECK;

/*
 * Parameters of one statement; $1 is the first. Holds pointers: what is added
 * must live until the call. Room for 32.
 */
struct pg_args {
	const char *values[32];
	int lengths[32]; /* of binary ones */
	int formats[32]; /* 0: text, 1: binary */
	int count;
	struct arena *arena;
};
void pg_args_init(struct pg_args *args, struct arena *arena);
void pg_text(struct pg_args *args, const char *text); /* NULL is SQL null */
void pg_integer(struct pg_args *args, int64_t number);
void pg_bool(struct pg_args *args, bool value);
/* timestamptz; INSTANT_NEVER is 'infinity'. */
void pg_instant(struct pg_args *args, instant at);
void pg_bytea(struct pg_args *args, const void *bytes, size_t size);

/* An array parameter under construction, for unnest($n::type[]). More than
 * `max_bytes` of array text is a BUG: bound the batch first. */
struct pg_array;
struct pg_array *pg_array_new(struct arena *arena, size_t max_bytes);
void pg_array_text(struct pg_array *array, const char *text); /* NULL: null */
void pg_array_integer(struct pg_array *array, int64_t number);
void pg_array_instant(struct pg_array *array, instant at);
void pg_array_bytea(struct pg_array *array, const void *bytes, size_t size);
void pg_array_bool(struct pg_array *array, bool value);
size_t pg_array_count(const struct pg_array *array);
void pg_array_arg(struct pg_args *args, struct pg_array *array);

/*
 * The same in binary form, for what is done by the batch: nothing to escape,
 * nothing to parse, any size below 2 GB. The statement must say
 * unnest($n::type[]) with the type that the column has.
 */
enum pg_type { PG_TEXT, PG_BYTEA, PG_INSTANT, PG_JSONB };
struct pg_column;
struct pg_column *pg_column_new(
	struct arena *arena, enum pg_type type, size_t expected_bytes);
/* All types but PG_INSTANT; NULL: null. */
void pg_column_bytes(struct pg_column *column, const void *bytes, size_t size);
void pg_column_text(struct pg_column *column, const char *text);
void pg_column_instant(struct pg_column *column, instant at);
size_t pg_column_count(const struct pg_column *column);
void pg_column_arg(struct pg_args *args, struct pg_column *column);

/*
 * Runs one statement (prepared on first use, by its text's address and
 * contents). Errors by SQL state: connection lost, serialisation, deadlock,
 * lock or statement time-out, shutting down, out of resources are RETRY; data
 * exceptions (class 21, 22, 23, 54, P0001) are REJECT; missing tables or rights
 * (42, 28, 3D) are CONFIG. The state is the reason's place. After RETRY look at
 * pg_alive.
 */
enum status pg_run(struct pg *pg, const char *sql, const struct pg_args *args,
	struct pg_rows **ret, struct reason *reterr) MUST_CHECK;
/* For statements whose rows nobody wants; `ret_touched` may be NULL. */
enum status pg_do(struct pg *pg, const char *sql, const struct pg_args *args,
	int64_t *ret_touched, struct reason *reterr) MUST_CHECK;
/* Several statements separated by semicolons, no parameters (migrations). */
enum status pg_script(
	struct pg *pg, const char *sql, struct reason *reterr) MUST_CHECK;

/*
 * Rows for COPY in its binary form: no text to escape or parse, and the server
 * inserts by the page. Types are the columns': text and bytea by their bytes,
 * timestamptz, boolean. Rows follow from the number of columns.
 */
struct pg_copy;
struct pg_copy *pg_copy_new(struct arena *arena, int columns, size_t expected);
/* text or bytea; NULL: null. */
void pg_copy_bytes(struct pg_copy *copy, const void *bytes, size_t size);
void pg_copy_text(struct pg_copy *copy, const char *text);
void pg_copy_instant(struct pg_copy *copy, instant at);
void pg_copy_bool(struct pg_copy *copy, bool value);
/* Runs `sql`, "COPY table (columns) FROM STDIN (FORMAT binary)", with what was
 * added. Consequences as for pg_run. */
enum status pg_copy_run(struct pg *pg, const char *sql, struct pg_copy *copy,
	struct reason *reterr) MUST_CHECK;

/*
 * What the loop does while the server works: called between looks at the socket
 * until it returns false or the answer is there, at each wait until it is set
 * to NULL. Keep a call to some ten microseconds; it must not touch `pg`.
 */
typedef bool pg_meanwhile(void *context);
void pg_set_meanwhile(struct pg *pg, pg_meanwhile *work, void *context);

enum status pg_begin(struct pg *pg, struct reason *reterr) MUST_CHECK;
enum status pg_commit(struct pg *pg, struct reason *reterr) MUST_CHECK;
/* Never fails: where the server is gone the transaction is too. */
void pg_rollback(struct pg *pg);

void pg_rows_free(struct pg_rows **rows);
size_t pg_count(const struct pg_rows *rows);
int64_t pg_touched(const struct pg_rows *rows);
bool pg_null(const struct pg_rows *rows, size_t row, int column);
/* "" for null; owned by the rows. */
const char *pg_get(const struct pg_rows *rows, size_t row, int column);
int64_t pg_get_integer(const struct pg_rows *rows, size_t row, int column);
bool pg_get_bool(const struct pg_rows *rows, size_t row, int column);
/* 'infinity' and null are INSTANT_NEVER; '-infinity' is INT64_MIN. */
instant pg_get_instant(const struct pg_rows *rows, size_t row, int column);
/* A bytea of exactly `size` bytes; false for another size and for null. */
bool pg_get_bytea(const struct pg_rows *rows, size_t row, int column, void *ret,
	size_t size);

/* A bytea of any size, in the arena; NULL for null. */
const char *pg_get_bytes(const struct pg_rows *rows, size_t row, int column,
	struct arena *arena, size_t *ret_size);
/* A text[] in the arena; null elements are NULL. */
const char **pg_get_texts(const struct pg_rows *rows, size_t row, int column,
	struct arena *arena, size_t *ret_count);

/* LISTEN/NOTIFY: subscribes, and waits up to `wait` for any notification.
 * IGNORED: none came. */
enum status pg_listen(
	struct pg *pg, const char *channel, struct reason *reterr) MUST_CHECK;
enum status pg_wait(
	struct pg *pg, instant wait, struct reason *reterr) MUST_CHECK;
