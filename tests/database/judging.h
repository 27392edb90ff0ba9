/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the judge share: a pack of five criteria, evidence put
 * into the store as intake would put it, and questions about what came out.
 * Time is seconds after BEGAN.
 */
#pragma once

#include "base/testing.h"

#include "judge.h"

#include "database.h"

#include <sys/stat.h>

#define BEGAN ((instant)1577836800 * INSTANT_SECOND) /* 2020-01-01 */
#define REPO "default/repo/example.com/shop"
#define IMAGE                                                                  \
	"default/image/oci/sha256:"                                            \
	"0101010101010101010101010101010101010101010101010101010101010101"
#define SERVICE "default/service/prod/shop"
#define TOOL "default/tool/postern/git"
#define GOOD "default/host/fleet/good"
#define BAD "default/host/fleet/bad"

#define PACK_YAML "pack: tests\nversion: 1.0.0\n"
#define STATE_ROW                                                              \
	"- id: PO.2.1-s\n"                                                     \
	"  sentence: The newest change is good.\n"                             \
	"  subject: repo\n  severity: high\n  role: service-owner\n"           \
	"  rule: state\n  parameters:\n    evidence: change\n"                 \
	"    holds: {field: change.action, equals: good}\n"
#define FRESH_ROW                                                              \
	"- id: PO.2.1-t\n"                                                     \
	"  sentence: A change is at most 100 s old.\n"                         \
	"  subject: repo\n  severity: low\n  role: service-owner\n"            \
	"  rule: freshness\n  parameters: {evidence: change, within: 100s}\n"
#define SILENCE_ROW                                                            \
	"- id: PO.3.2-i\n"                                                     \
	"  sentence: No source is silent.\n"                                   \
	"  subject: tool\n  severity: high\n  role: toolchain-owner\n"         \
	"  rule: silence\n  parameters: {}\n  suppresses: consequences\n"
#define ABORT_ROW                                                              \
	"- id: PO.3.2-x\n"                                                     \
	"  sentence: Judging does not die.\n"                                  \
	"  subject: host\n  severity: low\n  role: platform\n"                 \
	"  rule: aborting\n  parameters: {when: fleet/bad}\n"
#define USED_ROW                                                               \
	"- id: PO.3.2-u\n"                                                     \
	"  sentence: What is in use is scanned.\n"                             \
	"  subject: image\n  in_use_by: <runs\n"                               \
	"  severity: high\n  role: service-owner\n"                            \
	"  rule: freshness\n  parameters: {evidence: scan, within: 7d}\n"

struct bench {
	const char *schema;
	struct pg *pg;
	struct pack *pack;
	struct judge *judge;
	int pieces; /* of evidence put so far: makes ids */
};

static inline struct pack *bench_pack(const char *po21, const char *po32)
{
	char folder[] = "/tmp/judging-XXXXXX", path[100];
	const char *const files[][2] = {{"pack.yaml", PACK_YAML},
		{"PO.2.1.yaml", po21}, {"PO.3.2.yaml", po32}};
	struct reason reason = {0};
	struct pack *pack = NULL;
	enum status status;

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < 3; i++) {
		FILE *file;

		if (!*files[i][1])
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		file = fopen(path, "w");
		assert_non_null(file);
		if (i)
			fprintf(file, "task: %s\ncriteria:\n",
				i == 1 ? "PO.2.1" : "PO.3.2");
		fputs(files[i][1], file);
		fclose(file);
	}
	status = pack_load(folder, &pack, &reason);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		unlink(path);
	}
	rmdir(folder);
	db_ok(status, &reason);
	return pack;
}

static inline struct judge *bench_judge(
	const struct bench *b, const struct pack *pack)
{
	const struct judge_settings settings = {
		.pg = {.conninfo = db_conninfo(),
			.name = "judge",
			.schema = b->schema,
			.statement_timeout = 20 * INSTANT_SECOND,
			.idle_timeout = 20 * INSTANT_SECOND},
		.pack = pack,
		.topic_prefix = "test"};
	struct reason reason = {0};
	struct judge *judge = NULL;

	db_ok(judge_open(&settings, &judge, &reason), &reason);
	return judge;
}

static inline struct bench bench_begin(const char *schema)
{
	struct bench b = {.schema = schema};

	db_fresh(schema, "evaluator");
	b.pg = db_open(schema, "bench");
	db_script(b.pg, "SELECT evidence_partition('2020-01-01')");
	b.pack =
		bench_pack(STATE_ROW FRESH_ROW, SILENCE_ROW ABORT_ROW USED_ROW);
	b.judge = bench_judge(&b, b.pack);
	return b;
}

static inline void bench_end(struct bench *b)
{
	judge_close(&b->judge);
	pack_free(&b->pack);
	pg_close(&b->pg);
	db_drop(b->schema);
}

/* Everything that was put or judged is forgotten. */
static inline void bench_clear(struct bench *b)
{
	db_script(b->pg,
		"TRUNCATE verdict, verdict_history, episode, judging, outbox,"
		" agenda, evidence, evidence_seen, evidence_line,"
		" subject, relation;"
		"UPDATE judge_now SET at = '-infinity',"
		" spool_oldest = 'infinity'");
}

static inline void bench_do(struct bench *b, const char *fmt, ...) PRINTF(2, 3);
static inline void bench_do(struct bench *b, const char *fmt, ...)
{
	char sql[4000];
	va_list list;
	int length;

	va_start(list, fmt);
	length = vsnprintf(sql, sizeof(sql), fmt, list);
	va_end(list);
	assert_in_range(length, 1, sizeof(sql) - 1);
	db_script(b->pg, sql);
}

