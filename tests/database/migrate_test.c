/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/migrate.h"

#include "database.h"

#define SCHEMA "test_migrate"

static enum status migrate(const char *service, const struct migration *table,
	size_t size, int *applied, struct reason *reason)
{
	struct pg_settings settings = {.conninfo = db_conninfo(),
		.name = "migrate_test",
		.schema = SCHEMA};

	*applied = -1;
	return migrate_table(&settings, service, table, size, applied, reason);
}

static void test_migrate__runs_each_once_and_grants_each_time(void **state)
{
	struct migration table[] = {
		{1, "0001_a", NULL, "CREATE TABLE a (x int)", "d1"},
		{2, "0002_b", "notifier", "CREATE TABLE b (x int)", "d2"},
		{0, "grants", NULL, "INSERT INTO a VALUES (1)", "d3"},
	};
	struct reason reason = {0};
	struct pg *pg;
	int applied;

	(void)state;
	db_drop(SCHEMA);
	db_ok(migrate("evaluator", table, 3, &applied, &reason), &reason);
	assert_int_equal(applied, 1);
	db_ok(migrate("evaluator", table, 3, &applied, &reason), &reason);
	assert_int_equal(applied, 0);
	pg = db_open(SCHEMA, "migrate_test");
	assert_int_equal(db_number(pg, "SELECT count(*) FROM a"), 2);
	assert_int_equal(
		db_number(pg, "SELECT (to_regclass('b') IS NULL)::int"), 1);
	pg_close(&pg);
	db_drop(SCHEMA);
}

static void test_migrate__refuses_a_changed_and_an_unknown_one(void **state)
{
	struct migration table[] = {
		{1, "0001_a", NULL, "CREATE TABLE a (x int)", "d1"},
		{2, "0002_b", NULL, "CREATE TABLE b (x int)", "d2"},
	};
	struct reason reason = {0};
	int applied;

	(void)state;
	db_drop(SCHEMA);
	db_ok(migrate("evaluator", table, 2, &applied, &reason), &reason);
	assert_int_equal(
		migrate("evaluator", table, 1, &applied, &reason), CONFIG);
	assert_string_equal(reason.place, "0002_b");
	table[0].digest = "other";
	assert_int_equal(
		migrate("evaluator", table, 2, &applied, &reason), CONFIG);
	assert_string_equal(reason.place, "0001_a");
	db_drop(SCHEMA);
}

static void test_migrate__leaves_nothing_behind_when_one_fails(void **state)
{
	struct migration table[] = {
		{1, "0001_a", NULL, "CREATE TABLE a (x int)", "d1"},
		{2, "0002_b", NULL, "CREATE TABLE b (x nonsense)", "d2"},
	};
	struct reason reason = {0};
	struct pg *pg;
	int applied;

	(void)state;
	db_drop(SCHEMA);
	assert_int_equal(
		migrate("evaluator", table, 2, &applied, &reason), CONFIG);
	assert_non_null(strstr(reason.place, "0002_b"));
	pg = db_open(SCHEMA, "migrate_test");
	assert_int_equal(db_number(pg, "SELECT (to_regnamespace('" SCHEMA
				       "') IS NULL)::int"),
		1);
	pg_close(&pg);
}

static void test_migrate__ours_run_and_check_for_both(void **state)
{
	struct reason reason = {0};
	struct pg *pg;

	(void)state;
	db_drop(SCHEMA);
	pg = db_open(SCHEMA, "migrate_test");
	assert_int_equal(migrate_check(pg, "evaluator", &reason), CONFIG);
	db_fresh(SCHEMA, "notifier");
	db_ok(migrate_check(pg, "notifier", &reason), &reason);
	assert_int_equal(migrate_check(pg, "evaluator", &reason), CONFIG);
	db_fresh(SCHEMA, "evaluator");
	db_ok(migrate_check(pg, "evaluator", &reason), &reason);
	pg_close(&pg);
	db_drop(SCHEMA);
}

/* The migrations of a build that ended before that one. */
static void migrate_before(int number)
{
	struct migration table[64];
	struct reason reason = {0};
	size_t size = 0;
	int applied;

	for (size_t i = 0; i < migration_table_size; i++)
		if (migration_table[i].number < number) {
			assert_in_range(size, 0, 63);
			table[size++] = migration_table[i];
		}
	db_drop(SCHEMA);
	db_ok(migrate("evaluator", table, size, &applied, &reason), &reason);
}

#define OLD_EVIDENCE(id, month, kind)                                          \
	"SELECT evidence_partition('2026-" month "-24');"                      \
	"INSERT INTO evidence VALUES ('" id "', '2026-" month                  \
	"-24 10:00+00', '2026-" month "-24 09:00+00', 'default', 'change',"    \
	" '" kind "', 's', 'git', 'github', 'a/1', 'sha256:', '\\x00');"

