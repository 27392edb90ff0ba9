/* SPDX-License-Identifier: Apache-2.0 */
/* What the notifier may forget. */
#include "pruned.h"

#include "base/log.h"
#include "database/database.h"

#define SCHEMA "test_notifier_pruned"

/* An episode that closed so many days ago, with one notice and an attempt. */
static void put(struct pg *pg, const char *name, int days, const char *open,
	const char *standing, const char *due)
{
	char sql[1500];

	snprintf(sql, sizeof(sql),
		"WITH e AS (INSERT INTO episode (id, tenant, criterion,"
		" subject, kind, opened, closed, generation, n, record)"
		" VALUES ('%s', 'default', 'c', '%s', 'fail', '2020-01-01',"
		" CASE WHEN %s THEN 'infinity' ELSE now() - %d * interval"
		" '1 day' END, 1, 1, '{}') RETURNING id),"
		" n AS (INSERT INTO notice (episode, sink, target, identity,"
		" role, party, party_key, labels, open, standing, ended_at,"
		" due_at) SELECT id, 's', 't', 'i', 'r', 'p', '', '{}', %s,"
		" %s, now() - %d * interval '1 day', '%s' FROM e RETURNING id)"
		" INSERT INTO attempt SELECT id, 1, 'fire', 'delivered', 200,"
		" NULL, now() - %d * interval '1 day' FROM n",
		name, name, open, days, open, standing, days, due, days);
	db_script(pg, sql);
}

static int64_t count(struct pg *pg, const char *table, const char *where)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s", table,
		where);
	return db_number(pg, sql);
}

/* As a notifier is told on its command line. */
static void rules_of(const char *attempts, const char *notices,
	struct prune_rule ret[PRUNED_RULES])
{
	const char *const words[] = {"postern-notifier", "--postgres", "x",
		"--keep-attempts", attempts, "--keep-notices", notices};
	struct notifier_settings values = {0};
	struct settings_program program = {.service = "notifier",
		.sentence = "s",
		.table = notifier_table,
		.switches = notifier_switches,
		.values = &values,
		.arena = arena_new(1 << 20)};
	struct reason reason = {0};
	enum settings_wish wish;
	int number;

	db_ok(settings_load(&program, sizeof(words) / sizeof(*words),
		      (char **)(uintptr_t)words, &wish, &number, &reason),
		&reason);
	pruned_rules(&values, ret);
	arena_free(&program.arena);
}

static void test_pruned__only_what_is_over_and_said(void **state)
{
	struct prune_rule rules[PRUNED_RULES];
	struct prune_settings settings = {
		.pg = {.conninfo = db_conninfo(), .schema = SCHEMA},
		.service = "notifier",
		.rules = rules,
		.count = PRUNED_RULES,
		.clock = &clock_wall};
	struct prune *prune;
	struct reason reason = {0};
	struct pg *pg;
	int64_t rows;

	(void)state;
	log_setup(LOG_ERROR, false);
	db_fresh(SCHEMA, "notifier");
	pg = db_open(SCHEMA, "pruned_test");
	put(pg, "old", 300, "false", "false", "infinity");
	put(pg, "young", 60, "false", "false", "infinity");
	put(pg, "fresh", 20, "false", "false", "infinity");
	put(pg, "open", 300, "true", "true", "infinity");
	put(pg, "standing", 300, "false", "true", "infinity");
	put(pg, "owed", 300, "false", "false", "2020-01-02");
	db_script(pg, "INSERT INTO verdict_seen VALUES ('old', 'c', 1, 1);"
		      "INSERT INTO case_link (notice, alert) SELECT id, 'a'"
		      " FROM notice");
	/* Neither is the default. */
	rules_of("30d", "200d", rules);
	prune = prune_open(&settings);
	/* With the rights of the service, and no more. */
	assert_int_equal(setenv("PGOPTIONS", "-c role=postern_notifier", 1), 0);
	db_ok(prune_round(prune, NULL, &rows, &reason), &reason);
	assert_int_equal(rows, 7); /* five attempts, a notice, an episode */
	assert_int_equal(count(pg, "attempt", "true"), 1);
	assert_int_equal(count(pg, "attempt JOIN notice ON id = notice",
				 "episode = 'fresh'"),
		1);
	assert_int_equal(count(pg, "notice", "true"), 5);
	assert_int_equal(count(pg, "case_link", "true"), 5);
	assert_int_equal(count(pg, "episode", "id <> 'old'"), 5);
	assert_int_equal(count(pg, "episode", "true"), 5);
	assert_int_equal(count(pg, "verdict_seen", "true"), 1);
	db_ok(prune_round(prune, NULL, &rows, &reason), &reason);
	assert_int_equal(rows, 0);
	unsetenv("PGOPTIONS");
	prune_close(&prune);
	pg_close(&pg);
	db_drop(SCHEMA);
}
