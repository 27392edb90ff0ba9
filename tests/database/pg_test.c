/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg.h"

#include "database.h"

static void test_pg__gives_back_what_it_was_given(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct arena *arena = arena_new(1 << 16);
	struct pg_rows *rows = NULL;
	struct reason reason = {0};
	struct pg_args args;
	unsigned char bytes[3];

	(void)state;
	for (int turn = 0; turn < 2; turn++) { /* prepared, and again */
		pg_args_init(&args, arena);
		pg_text(&args, "it's \"so\"");
		pg_text(&args, NULL);
		pg_integer(&args, -42 - turn);
		pg_instant(&args, 1764000000123456);
		pg_bytea(&args, "\x00\x01\xff", 3);
		pg_bool(&args, true);
		db_ok(pg_run(pg,
			      "SELECT $1::text, $2::text, $3::bigint,"
			      " $4::timestamptz, $5::bytea, $6::boolean,"
			      " 'infinity'::timestamptz,"
			      " '-infinity'::timestamptz",
			      &args, &rows, &reason),
			&reason);
		assert_int_equal(pg_count(rows), 1);
		assert_string_equal(pg_get(rows, 0, 0), "it's \"so\"");
		assert_true(pg_null(rows, 0, 1));
		assert_int_equal(pg_get_integer(rows, 0, 2), -42 - turn);
		assert_int_equal(pg_get_instant(rows, 0, 3), 1764000000123456);
		assert_true(pg_get_bytea(rows, 0, 4, bytes, 3));
		assert_memory_equal(bytes, "\x00\x01\xff", 3);
		assert_false(pg_get_bytea(rows, 0, 4, bytes, 2));
		assert_true(pg_get_bool(rows, 0, 5));
		assert_true(pg_get_instant(rows, 0, 6) == INSTANT_NEVER);
		assert_true(pg_get_instant(rows, 0, 7) == INT64_MIN);
		pg_rows_free(&rows);
	}
	arena_free(&arena);
	pg_close(&pg);
}

static void test_pg__an_array_arrives_element_by_element(void **state)
{
	static const char *const texts[] = {
		"a,b{}", "say \"hi\" \\n", "NULL", "", NULL, "\n\t'"};
	struct pg *pg = db_open(NULL, "pg_test");
	struct arena *arena = arena_new(1 << 16);
	struct pg_array *array = pg_array_new(arena, 10000);
	struct pg_rows *rows = NULL;
	struct reason reason = {0};
	struct pg_args args;
	const char **back;
	size_t count;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		pg_array_text(array, texts[i]);
	pg_args_init(&args, arena);
	pg_array_arg(&args, array);
	db_ok(pg_run(pg, "SELECT * FROM unnest($1::text[])", &args, &rows,
		      &reason),
		&reason);
	assert_int_equal(pg_count(rows), 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(pg_null(rows, i, 0), !texts[i]);
		assert_string_equal(
			pg_get(rows, i, 0), texts[i] ? texts[i] : "");
	}
	pg_rows_free(&rows);
	db_ok(pg_run(pg, "SELECT $1::text[], '{}'::text[], '\\x00ff'::bytea",
		      &args, &rows, &reason),
		&reason);
	back = pg_get_texts(rows, 0, 0, arena, &count);
	assert_int_equal(count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(!back[i], !texts[i]);
		if (texts[i])
			assert_string_equal(back[i], texts[i]);
	}
	pg_get_texts(rows, 0, 1, arena, &count);
	assert_int_equal(count, 0);
	assert_memory_equal(
		pg_get_bytes(rows, 0, 2, arena, &count), "\x00\xff", 2);
	assert_int_equal(count, 2);
	pg_rows_free(&rows);
	arena_free(&arena);
	pg_close(&pg);
}

static enum status try(struct pg *pg, const char *sql, struct reason *reason)
{
	int64_t touched;

	return pg_do(pg, sql, NULL, &touched, reason);
}

