/* SPDX-License-Identifier: Apache-2.0 */
#include "suppress.h"

#include "model/subject.h"

enum status suppress_tool(struct arena *arena, const char *tenant,
	const char *source, const char **ret, struct reason *reterr)
{
	return subject_make(
		arena, tenant, SUBJECT_TOOL, "postern", source, ret, reterr);
}

/* 715520 is ours among the kinds of advisory locks. */
static enum status take_turn(struct pg *pg, const struct pg_args *args,
	bool shared, struct reason *reterr)
{
	return pg_do(pg,
		shared ? "SELECT pg_advisory_xact_lock_shared(715520,"
			 " hashtext(current_schema() || $1::text))"
		       : "SELECT pg_advisory_xact_lock(715520,"
			 " hashtext(current_schema() || $1::text))",
		args, NULL, reterr);
}

enum status suppress_find(struct pg *pg, struct arena *arena,
	const char *silence, const char *tool, const char **ret,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, tool);
	status = take_turn(pg, &args, true, reterr);
	pg_text(&args, silence);
	if (status == OK)
		status = pg_run(pg,
			"SELECT subject || ' ' || criterion FROM verdict"
			" WHERE subject = $1 AND criterion = $2"
			" AND verdict = 'fail'",
			&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret = pg_count(rows) ? arena_string(arena, pg_get(rows, 0, 0)) : NULL;
	pg_rows_free(&rows);
	return OK;
}

enum status suppress_wake(struct pg *pg, struct arena *arena, const char *tool,
	struct reason *reterr)
{
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, tool);
	status = take_turn(pg, &args, false, reterr);
	if (status != OK)
		return status;
	/* From its own last change on: nothing but the present is asked. */
	return pg_do(pg,
		"INSERT INTO agenda (criterion, subject, due_at, by_clock)"
		" SELECT criterion, subject, since, false FROM verdict"
		" WHERE silent = $1 AND since IS NOT NULL",
		&args, NULL, reterr);
}
