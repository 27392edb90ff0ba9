/* SPDX-License-Identifier: Apache-2.0 */
#include "overdue.h"

#include <string.h>

/* Marks below `least` speak of no row that waits. */
static void forget(struct overdue *overdue, int64_t least)
{
	size_t gone = 0;

	while (gone < overdue->count &&
		(!least || overdue->marks[gone].most < least))
		gone++;
	overdue->count -= gone;
	memmove(overdue->marks, overdue->marks + gone,
		overdue->count * sizeof(overdue->marks[0]));
}

/* Full: every second goes, the oldest stays. */
static void thin(struct overdue *overdue)
{
	for (size_t i = 0; i * 2 < overdue->count; i++)
		overdue->marks[i] = overdue->marks[i * 2];
	overdue->count = (overdue->count + 1) / 2;
}

instant overdue_note(
	struct overdue *overdue, int64_t least, int64_t most, instant at)
{
	struct overdue_mark *last;

	forget(overdue, least);
	if (!least)
		return 0;
	last = overdue->count ? &overdue->marks[overdue->count - 1] : NULL;
	if (!last || last->most < most) {
		if (overdue->count == OVERDUE_MARKS)
			thin(overdue);
		overdue->marks[overdue->count++] =
			(struct overdue_mark){most, at};
	}
	return at - overdue->marks[0].at;
}

/* Each from the head of an index. */
static const char sql[] =
	"SELECT coalesce((SELECT max(seq) FROM agenda), 0),"
	" coalesce(least((SELECT seq FROM agenda WHERE criterion = ''"
	" AND not_before <= clock_timestamp() ORDER BY seq LIMIT 1),"
	" (SELECT seq FROM agenda WHERE criterion <> '' AND NOT by_clock"
	" AND not_before <= clock_timestamp() ORDER BY seq LIMIT 1)), 0),"
	" coalesce((SELECT due_at FROM agenda WHERE criterion <> ''"
	" AND by_clock AND not_before <= clock_timestamp()"
	" ORDER BY due_at LIMIT 1), 'infinity')";

enum status overdue_read(struct overdue *overdue, struct pg *pg,
	struct arena *arena, const struct watermark *now, instant *ret,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	instant due, reached = watermark_for_silence(now);
	enum status status;

	pg_args_init(&args, arena);
	status = pg_run(pg, sql, &args, &rows, reterr);
	if (status != OK)
		return status;
	*ret = overdue_note(overdue, pg_get_integer(rows, 0, 1),
		pg_get_integer(rows, 0, 0), clock_monotonic());
	due = pg_get_instant(rows, 0, 2);
	if (due < reached && reached - due > *ret)
		*ret = reached - due;
	pg_rows_free(&rows);
	return OK;
}