static void test_pg__a_column_arrives_element_by_element(void **state)
{
	struct pg *pg = db_open("public", "pg_test");
	struct arena *arena = arena_new(1 << 16);
	struct pg_column *columns[] = {pg_column_new(arena, PG_TEXT, 0),
		pg_column_new(arena, PG_BYTEA, 0),
		pg_column_new(arena, PG_INSTANT, 0),
		pg_column_new(arena, PG_JSONB, 0)};
	struct reason reason = {0};
	struct pg_rows *rows = NULL;
	struct pg_args args;
	uint8_t bytes[3];

	(void)state;
	pg_column_text(columns[0], "say \"hi\", {\\}");
	pg_column_text(columns[0], NULL);
	pg_column_bytes(columns[1], "\0\xff\\", 3);
	pg_column_bytes(columns[1], "", 0);
	pg_column_instant(columns[2], 1795507200123456);
	pg_column_instant(columns[2], INT64_MIN);
	pg_column_text(columns[3], "{\"a\":  1}");
	pg_column_text(columns[3], NULL);
	pg_args_init(&args, arena);
	for (int i = 0; i < 4; i++)
		pg_column_arg(&args, columns[i]);
	db_ok(pg_run(pg,
		      "SELECT * FROM unnest($1::text[], $2::bytea[],"
		      " $3::timestamptz[], $4::jsonb[])",
		      &args, &rows, &reason),
		&reason);
	assert_int_equal(pg_count(rows), 2);
	assert_string_equal(pg_get(rows, 0, 0), "say \"hi\", {\\}");
	assert_true(pg_null(rows, 1, 0));
	assert_true(pg_get_bytea(rows, 0, 1, bytes, 3));
	assert_memory_equal(bytes, "\0\xff\\", 3);
	assert_string_equal(pg_get(rows, 1, 1), "\\x");
	assert_int_equal(pg_get_instant(rows, 0, 2), 1795507200123456);
	assert_int_equal(pg_get_instant(rows, 1, 2), INT64_MIN);
	assert_string_equal(pg_get(rows, 0, 3), "{\"a\": 1}");
	assert_true(pg_null(rows, 1, 3));
	pg_rows_free(&rows);
	pg_args_init(&args, arena);
	pg_column_arg(&args, pg_column_new(arena, PG_TEXT, 0));
	db_ok(pg_run(pg, "SELECT cardinality($1::text[])", &args, &rows,
		      &reason),
		&reason);
	assert_int_equal(pg_get_integer(rows, 0, 0), 0);
	pg_rows_free(&rows);
	arena_free(&arena);
	pg_close(&pg);
}

struct worker {
	int calls, most;
};

static bool work_on(void *context)
{
	struct worker *worker = context;

	clock_sleep(1000);
	return ++worker->calls < worker->most;
}

static void test_pg__works_while_the_server_does(void **state)
{
	struct pg *pg = db_open("public", "pg_test");
	struct worker some = {.most = 5}, endless = {.most = 1000000};
	struct reason reason = {0};

	(void)state;
	pg_set_meanwhile(pg, work_on, &some);
	db_script(pg, "SELECT pg_sleep(0.1)");
	assert_int_equal(some.calls, 5);
	db_script(pg, "SELECT pg_sleep(0.1)");
	assert_int_equal(some.calls, 5);
	pg_set_meanwhile(pg, work_on, &endless);
	db_script(pg, "SELECT pg_sleep(0.1)");
	assert_in_range(endless.calls, 2, 120);
	assert_int_equal(pg_do(pg,
				 "SELECT 1 / count(*) FROM pg_sleep(0.01)"
				 " WHERE false",
				 NULL, NULL, &reason),
		REJECT);
	pg_set_meanwhile(pg, NULL, NULL);
	endless.calls = 0;
	db_script(pg, "SELECT pg_sleep(0.01)");
	assert_int_equal(endless.calls, 0);
	pg_close(&pg);
}

static void test_pg__sorts_errors_and_names_the_state(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct reason reason;

	(void)state;
	assert_int_equal(try(pg, "SELECT 1/0", &reason), REJECT);
	assert_string_equal(reason.place, "22012");
	assert_int_equal(try(pg, "SELECT * FROM nowhere_", &reason), CONFIG);
	assert_string_equal(reason.place, "42P01");
	db_script(pg, "SET statement_timeout = 50");
	assert_int_equal(try(pg, "SELECT pg_sleep(5)", &reason), RETRY);
	assert_string_equal(reason.place, "57014");
	assert_true(pg_alive(pg));
	pg_close(&pg);
}

