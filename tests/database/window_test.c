/* SPDX-License-Identifier: Apache-2.0 */
/* What window_load.c gives a rule, against rows laid down by hand. */
#include "base/testing.h"

#include "window_load.h"

#include "database.h"

#define IMAGE "default/image/oci/sha256:aa"
#define SHOP "default/service/prod/shop"
#define REPO "default/repo/example.com/shop"
#define BEGAN ((instant)1577836800 * INSTANT_SECOND) /* 2020-01-01 */
#define AT(seconds) (BEGAN + (seconds)*INSTANT_SECOND)

struct fixture {
	struct pg *pg;
	struct arena *arena;
	struct criterion criterion;
	struct window window;
	instant until;
};

static void begin(struct fixture *f, const char *schema)
{
	memset(f, 0, sizeof(*f));
	db_fresh(schema, "evaluator");
	f->pg = db_open(schema, "window");
	f->arena = arena_new(64 << 20);
	f->criterion.id = "PO.3.2-x";
	db_script(f->pg, "SELECT evidence_partition('2020-01-01')");
}

static void end(struct fixture *f, const char *schema)
{
	arena_free(&f->arena);
	pg_close(&f->pg);
	db_drop(schema);
}

static void load(struct fixture *f, const char *subject, instant from)
{
	struct reason reason = {0};

	db_script(f->pg, "BEGIN");
	db_ok(window_load(f->pg, f->arena, &f->criterion, subject, from,
		      &window_limits_usual, &f->window, &f->until, &reason),
		&reason);
	db_script(f->pg, "COMMIT");
}

/* Seconds after BEGAN; `until` NULL: still open. */
static void finding(struct fixture *f, const char *key, int from,
	const char *until, const char *severity, const char *fixed)
{
	char sql[600];

	snprintf(sql, sizeof(sql),
		"INSERT INTO finding (subject, source, target, key, "
		"valid_from, valid_until, vulnerability, package, severity, "
		"fixed_version, evidence) VALUES ('" IMAGE "', 'trivy', '', "
		"'%s', timestamptz '2020-01-01Z' + interval '%d s', "
		"coalesce(timestamptz '2020-01-01Z' + interval '1 s' * %s, "
		"'infinity'), '%s', 'pkg', '%s', %s, '\\x01')",
		key, from, until ? until : "NULL::int", key, severity, fixed);
	db_script(f->pg, sql);
}

static const struct window_finding *found(
	const struct fixture *f, const char *key, instant from)
{
	for (size_t i = 0; i < f->window.finding_count; i++)
		if (strcmp(f->window.findings[i].key, key) == 0 &&
			f->window.findings[i].from == from)
			return &f->window.findings[i];
	fail_msg("no finding %s", key);
	return NULL;
}

static void test_window__a_changed_finding_is_open_since_it_began(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "window_finding");
	f.criterion.needs.findings = true;
	/* Gone, come back, worse, fixable, worse still. */
	finding(&f, "a", 10, "20", "low", "NULL");
	finding(&f, "a", 30, "40", "low", "NULL");
	finding(&f, "a", 40, "50", "high", "NULL");
	finding(&f, "a", 50, "60", "high", "'2.0'");
	finding(&f, "a", 60, NULL, "critical", "'2.1'");
	/* Had a fix, lost it, has one again. */
	finding(&f, "b", 10, "20", "low", "'1'");
	finding(&f, "b", 20, "30", "low", "NULL");
	finding(&f, "b", 30, NULL, "low", "'2'");
	finding(&f, "c", 5, NULL, "low", "NULL");
	load(&f, IMAGE, AT(45));
	assert_int_equal(f.window.finding_count, 5);
	assert_int_equal(found(&f, "a", AT(40))->since, AT(30));
	assert_int_equal(found(&f, "a", AT(40))->fixed_since, 0);
	assert_int_equal(found(&f, "a", AT(50))->since, AT(30));
	assert_int_equal(found(&f, "a", AT(50))->fixed_since, AT(50));
	assert_int_equal(found(&f, "a", AT(60))->since, AT(30));
	assert_int_equal(found(&f, "a", AT(60))->fixed_since, AT(50));
	assert_int_equal(found(&f, "b", AT(30))->since, AT(10));
	assert_int_equal(found(&f, "b", AT(30))->fixed_since, AT(30));
	assert_int_equal(found(&f, "c", AT(5))->since, AT(5));
	assert_int_equal(found(&f, "c", AT(5))->fixed_since, 0);
	end(&f, "window_finding");
}

static void evidence(struct fixture *f, int number, int at, const char *class,
	const char *kind, const char *subject)
{
	char sql[900];

	snprintf(sql, sizeof(sql),
		"INSERT INTO evidence (id, recorded_at, effective_at, tenant, "
		"class, kind, subject, source, tool, adapter, "
		"delivery_digest, leaf, data) VALUES (decode('%02d', 'hex'), "
		"timestamptz '2020-01-01Z' + interval '%d s', timestamptz "
		"'2020-01-01Z' + interval '%d s', 'default', '%s', '%s', "
		"'%s', 's', 't', 't/1', 'sha256:', '\\x00', '{}');"
		"INSERT INTO evidence_line VALUES ('%s', '%s', 's', '%s')"
		" ON CONFLICT DO NOTHING",
		number, at, at, class, kind, subject, subject, class, kind);
	db_script(f->pg, sql);
}

static void assert_ids(const struct fixture *f, const char *wanted)
{
	char text[200] = "";

	for (size_t i = 0; i < f->window.evidence_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			"%s%s", i ? " " : "", f->window.evidence[i].id);
	assert_string_equal(text, wanted);
}

static void test_window__holds_what_needs_asks_for(void **state)
{
	static const char *const relations[] = {"built-from", NULL};
	struct fixture f;

	(void)state;
	begin(&f, "window_evidence");
	f.criterion.needs = (struct window_needs){
		.own_classes = 1u << CLASS_DEPLOYMENT,
		.relations = relations,
		.neighbour_classes = 1u << CLASS_CHANGE,
		.back = 50 * INSTANT_SECOND,
		.own_back = 20 * INSTANT_SECOND,
	};
	db_script(f.pg,
		"INSERT INTO relation (subject, relation, other, valid_from, "
		"evidence) VALUES ('" SHOP "', 'built-from', '" REPO
		"', '2020-01-01Z', '\\x01')");
	for (int at = 10; at <= 90; at += 20) {
		evidence(&f, at, at, "deployment", "sync", SHOP);
		evidence(&f, at + 5, at + 5, "change", "push", REPO);
	}
	evidence(&f, 1, 1, "change", "review", REPO);
	evidence(&f, 2, 2, "change", "review", REPO);
	evidence(&f, 3, 3, "scan", "report", SHOP);
	load(&f, SHOP, AT(80));
	/* Own from 60 on and the newest before; the repository's from 30 on
	 * and of each kind the newest before. */
	assert_ids(&f, "95 90 75 70 55 50 35 15 02");
	f.criterion.needs.own_back = 0;
	load(&f, SHOP, AT(80));
	assert_ids(&f, "95 90 75 70 55 50 35 30 15 02");
	end(&f, "window_evidence");
}