#define TIME_SQL "timestamptz '2020-01-01 00:00:00Z' + interval '%d seconds'"

/* A subject that was seen at `second`; `labels` is JSON. */
static inline void bench_subject(
	struct bench *b, const char *name, int second, const char *labels)
{
	bench_do(b,
		"INSERT INTO subject (name, kind, tenant, labels, first_seen,"
		" last_seen) VALUES ('%s', split_part('%s', '/', 2),"
		" 'default', '%s', " TIME_SQL ", " TIME_SQL ")"
		" ON CONFLICT (name) DO UPDATE SET labels = excluded.labels,"
		" first_seen = least(subject.first_seen, excluded.first_seen)",
		name, name, labels, second, second);
}

static inline void bench_touch(
	struct bench *b, const char *subject, const char *class, int second)
{
	bench_do(b,
		"INSERT INTO agenda (criterion, subject, class, due_at,"
		" by_clock) VALUES ('', '%s', '%s', " TIME_SQL ", false)",
		subject, class, second);
}

/* What goes with rows "e" of evidence. */
#define KNOWN_SQL                                                              \
	" l AS (INSERT INTO evidence_line SELECT DISTINCT"                     \
	" subject, class, source, kind FROM e ON CONFLICT DO NOTHING)"         \
	" INSERT INTO evidence_seen SELECT id, '', '', adapter, recorded_at"   \
	" FROM e"

/* Evidence of `second`, whose body is `body`; its id is made of all that. */
static inline void bench_put(struct bench *b, const char *subject,
	const char *class, const char *kind, int second, const char *body)
{
	b->pieces++;
	bench_subject(b, subject, second, "{\"service\": \"shop\"}");
	bench_do(b,
		"WITH e AS (INSERT INTO evidence VALUES (sha256('%s %s %d %s'),"
		" " TIME_SQL ", " TIME_SQL ", 'default', '%s', '%s', '%s',"
		" 'git', 'github', 'github/1', 'sha256:' || encode(sha256('"
		"%d'), 'hex'), '\\x00', '{\"%s\": %s}') RETURNING "
		"*)," KNOWN_SQL,
		subject, class, second, body, second, second, class, kind,
		subject, second, class, body);
	bench_touch(b, subject, class, second);
}

static inline void bench_change(
	struct bench *b, const char *subject, int second, const char *action)
{
	char body[100];

	snprintf(body, sizeof(body), "{\"action\": \"%s\"}", action);
	bench_put(b, subject, "change", "push", second, body);
}

static inline void bench_now(struct bench *b, int second)
{
	bench_do(b, "UPDATE judge_now SET at = " TIME_SQL, second);
}

/* Turns until nothing is due. */
static inline void bench_judge_all(struct judge *judge)
{
	size_t done = 1;

	for (int i = 0; done; i++) {
		struct reason reason = {0};

		assert_true(i < 1000);
		db_ok(judge_turn(judge, &done, &reason), &reason);
	}
}

static inline void bench_turn(struct bench *b)
{
	bench_judge_all(b->judge);
}

/* What is true when, of every pair: "criterion subject verdict from-until". */
static inline char *bench_history(struct bench *b)
{
	return db_value(b->pg,
		"SELECT coalesce(string_agg(criterion || ' ' || subject || ' '"
		" || verdict || ' ' || extract(epoch FROM true_from -"
		" '2020-01-01 00:00:00Z')::int || '-' ||"
		" CASE WHEN true_until = 'infinity' THEN 'now' ELSE"
		" extract(epoch FROM true_until - '2020-01-01 00:00:00Z')"
		"::int::text END, ', ' ORDER BY criterion, subject, true_from),"
		" '') FROM verdict_history WHERE known_until = 'infinity'");
}

/* "verdict since" of a pair, with "!" where it is suppressed. */
static inline char *bench_state(
	struct bench *b, const char *criterion, const char *subject)
{
	char sql[1000];

	snprintf(sql, sizeof(sql),
		"SELECT coalesce((SELECT verdict || ' ' || extract(epoch FROM"
		" since - '2020-01-01 00:00:00Z')::int ||"
		" CASE WHEN suppressed_by IS NULL THEN '' ELSE '!' END"
		" FROM state WHERE criterion = '%s' AND subject = '%s'),"
		" 'none')",
		criterion, subject);
	return db_value(b->pg, sql);
}

static inline void bench_expect(struct bench *b, const char *criterion,
	const char *subject, const char *wanted)
{
	char *state = bench_state(b, criterion, subject);

	assert_string_equal(state, wanted);
	memory_free(state);
}

/* What was published of a pair, in order, one word each: verdict, "+" where
 * an episode is open, "-" where one was closed, "!" where it is suppressed. */
static inline char *bench_published(
	struct bench *b, const char *criterion, const char *subject)
{
	char sql[1000];

	snprintf(sql, sizeof(sql),
		"SELECT coalesce(string_agg((v ->> 'verdict') ||"
		" CASE WHEN v -> 'episode' ? 'closed' THEN '-'"
		" WHEN v ? 'episode' THEN '+' ELSE '' END ||"
		" CASE WHEN v ? 'suppressed_by' THEN '!' ELSE '' END, ' '"
		" ORDER BY seq), '') FROM (SELECT seq, convert_from(value,"
		" 'UTF8')::jsonb AS v FROM outbox WHERE topic = 'test.verdicts'"
		" AND convert_from(key, 'UTF8') = '%s %s') AS o",
		subject, criterion);
	return db_value(b->pg, sql);
}

static inline void bench_expect_published(struct bench *b,
	const char *criterion, const char *subject, const char *wanted)
{
	char *published = bench_published(b, criterion, subject);

	assert_string_equal(published, wanted);
	memory_free(published);
}
