/* SPDX-License-Identifier: Apache-2.0 */
/* How commands reach the evaluator's database: to read, nothing else. */
#pragma once

#include "command.h"
#include "wire/pg.h"

/* Rows of a command that reads the database; append them to its options. */
#define DATABASE_OPTIONS                                                       \
	{"postgres", .required = true, .value = "CONNINFO",                    \
		.env = "POSTERN_POSTGRES",                                     \
		.sentence = "database, as libpq takes it; role "               \
			    "postern_reader will do"},                         \
	{                                                                      \
		"schema", .value = "NAME",                                     \
			  .sentence = "the evaluator's schema; evaluator if "  \
				      "absent"                                 \
	}

/* A session that refuses to write. RETRY where the server is away. */
enum status database_open(const struct command_line *line, struct pg **ret,
	struct reason *reterr) MUST_CHECK;
