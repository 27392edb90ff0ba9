/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/lease.h"

#include "base/bug.h"
#include <inttypes.h>
#include <unistd.h>

/* How long a taker waits for a stopped holder's backend to go. */
#define END_WAIT_MS 5000

const char *lease_owner(struct arena *arena)
{
	char host[200] = "";
	uint64_t random;

	if (gethostname(host, sizeof(host) - 1) != 0 || !*host)
		snprintf(host, sizeof(host), "unnamed");
	if (getentropy(&random, sizeof(random)) != 0)
		BUG("the system gives no random bytes");
	return arena_printf(
		arena, "%s/%ld/%016" PRIx64, host, (long)getpid(), random);
}

/* $1 is always the lease time in microseconds, $2 the owner. */
static void holder_args(struct pg_args *args, struct arena *arena,
	const struct lease_holder *holder)
{
	MUST(holder && holder->owner && holder->time > 0);
	pg_args_init(args, arena);
	pg_integer(args, holder->time);
	pg_text(args, holder->owner);
}

enum status lease_enrol(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, int64_t *ret_members, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	holder_args(&args, arena, holder);
	status = pg_do(pg,
		"INSERT INTO member (owner, expires_at) VALUES ($2,"
		" clock_timestamp() + $1::bigint * interval '1 microsecond')"
		" ON CONFLICT (owner) DO UPDATE"
		" SET expires_at = excluded.expires_at",
		&args, NULL, reterr);
	if (status != OK)
		return status;
	/* The rows of the long dead go, so that the table stays small. */
	status = pg_do(pg,
		"DELETE FROM member WHERE expires_at"
		" < clock_timestamp() - interval '1 day'",
		NULL, NULL, reterr);
	if (status != OK)
		return status;
	status = pg_run(pg,
		"SELECT count(*) FROM member"
		" WHERE expires_at > clock_timestamp()",
		NULL, &rows, reterr);
	if (status != OK)
		return status;
	*ret_members = pg_get_integer(rows, 0, 0);
	pg_rows_free(&rows);
	return OK;
}

enum status lease_leave(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, arena);
	pg_text(&args, holder->owner);
	return pg_do(
		pg, "DELETE FROM member WHERE owner = $1", &args, NULL, reterr);
}

struct lease_row {
	int64_t epoch;
	bool held; /* by somebody whose time is not over */
	bool ours; /* on this very connection */
	bool mine; /* by this process, on whatever connection */
};

static enum status lease_read(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, struct lease_row *ret,
	struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, name);
	status = pg_do(pg,
		"INSERT INTO lease (name) SELECT $1 WHERE NOT EXISTS"
		" (SELECT 1 FROM lease WHERE name = $1)"
		" ON CONFLICT DO NOTHING",
		&args, NULL, reterr);
	if (status != OK)
		return status;
	pg_text(&args, holder->owner);
	status = pg_run(pg,
		"SELECT epoch, expires_at > clock_timestamp(),"
		" owner IS NOT DISTINCT FROM $2,"
		" backend_pid IS NOT DISTINCT FROM pg_backend_pid()"
		" FROM lease WHERE name = $1",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	ret->epoch = pg_get_integer(rows, 0, 0);
	ret->held = pg_get_bool(rows, 0, 1);
	ret->mine = pg_get_bool(rows, 0, 2);
	ret->ours = ret->held && ret->mine && pg_get_bool(rows, 0, 3);
	pg_rows_free(&rows);
	return OK;
}

/*
 * Ends the backend that the row names, if it is still the one that took the
 * lease. It may hold locks on rows we are about to write, the lease's own
 * among them, so this comes first and locks nothing.
 */
