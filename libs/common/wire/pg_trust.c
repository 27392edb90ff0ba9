/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_trust.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

/* What is said, else what the environment says; "" for neither. */
static const char *value_of(const PQconninfoOption *rows, const char *keyword)
{
	const char *from;

	for (; rows->keyword; rows++)
		if (strcmp(rows->keyword, keyword) == 0)
			break;
	if (!rows->keyword)
		return "";
	if (rows->val && *rows->val)
		return rows->val;
	from = rows->envvar ? getenv(rows->envvar) : NULL;
	return from ? from : "";
}

static bool is_here(const char *host)
{
	return !*host || *host == '/' || *host == '@' ||
	       strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       strncmp(host, "127.", 4) == 0;
}

bool pg_is_unverified(const char *conninfo, struct reason *ret)
{
	PQconninfoOption *rows = PQconninfoParse(conninfo, NULL);
	const char *host, *mode;
	bool open = false;

	if (!rows)
		return false; /* pg_open says what is wrong with it */
	host = value_of(rows, "hostaddr");
	if (!*host)
		host = value_of(rows, "host");
	mode = value_of(rows, "sslmode");
	if (!is_here(host) && strcmp(mode, "verify-full") != 0) {
		reason_set(ret, "postgres",
			"%s is not verified (sslmode is %s): write "
			"sslmode=verify-full and sslrootcert=FILE",
			host, *mode ? mode : "not set");
		open = true;
	}
	PQconninfoFree(rows);
	return open;
}
