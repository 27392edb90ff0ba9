/* SPDX-License-Identifier: Apache-2.0 */
#include "chores.h"

#include "daemon/acls_admin.h"
#include "daemon/topics_admin.h"
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

static int create_acls(
	struct arena *arena, const struct ingest_settings *settings)
{
	struct strbuf out;
	struct reason reason;
	enum status status;

	strbuf_init(&out, 1u << 16);
	status = acls_create(arena, &settings->common, &settings->kafka,
		"ingest", acls, &out, &reason);
	fputs(out.text, stdout);
	strbuf_release(&out);
	return status == OK ? 0 : ingest_refuse(status, &reason);
}

int ingest_switch(
	struct arena *arena, const struct ingest_settings *settings, int which)
{
	if (which == INGEST_CREATE_ACLS)
		return create_acls(arena, settings);
	return topics_main(arena, &settings->common, &settings->kafka,
		which == INGEST_CREATE_TOPICS);
}
