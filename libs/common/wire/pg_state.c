/* SPDX-License-Identifier: Apache-2.0 */
/* SQL states sorted into our consequences; the first row that begins a state
 * decides. */
#include "wire/pg_private.h"

#define OLDEST 150000

static const struct {
	const char *begins;
	enum status status;
} consequences[] = {
	{"08", RETRY},     /* connection */
	{"21", REJECT},    /* one row touched twice */
	{"22", REJECT},    /* data */
	{"23", REJECT},    /* constraint */
	{"25", RETRY},     /* idle in transaction, read-only after a failover */
	{"40", RETRY},     /* serialisation, deadlock */
	{"53", RETRY},     /* out of memory, disk, connections */
	{"54", REJECT},    /* too large for an index or a row */
	{"55", RETRY},     /* lock not available, object in use */
	{"57", RETRY},     /* cancelled, shutting down, starting up */
	{"58", RETRY},     /* the server's system calls */
	{"XX", RETRY},     /* internal: a new connection may help */
	{"P0001", REJECT}, /* raised by one of our functions about data */
};

/* 15: what the schema's statements were written and are tested for. */
enum status pg_version_check(int version, struct reason *reterr)
{
	if (version >= OLDEST)
		return OK;
	reason_set(reterr, "PostgreSQL",
		"the server is version %d.%d, older than %d: upgrade it",
		version / 10000, version % 10000, OLDEST / 10000);
	return CONFIG;
}

enum status pg_state_status(const char *state)
{
	if (!state || !*state)
		return RETRY;
	for (size_t i = 0; i < sizeof(consequences) / sizeof(*consequences);
		i++) {
		const char *begins = consequences[i].begins;

		if (strncmp(state, begins, strlen(begins)) == 0)
			return consequences[i].status;
	}
	return CONFIG;
}
