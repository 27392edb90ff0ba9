/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a login failed, and what to do. The library gives a state only inside its
 * verbose message ("FATAL:  28P01: password ..."), and none for what TLS finds;
 * its texts are English as long as nobody calls setlocale, and we don't.
 */
#include "wire/pg_private.h"

#include <string.h>

struct hint {
	const char *mark; /* a state's beginning, or words of the message */
	const char *what_to_do;
};

static const struct hint states[] = {
	{"28P01", "is the password in postgres (postgres-file) the role's?"},
	{"28000", "is there such a role, and does pg_hba.conf let it in so?"},
	{"3D000", "make the database, or name another in postgres"},
	{"42501", "grant the role CONNECT on the database"},
	{"", "look at the server's log"},
};

/* What no later try will mend. */
static const struct hint texts[] = {
	{"does not match host name",
		"name the server in postgres as its certificate does"},
	{"certificate verify failed",
		"its certificate has expired, or leads to no authority in "
		"sslrootcert"},
	{"root certificate file", "name the authority's file by sslrootcert"},
	{"does not support SSL",
		"set ssl=on on the server, or say sslmode=disable"},
	{"alert", "it refuses the certificate in sslcert, or wants one: is it "
		  "there, valid, and from an authority that the server "
		  "trusts?"},
	{"private key file", "is sslkey the file of sslcert's key, and its "
			     "owner's alone (mode 0600)?"},
	{"certificate file", "is sslcert a PEM file that we may read?"},
	{"no password supplied", "give one by postgres-file, or passfile="},
	{NULL, NULL},
};

static void state_of(const char *message, char state[6])
{
	const char *at = strstr(message, ":  ");

	state[0] = '\0';
	if (!at || strlen(at) < 9 || at[8] != ':')
		return;
	for (int i = 0; i < 5; i++) {
		char c = at[3 + i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z'))
			return;
	}
	memcpy(state, at + 3, 5);
	state[5] = '\0';
}

/* The first line, behind what says where and how bad. */
static const char *words_of(
	const char *message, const char *state, size_t *ret_length)
{
	const char *from = message, *next;

	next = strstr(from, " failed: ");
	if (next)
		from = next + 9;
	if (*state) {
		next = strstr(from, state);
		if (next)
			from = next + 5 + strspn(next + 5, ": ");
	}
	*ret_length = strcspn(from, "\n");
	return from;
}

static const char *or_none(const char *text, const char *otherwise)
{
	return text && *text ? text : otherwise;
}

static void say(PGconn *conn, const char *message, const char *state,
	const char *what_to_do, struct reason *reterr)
{
	size_t length;
	const char *words = words_of(message, state, &length);

	reason_set(reterr, *state ? state : "postgres",
		"PostgreSQL at %s:%s, role %s, database %s: %.*s%s%s",
		or_none(PQhost(conn), "?"), or_none(PQport(conn), "5432"),
		or_none(PQuser(conn), "?"), or_none(PQdb(conn), "?"),
		(int)length, *words ? words : "no connection",
		what_to_do ? ": " : "", what_to_do ? what_to_do : "");
}

static const char *state_hint(const char *state)
{
	const struct hint *row = states;

	while (strncmp(state, row->mark, strlen(row->mark)) != 0)
		row++;
	return row->what_to_do;
}

enum status pg_login_failed(PGconn *conn, struct reason *reterr)
{
	const char *message = PQerrorMessage(conn);
	char state[6];
	enum status status;

	state_of(message, state);
	status = pg_state_status(state);
	if (*state) {
		say(conn, message, state,
			status == CONFIG ? state_hint(state) : NULL, reterr);
		return status;
	}
	for (const struct hint *row = texts; row->mark; row++)
		if (strstr(message, row->mark)) {
			say(conn, message, "", row->what_to_do, reterr);
			return CONFIG;
		}
	say(conn, message, "", NULL, reterr);
	return PQconnectionNeedsPassword(conn) ? CONFIG : RETRY;
}
