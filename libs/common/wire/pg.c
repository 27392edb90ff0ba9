/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection and the statements run on it. Every wait is ours, with a
 * deadline: a server that is stopped or cut off must not hold a loop for ever,
 * which libpq's blocking calls would.
 */
#include "wire/pg_private.h"

#include "base/bug.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>

#define CONNECT_WAIT (10 * INSTANT_SECOND)
/* Beyond the server's own statement time-out, for its answer to arrive. */
#define ANSWER_GRACE (5 * INSTANT_SECOND)
#define STATEMENTS 512 /* a power of two; statement texts are constants */
#define PLAN_AGE_FIRST INSTANT_SECOND
#define PLAN_AGE_MOST (5 * INSTANT_MINUTE)

struct pg {
	PGconn *conn;
	instant statement_timeout;
	bool lost;
	pg_meanwhile *meanwhile;    /* NULL: nothing to do */
	void *context;              /* of that */
	char *prepared[STATEMENTS]; /* text; its name is the slot's number */
	size_t prepared_count;
	instant plan_again, plan_age; /* monotonic: when; since when then */
};

static void no_notice(void *context, const char *message)
{
	(void)context;
	(void)message;
}

/* True once the socket is ready; false at the deadline (NEVER: none). */
static bool wait_socket(PGconn *conn, short events, instant deadline)
{
	struct pollfd poll_fd = {PQsocket(conn), events, 0};

	for (;;) {
		instant left = deadline == INSTANT_NEVER
				       ? INSTANT_SECOND
				       : deadline - clock_monotonic();
		int ready;

		if (left < 0)
			left = 0;
		if (left > INSTANT_SECOND)
			left = INSTANT_SECOND;
		ready = poll(&poll_fd, 1, (int)((left + 999) / 1000));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
		if (deadline != INSTANT_NEVER && clock_monotonic() >= deadline)
			return false;
	}
}

/* The first line of a message, without the severity that libpq prefixes. */
static void say(struct reason *reterr, const char *state, const char *message)
{
	size_t length = strcspn(message, "\n");

	reason_set(reterr, state && *state ? state : NULL, "PostgreSQL: %.*s",
		(int)length, *message ? message : "connection lost");
}

static enum status connect_wait(PGconn *conn, struct reason *reterr)
{
	instant deadline = clock_monotonic() + CONNECT_WAIT;
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	if (PQstatus(conn) == CONNECTION_BAD)
		return pg_login_failed(conn, reterr);
	while (next != PGRES_POLLING_OK) {
		if (!wait_socket(conn,
			    next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			    deadline)) {
			reason_set(reterr, "postgres",
				"PostgreSQL at %s:%s: no connection within "
				"%d s",
				PQhost(conn), PQport(conn),
				(int)(CONNECT_WAIT / INSTANT_SECOND));
			return RETRY;
		}
		next = PQconnectPoll(conn);
		if (next == PGRES_POLLING_FAILED)
			return pg_login_failed(conn, reterr);
	}
	return OK;
}

/* Said apart from connecting, which calls every failure by one name. */
static enum status check_conninfo(const char *conninfo, struct reason *reterr)
{
	char *message = NULL;
	PQconninfoOption *parsed = PQconninfoParse(conninfo, &message);

	if (parsed) {
		PQconninfoFree(parsed);
		return OK;
	}
	say(reterr, NULL, message ? message : "no memory");
	PQfreemem(message);
	return CONFIG;
}

static enum status set_up(struct pg *pg, const struct pg_settings *settings,
	struct reason *reterr)
{
	char text[600];
	char *schema = NULL;
	enum status status;

	if (settings->schema)
		schema = PQescapeIdentifier(
			pg->conn, settings->schema, strlen(settings->schema));
	snprintf(text, sizeof(text),
		"SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
		"SET bytea_output = 'hex'; SET client_min_messages = 'error';"
		"SET statement_timeout = %lld;"
		"SET idle_in_transaction_session_timeout = %lld;"
		"%s%s",
		(long long)(settings->statement_timeout / 1000),
		(long long)(settings->idle_timeout / 1000),
		schema ? "SET search_path = " : "", schema ? schema : "");
	PQfreemem(schema);
	status = pg_script(pg, text, reterr);
	if (status == OK && settings->statement_timeout)
		pg->statement_timeout = settings->statement_timeout;
	return status;
}

