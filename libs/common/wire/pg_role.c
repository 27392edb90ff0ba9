/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pg_private.h"

#include "base/bug.h"

enum status pg_role_password(struct pg *pg, const char *role,
	const char *password, struct reason *reterr)
{
	PGconn *conn = pg_conn(pg);
	char *verifier =
		PQencryptPasswordConn(conn, password, role, "scram-sha-256");
	char *name = PQescapeIdentifier(conn, role, strlen(role));
	char *literal;
	struct strbuf text;
	enum status status;

	if (!verifier || !name)
		BUG("no verifier: %s", PQerrorMessage(conn));
	literal = PQescapeLiteral(conn, verifier, strlen(verifier));
	if (!literal)
		BUG("no literal: %s", PQerrorMessage(conn));
	strbuf_init(&text, 4096);
	strbuf_addf(&text, "ALTER ROLE %s PASSWORD %s", name, literal);
	status = pg_script(pg, text.text, reterr);
	if (status != OK)
		reason_within(reterr, role);
	strbuf_release(&text);
	PQfreemem(literal);
	PQfreemem(name);
	PQfreemem(verifier);
	return status;
}
