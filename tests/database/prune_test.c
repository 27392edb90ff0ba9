/* SPDX-License-Identifier: Apache-2.0 */
/* What the evaluator may forget, as its own role. */
#include "daemon/prune.h"

#include "base/log.h"
#include "database.h"

#define SCHEMA "test_prune"

static struct pg *begin(void)
{
	struct pg *pg;

	log_setup(LOG_ERROR, false);
	db_fresh(SCHEMA, "evaluator");
	pg = db_open(SCHEMA, "prune_test");
	db_script(pg, "SELECT evidence_partition('2026-01-10'),"
		      " evidence_partition('2026-03-10');"
		      "INSERT INTO evidence_seen SELECT sha256(n::text::bytea),"
		      " '\\x00', '\\x00', 'a/1', '2026-01-15'::timestamptz"
		      " + n * interval '1 minute'"
		      " FROM generate_series(1, 2500) AS n;"
		      "INSERT INTO evidence_seen VALUES ('\\x01', '\\x00',"
		      " '\\x00', 'a/1', '2026-03-01 00:00+00')");
	return pg;
}

static int64_t left(struct pg *pg)
{
	return db_number(pg, "SELECT count(*) FROM evidence_seen");
}

static int64_t prune(struct pg *pg)
{
	return db_number(pg, "SELECT evidence_seen_prune(1000)");
}

static void test_prune__what_was_seen_lives_as_long_as_evidence(void **state)
{
	struct pg *pg = begin();

	(void)state;
	db_script(pg, "SET ROLE postern_evaluator");
	assert_int_equal(prune(pg), 0);
	db_script(pg, "RESET ROLE; DROP TABLE evidence_202601;"
		      "SET ROLE postern_evaluator");
	assert_int_equal(prune(pg), 1000);
	assert_int_equal(prune(pg), 1000);
	assert_int_equal(prune(pg), 500);
	assert_int_equal(prune(pg), 0);
	assert_int_equal(left(pg), 1);
	pg_close(&pg);
	db_drop(SCHEMA);
}

static void test_prune__without_evidence_nothing_is_forgotten(void **state)
{
	struct pg *pg = begin();

	(void)state;
	db_script(pg, "DROP TABLE evidence_202601, evidence_202603");
	assert_int_equal(prune(pg), 0);
	assert_int_equal(left(pg), 2501);
	pg_close(&pg);
	db_drop(SCHEMA);
}

static void test_prune__goes_on_until_nothing_is_old_enough(void **state)
{
	static struct clock held;
	const struct prune_rule rules[] = {{"row",
		"WITH gone AS (DELETE FROM evidence_seen WHERE id = ANY"
		" (ARRAY(SELECT id FROM evidence_seen WHERE recorded_at < $1"
		" LIMIT $2)) RETURNING 1) SELECT count(*) FROM gone",
		31 * INSTANT_DAY}};
	const struct prune_settings settings = {
		.pg = {.conninfo = db_conninfo(), .schema = SCHEMA},
		.service = "evaluator",
		.rules = rules,
		.count = 1,
		.clock = &held};
	struct pg *pg = begin();
	struct prune *prune = prune_open(&settings);
	struct reason reason = {0};
	int64_t rows = -1;

	(void)state;
	held = clock_held((instant)1772323200 * INSTANT_SECOND); /* 1 March */
	db_ok(prune_round(prune, NULL, &rows, &reason), &reason);
	assert_int_equal(rows, 2500);
	assert_int_equal(left(pg), 1);
	db_ok(prune_round(prune, NULL, &rows, &reason), &reason);
	assert_int_equal(rows, 0);
	prune_close(&prune);
	prune_close(&prune);
	pg_close(&pg);
	db_drop(SCHEMA);
}
