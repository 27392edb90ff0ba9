/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ingest: HTTP in, evidence out. The edge makes each delivery durable, then
 * answers; translate makes evidence of what is durable.
 *
 * Privilege: writes the topics deliveries, rejected, parked and evidence, reads
 * deliveries. Reads the files sources and subjects, secrets and TLS keys;
 * writes below spool-dir only. Listens for deliveries and, apart, for admin.
 * Has no database and calls no host but Kafka's brokers.
 */
#include "base/log.h"
#include "daemon/admin.h"
#include "daemon/topics_admin.h"
#include "edge/edge.h"
#include "files.h"
#include "meters.h"

#include <stdio.h>

static enum status open_all(const struct ingest_settings *settings,
	struct files *files, struct edge *edge, struct admin **admin,
	struct reason *reterr)
{
	enum status status = files_open(files, settings->sources, reterr);

	edge->settings = settings;
	edge->health = files->health;
	edge->metrics = files->metrics;
	edge->tally = tally_new();
	edge->book = files->book;
	if (status == OK)
		status = edge_open(edge, reterr);
	if (status == OK)
		status = admin_open(settings->common.admin_address,
			(unsigned)settings->common.admin_port, files->health,
			files->metrics, admin, reterr);
	if (status == OK)
		status = edge_listen(edge, reterr);
	return status;
}

static int refuse(const struct reason *reason)
{
	fprintf(stderr, "postern-ingest: %s: %s\n", reason->place,
		reason->sentence);
	return EXIT_SETTINGS;
}

static int run(const struct ingest_settings *settings)
{
	struct service *service = service_new("ingest");
	struct files files = {
		.health = health_new(&clock_wall), .metrics = meters_new()};
	struct edge edge = {0};
	struct admin *admin = NULL;
	struct reason reason;
	int code;

	if (open_all(settings, &files, &edge, &admin, &reason) == OK) {
		log_line(LOG_INFO, "ADMIN-LISTENING",
			LOG_TEXT("address", settings->common.admin_address),
			LOG_NUMBER("port", admin_port(admin)));
		files.toolstate = edge.toolstate;
		service_on_reload(service, files_reload, &files);
		edge_start(&edge, service);
		code = service_wait(service);
	} else {
		code = refuse(&reason);
	}
	admin_close(&admin);
	edge_close(&edge);
	tally_free(&edge.tally);
	source_book_free(&files.book);
	metrics_free(&files.metrics);
	health_free(&files.health);
	service_free(&service);
	return code;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new(16u << 20);
	struct ingest_settings settings = {0};
	enum settings_wish wish = SETTINGS_DONE;
	struct reason reason;
	int which = 0, code = 0;

	if (ingest_settings_load(
		    arena, argc, argv, &settings, &wish, &which, &reason) != OK)
		code = refuse(&reason);
	else if (wish == SETTINGS_SWITCH)
		code = topics_main(arena, &settings.common, &settings.kafka,
			which == INGEST_CREATE_TOPICS);
	else if (wish == SETTINGS_CHECK)
		code = files_read(settings.sources, NULL, &reason) == OK
			       ? ingest_settings_print(arena, &settings)
			       : refuse(&reason);
	else if (wish == SETTINGS_RUN)
		code = run(&settings);
	arena_free(&arena);
	return code;
}