enum status pg_open(const struct pg_settings *settings, struct pg **ret,
	struct reason *reterr)
{
	const char *const names[] = {"dbname", "application_name",
		"client_encoding", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout",
		settings->password ? "password" : NULL, NULL};
	const char *const values[] = {settings->conninfo, settings->name,
		"UTF8", "10", "5", "3", "20000", settings->password, NULL};
	struct pg *pg;
	enum status status;

	MUST(settings->conninfo);
	status = check_conninfo(settings->conninfo, reterr);
	if (status != OK)
		return status;
	pg = memory_new(sizeof(*pg));
	pg->conn = PQconnectStartParams(names, values, 1);
	if (!pg->conn)
		BUG("no memory for a connection");
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(pg->conn, no_notice, NULL);
	status = connect_wait(pg->conn, reterr);
	if (status == OK)
		status = pg_version_check(PQserverVersion(pg->conn), reterr);
	if (status == OK)
		status = set_up(pg, settings, reterr);
	if (status != OK) {
		pg_close(&pg);
		return status;
	}
	*ret = pg;
	return OK;
}

PGconn *pg_conn(struct pg *pg)
{
	return pg->conn;
}

void pg_close(struct pg **pg)
{
	if (!*pg)
		return;
	PQfinish((*pg)->conn);
	for (size_t i = 0; i < STATEMENTS; i++)
		memory_free((*pg)->prepared[i]);
	memory_free(*pg);
	*pg = NULL;
}

bool pg_alive(const struct pg *pg)
{
	return !pg->lost && PQstatus(pg->conn) == CONNECTION_OK;
}

int pg_backend(const struct pg *pg)
{
	return PQbackendPID(pg->conn);
}

static instant answer_deadline(const struct pg *pg)
{
	if (!pg->statement_timeout)
		return INSTANT_NEVER;
	return clock_monotonic() + pg->statement_timeout + ANSWER_GRACE;
}

void pg_set_meanwhile(struct pg *pg, pg_meanwhile *work, void *context)
{
	pg->meanwhile = work;
	pg->context = context;
}

/* Waits for the server, working on something else as long as there is any. */
static bool wait_answer(struct pg *pg, instant deadline)
{
	while (pg->meanwhile && !wait_socket(pg->conn, POLLIN, 0))
		if (!pg->meanwhile(pg->context))
			pg->meanwhile = NULL;
	return wait_socket(pg->conn, POLLIN, deadline);
}

static enum status lost(struct pg *pg, struct reason *reterr, const char *why)
{
	pg->lost = true;
	say(reterr, NULL, why);
	return RETRY;
}

/* What a result means; takes it where it is not wanted. */
static enum status judge_result(
	struct pg *pg, PGresult *result, PGresult **ret, struct reason *reterr)
{
	ExecStatusType got = PQresultStatus(result);
	const char *state;
	const char *message;
	enum status status;

	if (got == PGRES_TUPLES_OK || got == PGRES_COMMAND_OK ||
		got == PGRES_EMPTY_QUERY) {
		PQclear(*ret);
		*ret = result;
		return OK;
	}
	if (got != PGRES_FATAL_ERROR && got != PGRES_BAD_RESPONSE)
		BUG("statement of a kind that is not used here: %s",
			PQresStatus(got));
	state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	say(reterr, state, message ? message : PQresultErrorMessage(result));
	status = pg_state_status(state);
	if (PQstatus(pg->conn) != CONNECTION_OK) {
		pg->lost = true;
		status = RETRY;
	}
	PQclear(result);
	return status;
}

/* Reads all results of what was sent: the last good one, or the first error. */
static enum status collect(struct pg *pg, PGresult **ret, struct reason *reterr)
{
	instant deadline = answer_deadline(pg);
	enum status status = OK;
	struct reason later;

