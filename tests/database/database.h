/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests against a real PostgreSQL, named by POSTERN_TEST_PG (a conninfo of
 * a superuser; scripts/test starts one). Each test works in a schema of its
 * own, made by the migrations and dropped at its end. Without the variable a
 * test says so and counts as skipped.
 */
#pragma once

#include "base/memory.h"
#include "daemon/migrate.h"
#include "wire/pg.h"

#define DB_SKIPPED "POSTERN_TEST_PG is not set: "

static inline const char *db_conninfo(void)
{
	const char *conninfo = getenv("POSTERN_TEST_PG");

	if (!conninfo || !*conninfo) {
		print_message("%sdatabase tests are SKIPPED\n", DB_SKIPPED);
		skip();
	}
	return conninfo;
}

/* Fails the test with the reason's sentence. */
static inline void db_ok(enum status status, const struct reason *reason)
{
	if (status != OK)
		fail_msg("status %d: %s (%s)", (int)status, reason->sentence,
			reason->place);
}

static inline struct pg *db_open(const char *schema, const char *name)
{
	struct pg_settings settings = {.conninfo = db_conninfo(),
		.name = name,
		.schema = schema,
		.statement_timeout = 20 * INSTANT_SECOND,
		.idle_timeout = 60 * INSTANT_SECOND};
	struct reason reason = {0};
	struct pg *pg = NULL;

	db_ok(pg_open(&settings, &pg, &reason), &reason);
	return pg;
}

static inline void db_script(struct pg *pg, const char *sql)
{
	struct reason reason = {0};

	db_ok(pg_script(pg, sql, &reason), &reason);
}

/* One value of one row, allocated; "" for null. */
static inline char *db_value(struct pg *pg, const char *sql)
{
	struct pg_rows *rows = NULL;
	struct reason reason = {0};
	char *value;

	db_ok(pg_run(pg, sql, NULL, &rows, &reason), &reason);
	assert_int_equal(pg_count(rows), 1);
	value = memory_string(pg_get(rows, 0, 0));
	pg_rows_free(&rows);
	return value;
}

static inline int64_t db_number(struct pg *pg, const char *sql)
{
	char *value = db_value(pg, sql);
	int64_t number = strtoll(value, NULL, 10);

	memory_free(value);
	return number;
}

static inline void db_drop(const char *schema)
{
	struct pg *pg = db_open(schema, "drop");
	char sql[300];

	snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS %s CASCADE", schema);
	db_script(pg, sql);
	pg_close(&pg);
}

/* A fresh schema with the migrations of `service` in it. */
static inline void db_fresh(const char *schema, const char *service)
{
	struct pg_settings settings = {
		.conninfo = db_conninfo(), .name = "migrate", .schema = schema};
	struct reason reason = {0};
	int applied = 0;

	db_drop(schema);
	db_ok(migrate_run(&settings, service, &applied, &reason), &reason);
	assert_true(applied > 0);
}
