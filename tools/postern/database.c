/* SPDX-License-Identifier: Apache-2.0 */
#include "database.h"

enum status database_open(
	const struct command_line *line, struct pg **ret, struct reason *reterr)
{
	const char *schema = command_option(line, "schema");
	const struct pg_settings settings = {
		.conninfo = command_option(line, "postgres"),
		.name = "postern",
		.schema = schema ? schema : "evaluator",
		.statement_timeout = 60 * INSTANT_SECOND};
	enum status status = pg_open(&settings, ret, reterr);

	if (status == OK)
		status = pg_do(*ret,
			"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
			NULL, NULL, reterr);
	if (status != OK && *ret)
		pg_close(ret);
	return status;
}
