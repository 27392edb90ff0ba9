/* SPDX-License-Identifier: Apache-2.0 */
#include "chores.h"

#include "daemon/broker_chore.h"
#include "files.h"

#include <stdio.h>

/* The privilege paragraph of main.c, as the broker is told of it. */
static const struct acls_row acls[] = {
	{KAFKA_ACL_TOPIC, TOPIC_DELIVERIES, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_DELIVERIES, NULL, KAFKA_ACL_READ},
	{KAFKA_ACL_TOPIC, TOPIC_EVIDENCE, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_REJECTED, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_PARKED, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_GROUP, 0, "-ingest", KAFKA_ACL_READ},
	{.may = -1},
};

enum status ingest_check(
	const struct ingest_settings *settings, struct reason *reterr)
{
	struct httpd_settings httpd = ingest_httpd(settings);
	enum status status =
		files_read(settings->sources, settings->subjects, NULL, reterr);

	return status == OK ? httpd_check(&httpd, reterr) : status;
}

int ingest_refuse(enum status status, const struct reason *reason)
{
	fprintf(stderr, "postern-ingest: %s: %s\n", reason->place,
		reason->sentence);
	return service_exit_code(status);
}

int ingest_switch(
	struct arena *arena, const struct ingest_settings *settings, int which)
{
	static const enum broker_chore chores[] = {
		[INGEST_CREATE_TOPICS] = BROKER_CREATE_TOPICS,
		[INGEST_CHECK_TOPICS] = BROKER_CHECK_TOPICS,
		[INGEST_CREATE_ACLS] = BROKER_CREATE_ACLS};
	const struct broker_chore_settings broker = {
		&settings->common, &settings->kafka, "ingest", acls};
	struct reason reason;
	enum status status =
		broker_chore(arena, &broker, chores[which], &reason);

	return status == OK ? 0 : ingest_refuse(status, &reason);
}