static enum status end_holder(struct pg *pg, struct arena *arena,
	const char *name, int64_t epoch, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, name);
	pg_integer(&args, epoch);
	pg_integer(&args, END_WAIT_MS);
	status = pg_run(pg,
		"SELECT pg_terminate_backend(a.pid, $3) FROM lease l"
		" JOIN pg_stat_activity a ON a.pid = l.backend_pid"
		" AND a.backend_start = l.backend_start"
		" WHERE l.name = $1 AND l.epoch = $2"
		" AND a.pid <> pg_backend_pid()",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	if (pg_count(rows) && !pg_get_bool(rows, 0, 0)) {
		reason_set(reterr, name,
			"the last holder's backend did not end in %d ms",
			END_WAIT_MS);
		status = RETRY;
	}
	pg_rows_free(&rows);
	return status;
}

static enum status raise_epoch(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t epoch,
	int64_t *ret_epoch, struct reason *reterr)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	holder_args(&args, arena, holder);
	pg_text(&args, name);
	pg_integer(&args, epoch);
	status = pg_do(pg,
		"UPDATE lease SET owner = $2, epoch = epoch + 1,"
		" expires_at = clock_timestamp()"
		" + $1::bigint * interval '1 microsecond',"
		" backend_pid = pg_backend_pid(), backend_start ="
		" (SELECT backend_start FROM pg_stat_activity"
		" WHERE pid = pg_backend_pid())"
		" WHERE name = $3 AND epoch = $4",
		&args, &touched, reterr);
	if (status != OK)
		return status;
	if (!touched)
		return IGNORED; /* another taker was quicker */
	*ret_epoch = epoch + 1;
	return OK;
}

enum status lease_take(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t *ret_epoch,
	struct reason *reterr)
{
	struct lease_row row;
	enum status status = lease_read(pg, holder, arena, name, &row, reterr);

	if (status != OK)
		return status;
	if (row.ours) {
		status =
			lease_renew(pg, holder, arena, name, row.epoch, reterr);
		if (status == OK)
			*ret_epoch = row.epoch;
		return status == REJECT ? IGNORED : status;
	}
	if (row.held && !row.mine)
		return IGNORED;
	status = end_holder(pg, arena, name, row.epoch, reterr);
	if (status != OK)
		return status;
	return raise_epoch(
		pg, holder, arena, name, row.epoch, ret_epoch, reterr);
}

static enum status fenced(const char *name, struct reason *reterr)
{
	reason_set(reterr, name, "the lease is somebody else's by now");
	return REJECT;
}

enum status lease_renew(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t epoch,
	struct reason *reterr)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	holder_args(&args, arena, holder);
	pg_text(&args, name);
	pg_integer(&args, epoch);
	status = pg_do(pg,
		"UPDATE lease SET expires_at = clock_timestamp()"
		" + $1::bigint * interval '1 microsecond'"
		" WHERE name = $3 AND owner = $2 AND epoch = $4",
		&args, &touched, reterr);
	if (status != OK)
		return status;
	return touched ? OK : fenced(name, reterr);
}

enum status lease_release(struct pg *pg, const struct lease_holder *holder,
	struct arena *arena, const char *name, int64_t epoch,
	struct reason *reterr)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, name);
	pg_text(&args, holder->owner);
	pg_integer(&args, epoch);
	status = pg_do(pg,
		"UPDATE lease SET owner = NULL, expires_at = '-infinity',"
		" backend_pid = NULL, backend_start = NULL"
		" WHERE name = $1 AND owner = $2 AND epoch = $3",
		&args, &touched, reterr);
	if (status != OK)
		return status;
	return touched ? OK : fenced(name, reterr);
}

/* FOR SHARE conflicts with the taker's UPDATE, FOR KEY SHARE would not. */
enum status lease_guard(struct pg *pg, struct arena *arena, const char *name,
	int64_t epoch, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;
	bool ours;

	pg_args_init(&args, arena);
	pg_text(&args, name);
	pg_integer(&args, epoch);
	status = pg_run(pg,
		"SELECT 1 FROM lease WHERE name = $1 AND epoch = $2"
		" FOR SHARE",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	ours = pg_count(rows) > 0;
	pg_rows_free(&rows);
	return ours ? OK : fenced(name, reterr);
}
