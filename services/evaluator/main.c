/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postern-evaluator: evidence in, verdicts out; the only writer of state.
 *
 * Privilege. Kafka: reads <prefix>.evidence, writes <prefix>.verdicts,
 * <prefix>.state and <prefix>.parked. PostgreSQL: its own schema, as
 * postern_evaluator, evidence append-only. Hosts: none else. Secrets: the
 * conninfo. Files: the pack's folder. Listens on the admin address.
 */
#include "base/log.h"
#include "chores.h"
#include "daemon/admin.h"
#include "daemon/admin_ask.h"
#include "daemon/common.h"
#include "loops.h"
#include "meters.h"

#include <stdio.h>

static int run(struct evaluator *evaluator, struct service *service,
	struct files *files, struct reason *reterr)
{
	const struct common_settings *common = &evaluator->values.common;
	struct admin *admin = NULL;
	struct loops *loops = NULL;
	int code = EXIT_SETTINGS;
	enum status status =
		admin_open(common->admin_address, (unsigned)common->admin_port,
			files->health, files->metrics, &admin, reterr);

	if (status == OK) {
		log_line(LOG_INFO, "ADMIN-LISTENING",
			LOG_TEXT("address", common->admin_address),
			LOG_NUMBER("port", admin_port(admin)));
		status = common_kafka_try(&evaluator->kafka, reterr);
	}
	if (status == OK)
		status = evaluator_check_schema(evaluator, reterr);
	if (status == OK)
		status = loops_open(evaluator, files, &loops, reterr);
	if (status == OK) {
		loops_start(loops, service);
		service_on_reload(service, files_reload, files,
			"EVALUATOR-RELOAD-FAILED");
		if (common->watch_files)
			service_on_change(service,
				&(struct service_watch){.look = files_stamp,
					.context = files,
					.taken = evaluator->stamp});
		code = service_wait(service);
	} else {
		log_reason(LOG_ERROR, "EVALUATOR-REFUSED", reterr);
		if (status != CONFIG)
			code = EXIT_FAILED;
	}
	loops_close(&loops);
	admin_close(&admin);
	return code;
}

static int start(struct evaluator *evaluator, struct reason *reterr)
{
	struct service *service = service_new("evaluator");
	struct files files = {.folder = evaluator->values.pack,
		.health = health_new(&clock_wall),
		.metrics = meters_new()};
	int code;

	files_open(&files, &evaluator->pack);
	code = run(evaluator, service, &files, reterr);
	service_free(&service);
	book_free(&files.packs);
	metrics_free(&files.metrics);
	health_free(&files.health);
	return code;
}

static int act(struct evaluator *evaluator, enum settings_wish wish, int number,
	struct reason *reterr)
{
	const struct common_settings *common = &evaluator->values.common;
	enum status status = common_log(common, reterr);

	if (status == OK)
		status = common_kafka(evaluator->arena, common, "evaluator",
			&evaluator->kafka, reterr);
	if (status == OK && wish == SETTINGS_CHECK)
		status = evaluator_check(evaluator, reterr);
	else if (status == OK && wish == SETTINGS_SWITCH)
		status = evaluator_switch(evaluator, number, reterr);
	else if (status == OK)
		status = evaluator_read_files(evaluator, reterr);
	if (status == OK && wish == SETTINGS_RUN)
		return start(evaluator, reterr);
	if (status == OK)
		return 0;
	fprintf(stderr, "postern-evaluator: %s%s%s\n", reterr->place,
		*reterr->place ? ": " : "", reterr->sentence);
	return status == CONFIG ? EXIT_SETTINGS : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct evaluator evaluator = {.arena = arena_new(16u << 20)};
	enum settings_wish wish = SETTINGS_DONE;
	struct reason reason = {0};
	enum status status;
	int number = 0, code;

	evaluator.program = (struct settings_program){.service = "evaluator",
		.sentence = "takes evidence in and judges the criteria of a "
			    "pack by it",
		.table = evaluator_table,
		.switches = evaluator_switches,
		.values = &evaluator.values,
		.arena = evaluator.arena};
	status = settings_load(
		&evaluator.program, argc, argv, &wish, &number, &reason);
	code = service_exit_code(status);
	if (status != OK)
		fprintf(stderr, "postern-evaluator: %s: %s\n", reason.place,
			reason.sentence);
	else if (wish == SETTINGS_HEALTH || wish == SETTINGS_ALIVE)
		code = admin_ask_main(
			"evaluator", &evaluator.values.common, wish);
	else if (wish != SETTINGS_DONE)
		code = act(&evaluator, wish, number, &reason);
	pack_free(&evaluator.pack);
	arena_free(&evaluator.arena);
	return code;
}
