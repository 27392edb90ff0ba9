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
#include "daemon/admin_ask.h"
#include "daemon/common.h"
#include "chores.h"
#include "edge/edge.h"
#include "files.h"
#include "meters.h"
#include "translate/translate.h"

/* A delivery is in Kafka or in the spool so long after it was stamped. */
#define AFTER_DEADLINE (INSTANT_SECOND / 2)

struct ingest {
	const struct ingest_settings *settings;
	struct files files;
	struct edge edge;
	struct translate *translate;
	struct admin *admin;
};

static enum status open_translate(struct ingest *ingest, struct reason *reterr)
{
	const struct ingest_settings *settings = ingest->settings;

	return translate_open(
		&(struct translate_settings){.kafka = settings->kafka,
			.topic_prefix = settings->common.topic_prefix,
			.group = settings->group,
			.subjects = settings->subjects,
			.punctuation_margin =
				settings->ack_deadline + AFTER_DEADLINE,
			.spool_oldest = edge_spool_oldest,
			.context = &ingest->edge,
			.book = ingest->files.book,
			.tally = ingest->edge.tally,
			.clock = &clock_wall,
			.health = ingest->files.health,
			.metrics = ingest->files.metrics},
		&ingest->translate, reterr);
}

static enum status open_all(struct ingest *ingest, struct reason *reterr)
{
	const struct ingest_settings *settings = ingest->settings;
	struct files *files = &ingest->files;
	enum status status;

	*files = (struct files){.sources = settings->sources,
		.subjects = settings->subjects,
		.health = health_new(&clock_wall),
		.metrics = meters_new()};
	status = files_open(files, reterr);
	if (status == OK)
		status = common_kafka_try(&settings->kafka, reterr);
	ingest->edge = (struct edge){.settings = settings,
		.health = files->health,
		.metrics = files->metrics,
		.tally = tally_new(),
		.book = files->book};
	if (status == OK)
		status = edge_open(&ingest->edge, reterr);
	if (status == OK)
		status = open_translate(ingest, reterr);
	if (status == OK)
		status = admin_open(settings->common.admin_address,
			(unsigned)settings->common.admin_port, files->health,
			files->metrics, &ingest->admin, reterr);
	return status == OK ? edge_listen(&ingest->edge, reterr) : status;
}

/* Certificate and login to Kafka are looked at anyhow. */
static enum status reload(void *context, bool asked, struct reason *reterr)
{
	struct ingest *ingest = context;

	if (asked) {
		listener_renew(ingest->edge.listener);
		drain_retry(ingest->edge.drain);
	}
	return files_reload(&ingest->files, reterr);
}

static void start(struct ingest *ingest, struct service *service)
{
	log_line(LOG_INFO, "ADMIN-LISTENING",
		LOG_TEXT("address", ingest->settings->common.admin_address),
		LOG_NUMBER("port", admin_port(ingest->admin)));
	edge_start(&ingest->edge, service);
	service_start(service, "translate", translate_loop, ingest->translate);
	ingest->files.toolstate = ingest->edge.toolstate;
	ingest->files.translate = ingest->translate;
	service_on_reload(service, reload, ingest, "INGEST-RELOAD-FAILED");
	if (ingest->settings->common.watch_files)
		service_on_change(
			service, &(struct service_watch){.look = files_stamp,
					 .context = &ingest->files,
					 .taken = ingest->files.read});
}

static void close_all(struct ingest *ingest)
{
	admin_close(&ingest->admin);
	translate_close(&ingest->translate);
	edge_close(&ingest->edge);
	tally_free(&ingest->edge.tally);
	source_book_free(&ingest->files.book);
	metrics_free(&ingest->files.metrics);
	health_free(&ingest->files.health);
}

static int run(const struct ingest_settings *settings)
{
	struct service *service = service_new("ingest");
	struct ingest ingest = {.settings = settings};
	struct reason reason;
	enum status status;
	int code;

	status = open_all(&ingest, &reason);
	if (status == OK) {
		start(&ingest, service);
		code = service_wait(service);
	} else {
		code = ingest_refuse(status, &reason);
	}
	close_all(&ingest);
	service_free(&service);
	return code;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new(16u << 20);
	struct ingest_settings settings = {0};
	enum settings_wish wish = SETTINGS_DONE;
	struct reason reason;
	enum status status;
	int which = 0, code = 0;

	status = ingest_settings_load(
		arena, argc, argv, &settings, &wish, &which, &reason);
	if (status == OK && wish == SETTINGS_CHECK)
		status = ingest_check(&settings, &reason);
	if (status != OK)
		code = ingest_refuse(status, &reason);
	else if (wish == SETTINGS_HEALTH || wish == SETTINGS_ALIVE)
		code = admin_ask_main("ingest", &settings.common, wish);
	else if (wish == SETTINGS_SWITCH)
		code = ingest_switch(arena, &settings, which);
	else if (wish == SETTINGS_CHECK)
		code = ingest_settings_print(arena, &settings);
	else if (wish == SETTINGS_RUN)
		code = run(&settings);
	arena_free(&arena);
	return code;
}
