/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceiling that the evaluator's intake is measured against: libpq and
 * nothing else, doing what any exactly-once consumer must do per batch: state
 * by UNNEST, evidence by COPY, the offset under its epoch, one commit. The
 * statements are fixed here, so that slow SQL of ours cannot lower the bar.
 *
 * usage: database CONNINFO ROWS BATCH     prints rows per second
 */
#include <libpq-fe.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS 20000
#define ROW_TEXT 700

static PGconn *pg;

static void die(const char *what)
{
	fprintf(stderr, "database: %s: %s", what, PQerrorMessage(pg));
	exit(1);
}

static void run(const char *sql)
{
	PGresult *result = PQexec(pg, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		die(sql);
	PQclear(result);
}

static void make_tables(void)
{
	run("SET client_min_messages = warning");
	run("DROP SCHEMA IF EXISTS bench_bare CASCADE");
	run("CREATE SCHEMA bench_bare");
	run("SET search_path = bench_bare");
	run("CREATE TABLE state (subject text, criterion text, verdict "
	    "smallint,"
	    " hash text, at timestamptz, detail jsonb,"
	    " PRIMARY KEY (subject, criterion))");
	run("CREATE TABLE evidence (id text, at timestamptz, data text)");
	run("CREATE TABLE place (part int PRIMARY KEY, epoch bigint,"
	    " next bigint)");
	run("INSERT INTO place VALUES (0, 1, 0)");
}

/* What a row holds besides its key; about 330 bytes. */
static const char detail[] =
	"{\\\"artifact\\\": \\\"registry.example/shop/payments\\\", "
	"\\\"counts\\\": {\\\"critical\\\": 0, \\\"high\\\": 3}, "
	"\\\"note\\\": \\\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij\\\"}";

struct arrays {
	char *text[6];
	size_t used[6], room;
};

static void add(struct arrays *arrays, int column, const char *text)
{
	size_t n = strlen(text);

	if (arrays->used[column] + n + 1 > arrays->room)
		abort();
	memcpy(arrays->text[column] + arrays->used[column], text, n + 1);
	arrays->used[column] += n;
}

static void fill(struct arrays *arrays, long first, long count)
{
	char text[ROW_TEXT];

	for (int i = 0; i < 6; i++) {
		arrays->used[i] = 0;
		add(arrays, i, "{");
	}
	for (long i = 0; i < count; i++) {
		const char *comma = i ? "," : "";

		snprintf(text, sizeof(text), "%sdefault/image/oci/%ld", comma,
			(first + i) % KEYS);
		add(arrays, 0, text);
		snprintf(text, sizeof(text), "%sPO.3.2-a", comma);
		add(arrays, 1, text);
		snprintf(text, sizeof(text), "%s%ld", comma, (first + i) % 7);
		add(arrays, 2, text);
		snprintf(text, sizeof(text), "%s%064lx", comma, first + i);
		add(arrays, 3, text);
		snprintf(text, sizeof(text), "%s2026-11-24T08:00:00Z", comma);
		add(arrays, 4, text);
		snprintf(text, sizeof(text), "%s\"%s\"", comma, detail);
		add(arrays, 5, text);
	}
	for (int i = 0; i < 6; i++)
		add(arrays, i, "}");
}

static void copy_evidence(long first, long count)
{
	char text[ROW_TEXT];
	PGresult *result = PQexec(pg, "COPY evidence FROM STDIN");

	if (PQresultStatus(result) != PGRES_COPY_IN)
		die("COPY");
	PQclear(result);
	for (long i = 0; i < count; i++) {
		int n = snprintf(text, sizeof(text),
			"%064lx\t2026-11-24T08:00:00Z\t%s\n", first + i,
			"{'artifact': 'registry.example/shop/payments',"
			" 'pad': 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"
			"qrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnop"
			"qrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnop"
			"qrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmno'"
			"}");

		if (PQputCopyData(pg, text, n) != 1)
			die("COPY data");
	}
	if (PQputCopyEnd(pg, NULL) != 1)
		die("COPY end");
	while ((result = PQgetResult(pg))) {
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			die("COPY result");
		PQclear(result);
	}
}

static void execute(const char *name, int count, const char *const *values)
{
	PGresult *result =
		PQexecPrepared(pg, name, count, values, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die(name);
	if (strcmp(name, "place") == 0 && strcmp(PQcmdTuples(result), "1") != 0)
		die("fenced");
	PQclear(result);
}

static void prepare(const char *name, const char *sql)
{
	PGresult *result = PQprepare(pg, name, sql, 0, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die(name);
	PQclear(result);
}

static void batch(struct arrays *arrays, long first, long count)
{
	char from[32], next[32];
	const char *place[] = {next, from};
	const char *state[6];

	snprintf(from, sizeof(from), "%ld", first);
	snprintf(next, sizeof(next), "%ld", first + count);
	fill(arrays, first, count);
	for (int i = 0; i < 6; i++)
		state[i] = arrays->text[i];
	run("BEGIN");
	execute("place", 2, place);
	execute("state", 6, state);
	copy_evidence(first, count);
	run("COMMIT");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct arrays arrays = {0};
	long rows = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	long size = argc > 3 ? strtol(argv[3], NULL, 10) : 500;
	double start;

	if (argc < 3 || rows <= 0 || size <= 0) {
		fprintf(stderr, "usage: database CONNINFO ROWS [BATCH]\n");
		return 2;
	}
	pg = PQconnectdb(argv[1]);
	if (PQstatus(pg) != CONNECTION_OK)
		die("connect");
	make_tables();
	prepare("place", "UPDATE place SET next = $1 WHERE part = 0"
			 " AND epoch = 1 AND next = $2");
	prepare("state",
		"INSERT INTO state SELECT * FROM unnest($1::text[], $2::text[],"
		" $3::smallint[], $4::text[], $5::timestamptz[], $6::jsonb[])"
		" ON CONFLICT (subject, criterion) DO UPDATE SET"
		" verdict = excluded.verdict, hash = excluded.hash,"
		" at = excluded.at, detail = excluded.detail");
	arrays.room = (size_t)size * ROW_TEXT + 16;
	for (int i = 0; i < 6; i++) {
		arrays.text[i] = malloc(arrays.room);
		if (!arrays.text[i])
			abort();
	}
	start = seconds();
	for (long at = 0; at < rows; at += size)
		batch(&arrays, at, rows - at < size ? rows - at : size);
	printf("%.0f\n", (double)rows / (seconds() - start));
	run("DROP SCHEMA bench_bare CASCADE");
	PQfinish(pg);
	for (int i = 0; i < 6; i++)
		free(arrays.text[i]);
	return 0;
}
