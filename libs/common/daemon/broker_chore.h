/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --create-topics, --check-topics and --create-acls as every service has them:
 * one call does it and prints on standard output what was done or found.
 */
#pragma once

#include "daemon/acls_admin.h"
#include "daemon/topics_admin.h"

enum broker_chore {
	BROKER_CREATE_TOPICS,
	BROKER_CHECK_TOPICS,
	BROKER_CREATE_ACLS
};

struct broker_chore_settings {
	const struct common_settings *common;
	const struct kafka_settings *kafka;
	const char *service;
	const struct acls_row *acls;
};
/* As topics_create, topics_check and acls_create; waits for a broker that is
 * just coming up. Whoever says why it failed does so after what was printed. */
enum status broker_chore(struct arena *arena,
	const struct broker_chore_settings *settings, enum broker_chore which,
	struct reason *reterr) MUST_CHECK;
