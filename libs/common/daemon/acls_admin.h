/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --create-acls does: each service knows what it touches on Kafka, and
 * allows that and nothing else to the principal it will log in as. Run by
 * somebody whom the broker lets change ACLs.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "base/strbuf.h"
#include "daemon/settings.h"
#include "model/topics.h"
#include "wire/kafka_acl.h"

/* `name` is NULL for a topic of ours; a leading "-" stands behind the topic
 * prefix ("-ingest": "postern-ingest"). `may` -1 ends a table. */
struct acls_row {
	enum kafka_acl_on on;
	enum topic topic;
	const char *name;
	int may; /* enum kafka_acl_may */
};

/* The principal of the settings, else "User:postern-<service>". */
const char *acls_principal(struct arena *arena,
	const struct common_settings *common, const char *service);
/* A line for each in `out`. RETRY: no broker answered; CONFIG: it refuses. */
enum status acls_create(struct arena *arena,
	const struct common_settings *common,
	const struct kafka_settings *kafka, const char *service,
	const struct acls_row *rows, struct strbuf *out,
	struct reason *reterr) MUST_CHECK;
