/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/migrate.h"

#include "base/arena.h"
#include "base/bug.h"

#define LOCK_NUMBER 715517 /* ours among the database's advisory locks */

static bool concerns(const struct migration *row, const char *service)
{
	return !row->service || strcmp(row->service, service) == 0;
}

static enum status read_applied(
	struct pg *pg, struct pg_rows **ret, struct reason *reterr)
{
	return pg_run(pg,
		"SELECT number, name, digest FROM schema_migration"
		" ORDER BY number",
		NULL, ret, reterr);
}

/* Row of this number among the applied ones; -1 where it is not. */
static int applied_row(const struct pg_rows *applied, int number)
{
	for (size_t i = 0; i < pg_count(applied); i++)
		if (pg_get_integer(applied, i, 0) == number)
			return (int)i;
	return -1;
}

static enum status same_digest(const struct pg_rows *applied, int at,
	const struct migration *row, struct reason *reterr)
{
	if (strcmp(pg_get(applied, (size_t)at, 2), row->digest) == 0)
		return OK;
	reason_set(reterr, row->name,
		"this migration was applied with another text: a migration "
		"never changes, a new one follows it");
	return CONFIG;
}

/* A database that knows more than this build must not be touched by it. */
static enum status not_newer(const struct pg_rows *applied,
	const struct migration *table, size_t size, const char *service,
	struct reason *reterr)
{
	for (size_t i = 0; i < pg_count(applied); i++) {
		bool known = false;

		for (size_t j = 0; j < size && !known; j++)
			known = concerns(&table[j], service) &&
				table[j].number ==
					pg_get_integer(applied, i, 0);
		if (known)
			continue;
		reason_set(reterr, pg_get(applied, i, 1),
			"the database has a migration that this build does "
			"not know: run the newer build");
		return CONFIG;
	}
	return OK;
}

static enum status record(struct pg *pg, const struct migration *row,
	struct arena *arena, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, arena);
	pg_integer(&args, row->number);
	pg_text(&args, row->name);
	pg_text(&args, row->digest);
	return pg_do(pg,
		"INSERT INTO schema_migration (number, name, digest)"
		" VALUES ($1, $2, $3)",
		&args, NULL, reterr);
}

static enum status apply_row(struct pg *pg, const struct pg_rows *applied,
	const struct migration *row, struct arena *arena, int *applied_now,
	struct reason *reterr)
{
	int at = row->number ? applied_row(applied, row->number) : -1;
	enum status status;

	if (at >= 0)
		return same_digest(applied, at, row, reterr);
	status = pg_script(pg, row->text, reterr);
	if (status == OK && row->number) {
		status = record(pg, row, arena, reterr);
		(*applied_now)++;
	}
	if (status != OK)
		reason_within(reterr, row->name);
	return status;
}

static enum status apply_all(struct pg *pg, const char *service,
	const struct migration *table, size_t size, struct arena *arena,
	int *ret_applied, struct reason *reterr)
{
	struct pg_rows *applied = NULL;
	enum status status = read_applied(pg, &applied, reterr);

	if (status == OK)
		status = not_newer(applied, table, size, service, reterr);
	for (size_t i = 0; status == OK && i < size; i++)
		if (concerns(&table[i], service))
			status = apply_row(pg, applied, &table[i], arena,
				ret_applied, reterr);
	pg_rows_free(&applied);
	return status;
}

/* The grants read postern.service; search_path is the connection's. */
static enum status prepare(struct pg *pg, const char *schema,
	const char *service, struct arena *arena, struct reason *reterr)
{
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, schema);
	pg_text(&args, service);
	pg_integer(&args, LOCK_NUMBER);
	status = pg_do(pg,
		"SELECT set_config('postern.schema', $1, true),"
		" set_config('postern.service', $2, true),"
		" pg_advisory_xact_lock($3)",
		&args, NULL, reterr);
	if (status != OK)
		return status;
	return pg_script(pg,
		"DO $$ BEGIN EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I',"
		" current_setting('postern.schema')); END $$;"
		"CREATE TABLE IF NOT EXISTS schema_migration ("
		"number integer PRIMARY KEY, name text NOT NULL,"
		"digest text NOT NULL,"
		"applied_at timestamptz NOT NULL DEFAULT clock_timestamp())",
		reterr);
}

enum status migrate_table(const struct pg_settings *settings,
	const char *service, const struct migration *table, size_t size,
	int *ret_applied, struct reason *reterr)
{
	struct arena *arena = arena_new(1 << 16);
	struct pg *pg = NULL;
	int applied = 0;
	enum status status = pg_open(settings, &pg, reterr);

	MUST(settings->schema && service);
	if (status == OK)
		status = pg_begin(pg, reterr);
	if (status == OK)
		status = prepare(pg, settings->schema, service, arena, reterr);
	if (status == OK)
		status = apply_all(
			pg, service, table, size, arena, &applied, reterr);
	if (status == OK)
		status = pg_commit(pg, reterr);
	pg_close(&pg);
	arena_free(&arena);
	if (status == OK)
		*ret_applied = applied;
	return status;
}

enum status migrate_run(const struct pg_settings *settings, const char *service,
	int *ret_applied, struct reason *reterr)
{
	return migrate_table(settings, service, migration_table,
		migration_table_size, ret_applied, reterr);
}

enum status migrate_logins(const struct pg_settings *settings,
	const struct migrate_login *logins, struct reason *reterr)
{
	struct pg *pg = NULL;
	enum status status = pg_open(settings, &pg, reterr);

	for (; status == OK && logins->role; logins++)
		if (logins->password)
			status = pg_role_password(
				pg, logins->role, logins->password, reterr);
	pg_close(&pg);
	return status;
}

enum status migrate_check(
	struct pg *pg, const char *service, struct reason *reterr)
{
	struct pg_rows *applied = NULL;
	enum status status = read_applied(pg, &applied, reterr);

	if (status == CONFIG)
		reason_set(reterr, reterr->place,
			"the database has no Postern schema for this role: "
			"run postern-%s --migrate as its owner",
			service);
	for (size_t i = 0; status == OK && i < migration_table_size; i++) {
		const struct migration *row = &migration_table[i];
		int at = applied_row(applied, row->number);

		if (!row->number || !concerns(row, service))
			continue;
		if (at >= 0) {
			status = same_digest(applied, at, row, reterr);
			continue;
		}
		reason_set(reterr, row->name,
			"migration missing: run postern-%s --migrate as the "
			"schema's owner",
			service);
		status = CONFIG;
	}
	if (status == OK)
		status = not_newer(applied, migration_table,
			migration_table_size, service, reterr);
	pg_rows_free(&applied);
	return status;
}
