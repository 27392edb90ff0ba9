/* SPDX-License-Identifier: Apache-2.0 */
/* What the program does but run: read its files, check, migrate, topics. */
#include "chores.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "daemon/broker_chore.h"
#include "daemon/migrate.h"

#include <stdio.h>

enum status notifier_read_files(
	struct notifier *notifier, struct reason *reterr)
{
	const struct notifier_settings *values = &notifier->values;

	if (!values->roles || !values->routes) {
		reason_set(reterr, values->roles ? "routes" : "roles",
			"is required: the path of a file");
		return CONFIG;
	}
	return directory_read(
		values->roles, values->routes, &notifier->directory, reterr);
}

enum status notifier_check(struct notifier *notifier, struct reason *reterr)
{
	enum status status = notifier_read_files(notifier, reterr);
	const struct routes *routes;
	struct strbuf out;

	if (status != OK)
		return status;
	strbuf_init(&out, 1 << 20);
	settings_print(&notifier->program, &out);
	fputs(out.text, stdout);
	strbuf_release(&out);
	routes = notifier->directory->routes;
	for (size_t i = 0; i < routes_sinks(routes); i++) {
		const struct sink_config *sink = routes_sink_at(routes, i);

		for (size_t j = 0; j < sink->url_count; j++)
			printf("would speak to %s (%s) %s\n", sink->name,
				sink->kind->name, sink->urls[j]);
	}
	return OK;
}

static enum status migrate(struct notifier *notifier, struct reason *reterr)
{
	struct pg_settings settings = {.conninfo = notifier->values.postgres,
		.password = notifier->values.postgres_password,
		.name = "notifier migrate",
		.schema = notifier->values.schema};
	const struct migrate_login logins[] = {
		{"postern_notifier", notifier->values.role_password},
		{0},
	};
	int applied = 0;
	enum status status =
		migrate_run(&settings, "notifier", &applied, reterr);

	if (status == OK)
		status = migrate_logins(&settings, logins, reterr);
	if (status == OK)
		log_line(LOG_INFO, "NOTIFIER-MIGRATED",
			LOG_TEXT("schema", notifier->values.schema),
			LOG_NUMBER("applied", applied));
	return status;
}

/* As the privilege paragraph in main.c says. */
static const struct acls_row acls[] = {
	{KAFKA_ACL_TOPIC, TOPIC_VERDICTS, NULL, KAFKA_ACL_READ},
	{KAFKA_ACL_TOPIC, TOPIC_NOTICES, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_PARKED, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TRANSACTION, 0, "-notifier-relay", KAFKA_ACL_WRITE},
	/* Its consumer joins no group, but the library looks for one. */
	{KAFKA_ACL_GROUP, 0, "notifier", KAFKA_ACL_DESCRIBE},
	{.may = -1},
};

enum status notifier_switch(
	struct notifier *notifier, int number, struct reason *reterr)
{
	static const enum broker_chore chores[] = {
		[NOTIFIER_CREATE_TOPICS] = BROKER_CREATE_TOPICS,
		[NOTIFIER_CHECK_TOPICS] = BROKER_CHECK_TOPICS,
		[NOTIFIER_CREATE_ACLS] = BROKER_CREATE_ACLS};
	const struct broker_chore_settings broker = {
		&notifier->values.common, &notifier->kafka, "notifier", acls};

	if (number == NOTIFIER_MIGRATE)
		return migrate(notifier, reterr);
	return broker_chore(notifier->arena, &broker, chores[number], reterr);
}