	*ret = NULL;
	for (;;) {
		PGresult *result;

		while (PQisBusy(pg->conn)) {
			if (!wait_answer(pg, deadline)) {
				PQclear(*ret);
				return lost(pg, reterr, "no answer in time");
			}
			if (!PQconsumeInput(pg->conn))
				break;
		}
		result = PQgetResult(pg->conn);
		if (!result)
			break;
		if (status == OK)
			status = judge_result(pg, result, ret, reterr);
		else
			(void)judge_result(pg, result, ret, &later);
	}
	if (status == OK && !*ret)
		return lost(pg, reterr, PQerrorMessage(pg->conn));
	if (status != OK) {
		PQclear(*ret);
		*ret = NULL;
	}
	return status;
}

static enum status sent(struct pg *pg, int done, struct reason *reterr)
{
	return done ? OK : lost(pg, reterr, PQerrorMessage(pg->conn));
}

static size_t slot_of(const struct pg *pg, const char *sql)
{
	uint64_t hash = 14695981039346656037u;
	size_t slot;

	for (const char *c = sql; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	slot = hash % STATEMENTS;
	while (pg->prepared[slot] && strcmp(pg->prepared[slot], sql) != 0)
		slot = (slot + 1) % STATEMENTS;
	return slot;
}

/* Sets `ret_name` to "" where the table is full: run unprepared. */
static enum status prepare(struct pg *pg, const char *sql, char ret_name[16],
	struct reason *reterr)
{
	size_t slot = slot_of(pg, sql);
	PGresult *result;
	enum status status;

	ret_name[0] = '\0';
	if (!pg->prepared[slot] && pg->prepared_count >= STATEMENTS / 2)
		return OK;
	snprintf(ret_name, 16, "s%zu", slot);
	if (pg->prepared[slot])
		return OK;
	status = sent(
		pg, PQsendPrepare(pg->conn, ret_name, sql, 0, NULL), reterr);
	if (status == OK)
		status = collect(pg, &result, reterr);
	if (status != OK)
		return status;
	PQclear(result);
	pg->prepared[slot] = memory_string(sql);
	pg->prepared_count++;
	return OK;
}

static enum status run(struct pg *pg, const char *sql,
	const struct pg_args *args, PGresult **ret, struct reason *reterr)
{
	int count = args ? args->count : 0;
	const char *const *values = args ? args->values : NULL;
	const int *lengths = args ? args->lengths : NULL;
	const int *formats = args ? args->formats : NULL;
	char name[16];
	enum status status;
	int done;

	MUST(pg && sql);
	if (!pg_alive(pg))
		return lost(pg, reterr, "connection lost");
	status = prepare(pg, sql, name, reterr);
	if (status != OK)
		return status;
	if (*name)
		done = PQsendQueryPrepared(
			pg->conn, name, count, values, lengths, formats, 0);
	else
		done = PQsendQueryParams(pg->conn, sql, count, NULL, values,
			lengths, formats, 0);
	status = sent(pg, done, reterr);
	return status == OK ? collect(pg, ret, reterr) : status;
}

enum status pg_run(struct pg *pg, const char *sql, const struct pg_args *args,
	struct pg_rows **ret, struct reason *reterr)
{
	PGresult *result;
	enum status status = run(pg, sql, args, &result, reterr);

	if (status == OK)
		*ret = pg_rows_new(result);
	return status;
}

enum status pg_do(struct pg *pg, const char *sql, const struct pg_args *args,
	int64_t *ret_touched, struct reason *reterr)
{
	PGresult *result;
	enum status status = run(pg, sql, args, &result, reterr);

	if (status != OK)
		return status;
	if (ret_touched)
		*ret_touched = strtoll(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return OK;
}

enum status pg_script(struct pg *pg, const char *sql, struct reason *reterr)
{
	PGresult *result;
	enum status status;

	if (!pg_alive(pg))
		return lost(pg, reterr, "connection lost");
	status = sent(pg, PQsendQuery(pg->conn, sql), reterr);
	if (status == OK)
		status = collect(pg, &result, reterr);
	if (status == OK)
		PQclear(result);
	return status;
}

/* Waits for the server to ask for data; its refusal otherwise. */
static enum status copy_is_open(struct pg *pg, struct reason *reterr)
{
	instant deadline = answer_deadline(pg);
	PGresult *result, *ignored = NULL;
	enum status status;

	while (PQisBusy(pg->conn)) {
		if (!wait_answer(pg, deadline))
			return lost(pg, reterr, "no answer in time");
		if (!PQconsumeInput(pg->conn))
			return lost(pg, reterr, PQerrorMessage(pg->conn));
	}
	result = PQgetResult(pg->conn);
	if (PQresultStatus(result) == PGRES_COPY_IN) {
		PQclear(result);
		return OK;
	}
	if (!result)
		return lost(pg, reterr, PQerrorMessage(pg->conn));
	status = judge_result(pg, result, &ignored, reterr);
	MUST(status != OK);
	while ((result = PQgetResult(pg->conn)))
		PQclear(result);
	return status;
}

#define COPY_PIECE ((size_t)256 << 10)

enum status pg_copy_in(struct pg *pg, const char *sql, const char *bytes,
	size_t size, struct reason *reterr)
{
	PGresult *result;
	enum status status;

	if (!pg_alive(pg))
		return lost(pg, reterr, "connection lost");
	status = sent(pg, PQsendQuery(pg->conn, sql), reterr);
	if (status == OK)
		status = copy_is_open(pg, reterr);
	while (status == OK && size) {
		size_t piece = size < COPY_PIECE ? size : COPY_PIECE;

		status = sent(
			pg, PQputCopyData(pg->conn, bytes, (int)piece), reterr);
		bytes += piece;
		size -= piece;
	}
	if (status == OK)
		status = sent(pg, PQputCopyEnd(pg->conn, NULL), reterr);
	if (status == OK)
		status = collect(pg, &result, reterr);
	if (status == OK)
		PQclear(result);
	return status;
}

/*
 * The server keeps the plan of a prepared statement, made for tables as they
 * were: empty ones in a new database, all of which it goes on reading for each
 * row until statistics come. So plans are made anew at growing intervals.
 */
static bool plans_are_old(struct pg *pg)
{
	instant now = clock_monotonic();

	if (now < pg->plan_again)
		return false;
	pg->plan_age = pg->plan_age ? 2 * pg->plan_age : PLAN_AGE_FIRST;
	if (pg->plan_age > PLAN_AGE_MOST)
		pg->plan_age = PLAN_AGE_MOST;
	pg->plan_again = now + pg->plan_age;
	return true;
}

enum status pg_begin(struct pg *pg, struct reason *reterr)
{
	return pg_script(pg,
		plans_are_old(pg) ? "DISCARD PLANS; BEGIN" : "BEGIN", reterr);
}

/* COMMIT of a failed transaction answers ROLLBACK and no error. */
enum status pg_commit(struct pg *pg, struct reason *reterr)
{
	if (pg_alive(pg) && PQtransactionStatus(pg->conn) == PQTRANS_INERROR) {
		pg_rollback(pg);
		reason_set(reterr, NULL, "the transaction had failed before");
		return RETRY;
	}
	return pg_script(pg, "COMMIT", reterr);
}

void pg_rollback(struct pg *pg)
{
	struct reason reason;

	if (!pg_alive(pg) || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
		return;
	if (pg_script(pg, "ROLLBACK", &reason) != OK)
		pg->lost = true;
}

enum status pg_listen(struct pg *pg, const char *channel, struct reason *reterr)
{
	char *name = PQescapeIdentifier(pg->conn, channel, strlen(channel));
	char text[200];

	snprintf(text, sizeof(text), "LISTEN %s", name ? name : "");
	PQfreemem(name);
	return pg_script(pg, text, reterr);
}

static bool any_notice(struct pg *pg)
{
	PGnotify *notice;
	bool any = false;

	while ((notice = PQnotifies(pg->conn))) {
		PQfreemem(notice);
		any = true;
	}
	return any;
}

enum status pg_wait(struct pg *pg, instant wait, struct reason *reterr)
{
	instant deadline = clock_monotonic() + wait;

	for (;;) {
		if (!pg_alive(pg) || !PQconsumeInput(pg->conn))
			return lost(pg, reterr, PQerrorMessage(pg->conn));
		if (any_notice(pg))
			return OK;
		if (!wait_socket(pg->conn, POLLIN, deadline))
			return IGNORED;
	}
}
