/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbered migrations, embedded at build time (cmake/embed.cmake), brought to
 * a service's schema under an advisory lock and all in one transaction. Run by
 * `--migrate` as the schema's owner; a running service only checks.
 */
#pragma once

#include "base/reason.h"
#include "wire/pg.h"

#include <stddef.h>

struct migration {
	int number; /* 0: run each time, after the others (grants) */
	const char *name;
	const char *service; /* only for this one; NULL: for each */
	const char *text;
	const char *digest; /* SHA-256 of the text, hex */
};

/* Generated from schemas/sql. */
extern const struct migration migration_table[];
extern const size_t migration_table_size;

/*
 * Brings `settings->schema` (made where it is missing) to the state of this
 * build; `ret_applied` counts what was new. CONFIG where an applied migration
 * has another digest or the database is newer than this build. Idempotent;
 * may run at the same time from several places.
 */
enum status migrate_run(const struct pg_settings *settings, const char *service,
	int *ret_applied, struct reason *reterr) MUST_CHECK;
/* Gives each role its password; password NULL leaves it as it is, role NULL
 * ends. Idempotent, after migrate_run, which makes the roles. */
struct migrate_login {
	const char *role, *password;
};
enum status migrate_logins(const struct pg_settings *settings,
	const struct migrate_login *logins, struct reason *reterr) MUST_CHECK;
/* migrate_run with a table of the caller's: tests. */
enum status migrate_table(const struct pg_settings *settings,
	const char *service, const struct migration *table, size_t size,
	int *ret_applied, struct reason *reterr) MUST_CHECK;

/* Touches nothing: CONFIG, naming the first one, where a migration is missing
 * or differs. */
enum status migrate_check(
	struct pg *pg, const char *service, struct reason *reterr) MUST_CHECK;