static void test_pg__a_failed_transaction_does_not_commit(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct reason reason = {0};

	(void)state;
	db_ok(pg_begin(pg, &reason), &reason);
	assert_int_equal(try(pg, "SELECT 1/0", &reason), REJECT);
	assert_int_equal(pg_commit(pg, &reason), RETRY);
	assert_int_equal(db_number(pg, "SELECT 7"), 7);
	pg_close(&pg);
}

static void test_pg__knows_that_its_backend_was_ended(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct pg *other = db_open(NULL, "pg_test");
	struct reason reason;
	char sql[100];

	(void)state;
	snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)",
		pg_backend(pg));
	assert_int_equal(try(other, sql, &reason), OK);
	assert_int_equal(try(pg, "SELECT 1", &reason), RETRY);
	assert_false(pg_alive(pg));
	pg_rollback(pg);
	pg_close(&pg);
	pg_close(&other);
}

static void test_pg__hears_a_notification(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct pg *other = db_open(NULL, "pg_test");
	struct reason reason = {0};

	(void)state;
	db_ok(pg_listen(pg, "postern_pg_test", &reason), &reason);
	assert_int_equal(pg_wait(pg, 20000, &reason), IGNORED);
	db_script(other, "NOTIFY postern_pg_test");
	assert_int_equal(pg_wait(pg, 5 * INSTANT_SECOND, &reason), OK);
	assert_int_equal(pg_wait(pg, 20000, &reason), IGNORED);
	pg_close(&pg);
	pg_close(&other);
}

static void test_pg__tells_away_from_refused(void **state)
{
	struct pg_settings settings = {.name = "pg_test"};
	struct reason reason = {0};
	struct pg *pg = NULL;
	char conninfo[500];

	(void)state;
	snprintf(conninfo, sizeof(conninfo), "%s user=nobody_here_",
		db_conninfo());
	settings.conninfo = conninfo;
	assert_int_equal(pg_open(&settings, &pg, &reason), CONFIG);
	settings.conninfo = "host=127.0.0.1 port=1 dbname=x";
	assert_int_equal(pg_open(&settings, &pg, &reason), RETRY);
	settings.conninfo = "no such=";
	assert_int_equal(pg_open(&settings, &pg, &reason), CONFIG);
	assert_null(pg);
}

static void test_pg__more_statements_than_it_caches_still_run(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	char sql[60];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(sql, sizeof(sql), "SELECT %d", i);
		assert_int_equal(db_number(pg, sql), i);
	}
	pg_close(&pg);
}

static void test_pg__copies_rows_as_they_are(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct arena *arena = arena_new(1 << 20);
	struct pg_copy *copy = pg_copy_new(arena, 4, 10);
	struct reason reason = {0};
	char *got;

	(void)state;
	db_script(pg, "CREATE TEMP TABLE copied (a text, b bytea,"
		      " c timestamptz, d boolean)");
	pg_copy_text(copy, "tab\t newline\n \\N \"q\" \xc3\xa9");
	pg_copy_bytes(copy, "\x00\xff", 2);
	pg_copy_instant(copy, 1764000000123456);
	pg_copy_bool(copy, true);
	pg_copy_text(copy, "");
	pg_copy_bytes(copy, NULL, 0);
	pg_copy_instant(copy, INSTANT_NEVER);
	pg_copy_bool(copy, false);
	pg_copy_text(copy, NULL);
	pg_copy_bytes(copy, "", 0);
	pg_copy_instant(copy, INT64_MIN);
	pg_copy_bool(copy, false);
	db_ok(pg_copy_run(pg, "COPY copied FROM STDIN (FORMAT binary)", copy,
		      &reason),
		&reason);
	got = db_value(pg, "SELECT string_agg(t::text, ' ') FROM copied t");
	assert_string_equal(got,
		"(\"tab\t newline\n \\\\N \"\"q\"\" \xc3\xa9\",\"\\\\x00ff\","
		"\"2025-11-24 16:00:00.123456+00\",t)"
		" (\"\",,infinity,f) (,\"\\\\x\",-infinity,f)");
	memory_free(got);
	arena_free(&arena);
	pg_close(&pg);
}

