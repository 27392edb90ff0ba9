/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postern-notifier: verdicts in, notices out; reads no evidence.
 *
 * Privilege. Kafka: reads <prefix>.verdicts, writes <prefix>.notices and
 * <prefix>.parked. PostgreSQL: its own schema, as postern_notifier. Hosts: the
 * sinks that routes.yaml names. Secrets: the files that routes.yaml names and
 * the conninfo. Listens on the admin address only.
 */
#include "base/log.h"
#include "chores.h"
#include "daemon/admin.h"
#include "daemon/admin_ask.h"
#include "daemon/common.h"
#include "deck.h"
#include "metric.h"
#include "wire/pg_trust.h"

#include <stdio.h>

static int run(struct notifier *notifier, struct service *service,
	struct health *health, struct metrics *metrics, struct reason *reterr)
{
	struct deck_settings settings = {&notifier->values, &notifier->kafka,
		book_new(notifier->directory, directory_free), health, metrics};
	struct common_settings *common = &notifier->values.common;
	struct admin *admin = NULL;
	struct deck *deck = NULL;
	int code = EXIT_SETTINGS;

	notifier->directory = NULL; /* the book's now */
	if (admin_open(common->admin_address, (unsigned)common->admin_port,
		    health, metrics, &admin, reterr) == OK &&
		common_kafka_try(&notifier->kafka, reterr) == OK &&
		deck_open(&settings, &deck, reterr) == OK) {
		log_line(LOG_INFO, "ADMIN-LISTENING",
			LOG_TEXT("address", common->admin_address),
			LOG_NUMBER("port", admin_port(admin)));
		deck_start(deck, service);
		code = service_wait(service);
	} else {
		log_reason(LOG_ERROR, "NOTIFIER-REFUSED", reterr);
	}
	deck_close(&deck);
	book_free(&settings.book);
	admin_close(&admin);
	return code;
}

static int start(struct notifier *notifier, struct reason *reterr)
{
	struct service *service = service_new("notifier");
	struct health *health = health_new(&clock_wall);
	struct metrics *metrics = metrics_new(metric_rows, METRIC_ROWS);
	int code;

	if (notifier->values.postgres &&
		pg_is_unverified(notifier->values.postgres, reterr))
		log_reason(LOG_WARN, "POSTGRES-UNVERIFIED", reterr);
	code = run(notifier, service, health, metrics, reterr);
	service_free(&service);
	metrics_free(&metrics);
	health_free(&health);
	return code;
}

static int act(struct notifier *notifier, enum settings_wish wish, int number,
	struct reason *reterr)
{
	enum status status = notifier_settings_check(&notifier->values, reterr);

	if (status == OK)
		status = common_log(&notifier->values.common, reterr);
	if (status == OK)
		status = common_kafka(notifier->arena, &notifier->values.common,
			"notifier", &notifier->kafka, reterr);
	if (status == OK && wish == SETTINGS_CHECK)
		status = notifier_check(notifier, reterr);
	else if (status == OK && wish == SETTINGS_SWITCH)
		status = notifier_switch(notifier, number, reterr);
	else if (status == OK)
		status = notifier_read_files(notifier, reterr);
	if (status == OK && wish == SETTINGS_RUN)
		return start(notifier, reterr);
	if (status == OK)
		return 0;
	fprintf(stderr, "postern-notifier: %s%s%s\n", reterr->place,
		*reterr->place ? ": " : "", reterr->sentence);
	return status == CONFIG ? EXIT_SETTINGS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct notifier notifier = {.arena = arena_new(16u << 20)};
	enum settings_wish wish = SETTINGS_DONE;
	struct reason reason = {0};
	enum status status;
	int number = 0, code;

	notifier.program = (struct settings_program){.service = "notifier",
		.sentence = "tells those who are accountable, through "
			    "Alertmanager and TheHive",
		.table = notifier_table,
		.switches = notifier_switches,
		.values = &notifier.values,
		.arena = notifier.arena};
	status = settings_load(
		&notifier.program, argc, argv, &wish, &number, &reason);
	code = service_exit_code(status);
	if (status != OK)
		fprintf(stderr, "postern-notifier: %s: %s\n", reason.place,
			reason.sentence);
	else if (wish == SETTINGS_HEALTH || wish == SETTINGS_ALIVE)
		code = admin_ask_main(
			"notifier", &notifier.values.common, wish);
	else if (wish != SETTINGS_DONE)
		code = act(&notifier, wish, number, &reason);
	directory_free(notifier.directory);
	arena_free(&notifier.arena);
	return code;
}