static void test_migrate__0006_keeps_evidence_and_its_content(void **state)
{
	struct reason reason = {0};
	int applied;
	struct pg *pg;
	char *found;

	(void)state;
	migrate_before(6);
	pg = db_open(SCHEMA, "migrate_test");
	db_script(pg, OLD_EVIDENCE("\\x01", "10", "push") OLD_EVIDENCE(
			      "\\x02", "11", "push") OLD_EVIDENCE("\\x03", "11",
			      "merged") "INSERT INTO evidence_content SELECT "
					"id, recorded_at,"
					" '{\"n\": ' || get_byte(id, 0) || '}' "
					"FROM evidence"
					" WHERE id <> '\\x03'");
	db_ok(migrate("evaluator", migration_table, migration_table_size,
		      &applied, &reason),
		&reason);
	found = db_value(pg, "SELECT string_agg(concat_ws(' ', id, recorded_at,"
			     " coalesce(data, 'erased')), ', ' ORDER BY id)"
			     " FROM evidence");
	assert_string_equal(found, "\\x01 2026-10-24 10:00:00+00 {\"n\": 1},"
				   " \\x02 2026-11-24 10:00:00+00 {\"n\": 2},"
				   " \\x03 2026-11-24 10:00:00+00 erased");
	memory_free(found);
	found = db_value(pg, "SELECT string_agg(concat_ws(' ', subject, class,"
			     " source, kind), ', ' ORDER BY kind)"
			     " FROM evidence_line");
	assert_string_equal(found, "s change git merged, s change git push");
	memory_free(found);
	db_script(pg, "SET ROLE postern_evaluator;"
		      "SELECT evidence_partition('2026-09-24')");
	assert_int_equal(db_number(pg, "SELECT count(*) FROM pg_inherits"
				       " WHERE inhparent ="
				       " 'evidence'::regclass"),
		3);
	pg_close(&pg);
	db_drop(SCHEMA);
}

static void assert_refused(struct pg *pg, const char *sql)
{
	struct reason reason = {0};

	assert_int_equal(pg_do(pg, sql, NULL, NULL, &reason), CONFIG);
	assert_string_equal(reason.place, "42501");
}

static void test_migrate__evidence_is_append_only_for_services(void **state)
{
	struct pg *pg;

	(void)state;
	db_fresh(SCHEMA, "evaluator");
	pg = db_open(SCHEMA, "migrate_test");
	db_script(pg, "SET ROLE postern_evaluator");
	db_script(pg, "SELECT evidence_partition('2026-11-24')");
	db_script(pg, "SELECT evidence_partition('2026-11-25')");
	db_script(pg, "INSERT INTO evidence VALUES ('\\x01',"
		      " '2026-11-24 10:00+00', '2026-11-24 10:00+00', 't',"
		      " 'change', 'push', 's', 's', 't', 'a/1', 'sha256:',"
		      " '\\x00', '{}')");
	db_script(pg,
		"INSERT INTO evidence_seen VALUES"
		" ('\\x01', '\\x02', '', 'a/1', now()) ON CONFLICT DO NOTHING");
	assert_refused(pg, "UPDATE evidence SET data = ''");
	assert_refused(pg, "DELETE FROM evidence");
	assert_refused(pg, "DELETE FROM evidence_seen");
	assert_refused(pg, "DELETE FROM evidence_line");
	assert_refused(pg, "TRUNCATE evidence");
	assert_refused(pg, "DELETE FROM evidence_202611");
	assert_refused(pg, "DROP TABLE evidence_202611");
	db_script(pg, "DELETE FROM agenda");
	db_script(pg, "RESET ROLE; SET ROLE postern_reader");
	assert_int_equal(db_number(pg, "SELECT count(*) FROM evidence"), 1);
	assert_refused(pg, "DELETE FROM agenda");
	db_script(pg, "RESET ROLE");
	pg_close(&pg);
	db_drop(SCHEMA);
}

static void test_migrate__gives_roles_their_passwords(void **state)
{
	struct pg_settings settings = {.conninfo = db_conninfo(),
		.name = "migrate_test",
		.schema = SCHEMA};
	const struct migrate_login logins[] = {
		{"test_migrate_login", "it's \\ a \"secret\""},
		{"test_migrate_left", NULL}, {0}};
	const struct migrate_login nobody[] = {{"test_migrate_no", "x"}, {0}};
	struct reason reason = {0};
	struct pg *pg = db_open(SCHEMA, "migrate_test");

	(void)state;
	db_ok(pg_script(pg,
		      "DROP ROLE IF EXISTS test_migrate_login, "
		      "test_migrate_left; CREATE ROLE test_migrate_login LOGIN;"
		      "CREATE ROLE test_migrate_left LOGIN",
		      &reason),
		&reason);
	db_ok(migrate_logins(&settings, logins, &reason), &reason);
	db_ok(migrate_logins(&settings, logins, &reason), &reason);
	assert_int_equal(
		db_number(pg, "SELECT count(*) FROM pg_authid WHERE rolname "
			      "LIKE 'test_migrate_%' AND rolpassword LIKE "
			      "'SCRAM-SHA-256$%'"),
		1);
	assert_int_equal(migrate_logins(&settings, nobody, &reason), CONFIG);
	assert_non_null(strstr(reason.place, "test_migrate_no"));
	db_ok(pg_script(pg, "DROP ROLE test_migrate_login, test_migrate_left",
		      &reason),
		&reason);
	pg_close(&pg);
}