static void test_pg__a_refused_copy_leaves_a_connection(void **state)
{
	struct pg *pg = db_open(NULL, "pg_test");
	struct arena *arena = arena_new(1 << 20);
	struct pg_copy *copy;
	struct reason reason = {0};

	(void)state;
	db_script(pg, "CREATE TEMP TABLE copied (a text PRIMARY KEY)");
	copy = pg_copy_new(arena, 1, 10);
	pg_copy_text(copy, "x");
	pg_copy_text(copy, "x");
	assert_int_equal(
		pg_copy_run(pg, "COPY copied FROM STDIN (FORMAT binary)", copy,
			&reason),
		REJECT);
	assert_string_equal(reason.place, "23505");
	copy = pg_copy_new(arena, 1, 10);
	assert_int_equal(
		pg_copy_run(pg, "COPY nowhere_ FROM STDIN (FORMAT binary)",
			copy, &reason),
		CONFIG);
	assert_string_equal(reason.place, "42P01");
	assert_int_equal(db_number(pg, "SELECT 7"), 7);
	arena_free(&arena);
	pg_close(&pg);
}

#define LOOK_UP                                                                \
	"SELECT t.v FROM unnest($1::text[]) AS w (k)"                          \
	" JOIN pg_test_plans t ON t.k = w.k"

static void look_up(struct pg *pg, struct arena *arena)
{
	struct pg_array *keys = pg_array_new(arena, 1000);
	struct reason reason = {0};
	struct pg_args args;

	pg_array_text(keys, "1");
	pg_args_init(&args, arena);
	pg_array_arg(&args, keys);
	db_ok(pg_do(pg, LOOK_UP, &args, NULL, &reason), &reason);
}

/* As the server would run it now. */
static char *plan_of_look_up(struct pg *pg)
{
	char *name = db_value(pg, "SELECT name FROM pg_prepared_statements"
				  " WHERE statement = '" LOOK_UP "'");
	char sql[200];
	char *plan;

	snprintf(sql, sizeof(sql),
		"EXPLAIN (FORMAT JSON) EXECUTE \"%s\"('{1}')", name);
	plan = db_value(pg, sql);
	memory_free(name);
	return plan;
}

/* Enough runs for the server to keep one plan, and enough rows afterwards.
 * False where it has forgotten the plan by itself, as it does when other
 * sessions change much. */
static bool has_an_old_plan(struct pg *pg, struct arena *arena)
{
	char *plan;
	bool old;

	db_script(pg, "DROP TABLE IF EXISTS pg_test_plans; CREATE TABLE"
		      " pg_test_plans (k text PRIMARY KEY, v text)"
		      " WITH (autovacuum_enabled = false);"
		      " INSERT INTO pg_test_plans VALUES ('1', 'x');"
		      " ANALYZE pg_test_plans");
	for (int i = 0; i < 10; i++)
		look_up(pg, arena);
	db_script(pg, "INSERT INTO pg_test_plans SELECT i::text, 'x'"
		      " FROM generate_series(2, 20000) AS i");
	plan = plan_of_look_up(pg);
	old = strstr(plan, "Seq Scan");
	memory_free(plan);
	return old;
}

static void test_pg__a_plan_does_not_outlive_what_it_was_made_for(void **state)
{
	struct pg *pg = db_open("public", "pg_test");
	struct arena *arena = arena_new(1 << 20);
	struct reason reason = {0};
	char *plan;
	bool old = false;

	(void)state;
	db_ok(pg_begin(pg, &reason), &reason);
	db_ok(pg_commit(pg, &reason), &reason);
	for (int i = 0; i < 20 && !old; i++)
		old = has_an_old_plan(pg, arena);
	if (old) {
		usleep(1100000);
		db_ok(pg_begin(pg, &reason), &reason);
		db_ok(pg_commit(pg, &reason), &reason);
		plan = plan_of_look_up(pg);
		assert_non_null(strstr(plan, "Index Scan"));
		memory_free(plan);
	}
	db_script(pg, "DROP TABLE pg_test_plans");
	arena_free(&arena);
	pg_close(&pg);
	if (old)
		return;
	print_message("the server keeps no plan: nothing to see\n");
	skip();
}
