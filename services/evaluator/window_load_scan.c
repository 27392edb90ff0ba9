/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and scans of a subject. */
#include "window_load_private.h"

#include <string.h>

static enum status read_finding(struct window_reading *load,
	const struct pg_rows *rows, size_t i, struct window_finding *ret,
	struct reason *reterr)
{
	const char *detail = pg_get(rows, i, 9);

	ret->key = window_text(load, rows, i, 0);
	ret->vulnerability = window_text(load, rows, i, 1);
	ret->package = window_text(load, rows, i, 2);
	ret->severity = window_text(load, rows, i, 3);
	ret->fixed_version = window_text(load, rows, i, 4);
	ret->source = window_text(load, rows, i, 5);
	ret->target = window_text(load, rows, i, 6);
	ret->from = pg_get_instant(rows, i, 7);
	ret->until = pg_get_instant(rows, i, 8);
	ret->evidence = window_text(load, rows, i, 10);
	ret->since = pg_get_instant(rows, i, 11);
	ret->fixed_since =
		pg_null(rows, i, 12) ? 0 : pg_get_instant(rows, i, 12);
	return json_read(
		load->arena, detail, strlen(detail), &ret->detail, reterr);
}

static enum status take_findings(struct window_reading *load,
	const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->findings;
	struct window_finding *list =
		arena_array(load->arena, count + 1, sizeof(*list));
	enum status status = OK;

	if (count > max) {
		status = window_shorten(load, pg_get_instant(rows, max, 7),
			"findings", max, reterr);
		count = max;
	}
	for (size_t i = 0; i < count && status == OK; i++)
		status = read_finding(load, rows, i, &list[i], reterr);
	load->window->findings = list;
	load->window->finding_count = count;
	return status;
}

/* A row that begins where the one before it ends is the same finding, changed:
 * since when it is open, and has a fix, is read from the whole series. */
#define FINDINGS_SQL                                                           \
	"WITH joined AS (SELECT *,"                                            \
	" lag(valid_until) OVER item = valid_from AS goes_on,"                 \
	" lag(fixed_version) OVER item IS NOT NULL AS was_fixed"               \
	" FROM finding WHERE subject = $1 WINDOW item AS"                      \
	" (PARTITION BY source, target, key ORDER BY valid_from)),"            \
	" series AS (SELECT *, max(valid_from)"                                \
	" FILTER (WHERE goes_on IS NOT TRUE) OVER so_far AS since,"            \
	" max(valid_from) FILTER (WHERE fixed_version IS NOT NULL"             \
	" AND NOT (goes_on IS TRUE AND was_fixed)) OVER so_far"                \
	" AS fixed_since FROM joined WINDOW so_far AS"                         \
	" (PARTITION BY source, target, key ORDER BY valid_from))"             \
	" SELECT key, vulnerability, package, severity, fixed_version,"        \
	" source, target, valid_from, valid_until, detail,"                    \
	" encode(evidence, 'hex'), since,"                                     \
	" CASE WHEN fixed_version IS NOT NULL THEN fixed_since END"            \
	" FROM series WHERE valid_until > $2"                                  \
	" ORDER BY valid_from, key, source, target LIMIT $3"

enum status window_load_findings(
	struct window_reading *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->findings + 1);
	status = pg_run(load->pg, FINDINGS_SQL, &args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_findings(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}

static enum status take_scans(struct window_reading *load,
	const struct pg_rows *rows, struct reason *reterr)
{
	size_t count = pg_count(rows), max = load->limits->evidence;
	struct window_scan *list =
		arena_array(load->arena, count + 1, sizeof(*list));
	enum status status = OK;

	if (count > max) {
		status = window_shorten(load, pg_get_instant(rows, max, 3),
			"scans", max, reterr);
		count = max;
	}
	for (size_t i = 0; i < count; i++)
		list[count - 1 - i] = (struct window_scan){
			.source = window_text(load, rows, i, 0),
			.tool = window_text(load, rows, i, 1),
			.target = window_text(load, rows, i, 2),
			.effective = pg_get_instant(rows, i, 3),
			.evidence = window_text(load, rows, i, 4)};
	load->window->scans = list;
	load->window->scan_count = count;
	return status;
}

/* The newest of each scanner and target before T, and the later ones. */
enum status window_load_scans(
	struct window_reading *load, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, load->arena);
	pg_text(&args, load->window->subject);
	pg_instant(&args, load->window->from);
	pg_integer(&args, (int64_t)load->limits->evidence + 1);
	status = pg_run(load->pg,
		"SELECT source, tool, target, effective_at,"
		" encode(evidence, 'hex') FROM ("
		"(SELECT DISTINCT ON (source, target) * FROM scan"
		" WHERE subject = $1 AND complete AND effective_at <= $2"
		" ORDER BY source, target, effective_at DESC, recorded_at DESC,"
		" evidence DESC) UNION ALL "
		"SELECT * FROM scan WHERE subject = $1 AND complete"
		" AND effective_at > $2) AS s"
		" ORDER BY effective_at, recorded_at, evidence LIMIT $3",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	status = take_scans(load, rows, reterr);
	pg_rows_free(&rows);
	return status;
}
