/* SPDX-License-Identifier: Apache-2.0 */
#include "chores.h"

#include "base/log.h"
#include "base/stamp.h"
#include "base/strbuf.h"
#include "daemon/broker_chore.h"
#include "daemon/migrate.h"
#include "wire/pg_trust.h"

#include <stdio.h>

#define DATABASE_WAIT (8 * INSTANT_SECOND)
#define STATEMENT_MOST (30 * INSTANT_SECOND)

enum status evaluator_read_files(
	struct evaluator *evaluator, struct reason *reterr)
{
	if (!evaluator->values.pack) {
		reason_set(reterr, "pack", "is required: a folder of criteria");
		return CONFIG;
	}
	evaluator->stamp = stamp_add_folder(STAMP_NONE, evaluator->values.pack);
	return pack_load(evaluator->values.pack, &evaluator->pack, reterr);
}

enum status evaluator_check(struct evaluator *evaluator, struct reason *reterr)
{
	enum status status = evaluator_read_files(evaluator, reterr);
	struct strbuf out;

	if (status != OK)
		return status;
	strbuf_init(&out, 1 << 20);
	settings_print(&evaluator->program, &out);
	fputs(out.text, stdout);
	strbuf_release(&out);
	printf("would judge by pack %s %s (%s), %zu criteria:\n",
		pack_name(evaluator->pack), pack_version(evaluator->pack),
		pack_digest(evaluator->pack), pack_count(evaluator->pack));
	for (size_t i = 0; i < pack_count(evaluator->pack); i++) {
		const struct criterion *criterion = pack_at(evaluator->pack, i);

		printf("  %s %s: %s\n", criterion->id,
			subject_kind_name(criterion->subject),
			criterion->sentence);
	}
	return OK;
}

static enum status migrate(struct evaluator *evaluator, struct reason *reterr)
{
	struct pg_settings settings = {.conninfo = evaluator->values.postgres,
		.password = evaluator->values.postgres_password,
		.name = "evaluator migrate",
		.schema = evaluator->values.schema};
	const struct migrate_login logins[] = {
		{"postern_evaluator", evaluator->values.role_password},
		{"postern_reader", evaluator->values.reader_password},
		{0},
	};
	int applied = 0;
	enum status status =
		migrate_run(&settings, "evaluator", &applied, reterr);

	if (status == OK)
		status = migrate_logins(&settings, logins, reterr);
	if (status == OK)
		log_line(LOG_INFO, "EVALUATOR-MIGRATED",
			LOG_TEXT("schema", evaluator->values.schema),
			LOG_NUMBER("applied", applied));
	return status;
}

/* As the privilege paragraph in main.c says. */
static const struct acls_row acls[] = {
	{KAFKA_ACL_TOPIC, TOPIC_EVIDENCE, NULL, KAFKA_ACL_READ},
	{KAFKA_ACL_TOPIC, TOPIC_VERDICTS, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_STATE, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TOPIC, TOPIC_PARKED, NULL, KAFKA_ACL_WRITE},
	{KAFKA_ACL_TRANSACTION, 0, "-evaluator-relay", KAFKA_ACL_WRITE},
	/* Its consumer joins no group, but the library looks for one. */
	{KAFKA_ACL_GROUP, 0, "evaluator", KAFKA_ACL_DESCRIBE},
	{.may = -1},
};

enum status evaluator_switch(
	struct evaluator *evaluator, int number, struct reason *reterr)
{
	static const enum broker_chore chores[] = {
		[EVALUATOR_CREATE_TOPICS] = BROKER_CREATE_TOPICS,
		[EVALUATOR_CHECK_TOPICS] = BROKER_CHECK_TOPICS,
		[EVALUATOR_CREATE_ACLS] = BROKER_CREATE_ACLS};
	const struct broker_chore_settings broker = {&evaluator->values.common,
		&evaluator->kafka, "evaluator", acls};

	if (number == EVALUATOR_MIGRATE)
		return migrate(evaluator, reterr);
	return broker_chore(evaluator->arena, &broker, chores[number], reterr);
}

struct pg_settings evaluator_database(
	const struct evaluator *evaluator, const char *name)
{
	return (struct pg_settings){.conninfo = evaluator->values.postgres,
		.password = evaluator->values.postgres_password,
		.name = name,
		.schema = evaluator->values.schema,
		.statement_timeout = STATEMENT_MOST,
		/* A stopped holder must not keep its locks past its lease. */
		.idle_timeout = evaluator->values.lease_time / 2};
}

enum status evaluator_check_schema(
	const struct evaluator *evaluator, struct reason *reterr)
{
	struct pg_settings settings =
		evaluator_database(evaluator, "evaluator start");
	instant deadline = clock_monotonic() + DATABASE_WAIT;
	struct pg *pg = NULL;
	enum status status;

	if (pg_is_unverified(settings.conninfo, reterr))
		log_reason(LOG_WARN, "POSTGRES-UNVERIFIED", reterr);
	while ((status = pg_open(&settings, &pg, reterr)) == RETRY &&
		clock_monotonic() < deadline) {
		log_reason(LOG_WARN, "EVALUATOR-DATABASE-AWAY", reterr);
		clock_sleep(INSTANT_SECOND);
	}
	if (status == OK)
		status = migrate_check(pg, "evaluator", reterr);
	pg_close(&pg);
	return status;
}
