/* SPDX-License-Identifier: Apache-2.0 */
/* What the evaluator is told; the table in settings.c is the manual. */
#pragma once

#include "daemon/settings.h"

struct evaluator_settings {
	struct common_settings common;
	const char *postgres;
	const char *postgres_password;
	const char *role_password;
	const char *reader_password;
	const char *schema;
	const char *pack;
	instant lease_time;
	int64_t batch_records;
	int64_t batch_bytes;
	int64_t judges;
	instant retention;
	instant now_patience;
};

enum evaluator_switch {
	EVALUATOR_MIGRATE,
	EVALUATOR_CREATE_TOPICS,
	EVALUATOR_CHECK_TOPICS,
	EVALUATOR_CREATE_ACLS
};
extern const char *const evaluator_switches[];
extern const struct setting evaluator_table[];

#define EVALUATOR_JUDGES_MOST 16
