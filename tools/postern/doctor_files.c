/* SPDX-License-Identifier: Apache-2.0 */
/* The files that people write, read as the services read them; and the sinks
 * that they name. */
#include "doctor.h"

#include "edge/source.h"
#include "pack.h"
#include "route.h"
#include "translate/translate.h"
#include "wire/httpc.h"

#include <stdio.h>
#include <string.h>

#define ADVICE "the service would not take it: mend that line"
#define ANSWER_MAX 65536

static void look_at_sources(struct doctor *doctor)
{
	const char *path = doctor->ingest.sources;
	struct sources *sources = NULL;
	struct reason reason = {0};

	if (sources_load(path, adapter_find, &sources, &reason) != OK)
		doctor_say_reason(
			doctor, FINDING_FAIL, "sources", path, ADVICE, &reason);
	else
		doctor_say(doctor, FINDING_OK, "sources", path, NULL,
			"%zu sources", sources_count(sources));
	sources_unref(&sources);
	path = doctor->ingest.subjects;
	if (!path)
		doctor_say(doctor, FINDING_WARN, "subjects", "none",
			"set `subjects`, or give all names in sources.yaml",
			"no rule maps what tools name to services");
	else if (translate_check(path, &reason) != OK)
		doctor_say_reason(doctor, FINDING_FAIL, "subjects", path,
			ADVICE, &reason);
	else
		doctor_say(doctor, FINDING_OK, "subjects", path, NULL, "valid");
}

/* Loopback needs no TLS; elsewhere the settings demand it, or `insecure`. */
static void look_at_tls(struct doctor *doctor)
{
	const struct httpd_settings settings = ingest_httpd(&doctor->ingest);
	const char *path = doctor->ingest.tls_certificate;
	struct reason reason = {0};

	if (!path && doctor->ingest.insecure)
		doctor_say(doctor, FINDING_WARN, "tls", "ingest",
			"let a proxy end TLS in front, or set "
			"`tls-certificate` and `tls-key`",
			"%s takes deliveries in plain HTTP",
			doctor->ingest.listen_address);
	if (!path)
		return;
	if (httpd_check(&settings, &reason) != OK)
		doctor_say_reason(doctor, FINDING_FAIL, "tls", "ingest",
			"put a certificate and its key there that belong "
			"together and are in their time",
			&reason);
	else
		doctor_say(doctor, FINDING_OK, "tls", "ingest", NULL,
			"%s and its key are in their time and fit", path);
}

static void look_at_pack(struct doctor *doctor)
{
	const char *path = doctor->evaluator.pack;
	struct pack *pack = NULL;
	struct reason reason = {0};

	if (!path)
		doctor_say(doctor, FINDING_FAIL, "pack", "none",
			"set `pack`: a folder of criteria",
			"nothing is judged");
	else if (pack_load(path, &pack, &reason) != OK)
		doctor_say_reason(
			doctor, FINDING_FAIL, "pack", path, ADVICE, &reason);
	else
		doctor_say(doctor, FINDING_OK, "pack", path, NULL,
			"%s %s, %zu criteria, %s", pack_name(pack),
			pack_version(pack), pack_count(pack),
			pack_digest(pack));
	pack_free(&pack);
}

static void look_at_instance(struct doctor *doctor,
	const struct sink_config *config, const char *url)
{
	static const char advice[] =
		"docs/sinks.md says what it needs there and in routes.yaml";
	struct sink_settings settings = config->settings;
	struct sink_line *line = NULL;
	struct sink_outcome outcome = {0};
	struct reason reason = {0};
	const char *what =
		arena_printf(doctor->arena, "%s %s", config->name, url);

	settings.url = url;
	if (settings.timeout > doctor->wait)
		settings.timeout = doctor->wait;
	if (config->kind->open(&settings, &line, &reason) != OK) {
		doctor_say_reason(
			doctor, FINDING_FAIL, "sink", what, advice, &reason);
		return;
	}
	config->kind->look(line, doctor->arena, &outcome);
	if (outcome.result == SINK_DELIVERED)
		doctor_say(doctor, FINDING_OK, "sink", what, NULL,
			"answers, and takes our credential");
	else
		doctor_say(doctor, FINDING_FAIL, "sink", what,
			outcome.result == SINK_AWAY
				? "is it up, and is the address right?"
				: advice,
			"%s", outcome.why);
	config->kind->close(&line);
}

static void look_at_sink(
	struct doctor *doctor, const struct sink_config *config)
{
	if (!config->kind->look) {
		doctor_say(doctor, FINDING_WARN, "sink", config->name,
			"to tell nobody on purpose write `sinks: []`",
			"is of kind %s, which tells nobody",
			config->kind->name);
		return;
	}
	for (size_t i = 0; i < config->url_count; i++)
		look_at_instance(doctor, config, config->urls[i]);
}

static void look_at_routes(struct doctor *doctor)
{
	const char *path = doctor->notifier.roles;
	struct roles *roles = NULL;
	struct routes *routes = NULL;
	struct reason reason = {0};

	if (!path || !doctor->notifier.routes) {
		doctor_say(doctor, FINDING_FAIL, "routes", "none",
			"set `roles` and `routes`", "nobody would be told");
		return;
	}
	if (roles_load(path, &roles, &reason) != OK) {
		doctor_say_reason(
			doctor, FINDING_FAIL, "roles", path, ADVICE, &reason);
		return;
	}
	doctor_say(doctor, FINDING_OK, "roles", path, NULL, "%zu parties",
		roles_parties(roles));
	path = doctor->notifier.routes;
	if (routes_load(path, roles, &routes, &reason) != OK) {
		doctor_say_reason(
			doctor, FINDING_FAIL, "routes", path, ADVICE, &reason);
	} else {
		doctor_say(doctor, FINDING_OK, "routes", path, NULL,
			"%zu sinks", routes_sinks(routes));
		for (size_t i = 0; i < routes_sinks(routes); i++)
			look_at_sink(doctor, routes_sink_at(routes, i));
	}
	routes_free(&routes);
	roles_free(&roles);
}

void doctor_files(struct doctor *doctor)
{
	if (doctor->given[DOCTOR_INGEST]) {
		look_at_tls(doctor);
		look_at_sources(doctor);
	}
	if (doctor->given[DOCTOR_EVALUATOR])
		look_at_pack(doctor);
	if (doctor->given[DOCTOR_NOTIFIER])
		look_at_routes(doctor);
}

/* "ok spool: empty" or "failed spool: ..." */
static void say_check(struct doctor *doctor, const char *url, const char *line)
{
	bool well = strncmp(line, "ok ", 3) == 0;
	bool waits = strncmp(line, "ok spool: ", 10) == 0 &&
		     strcmp(line, "ok spool: empty") != 0;

	if (!well || waits)
		doctor_say(doctor, well ? FINDING_WARN : FINDING_FAIL,
			"process", url,
			well ? "keep its volume until it is drained"
			     : "docs/operations.md, When an alert fires",
			"%s", line + strcspn(line, " ") + (*line != '\0'));
}

void doctor_process(struct doctor *doctor, const char *url)
{
	const struct httpc_settings settings = {
		.connect_deadline = doctor->wait,
		.deadline = doctor->wait,
		.answer_max = ANSWER_MAX,
		.user_agent = "postern/" POSTERN_VERSION};
	struct httpc_request request = {.method = "GET",
		.url = arena_printf(doctor->arena, "%s/readyz", url)};
	struct httpc_answer answer = {0};
	struct httpc *httpc = NULL;
	struct reason reason = {0};
	bool doubtful;
	enum status status = httpc_open(&settings, &httpc, &reason);
	char *rest, *line;

	if (status == OK)
		status = httpc_call(httpc, doctor->arena, &request, &answer,
			&doubtful, &reason);
	httpc_close(&httpc);
	if (status != OK || (answer.code != 200 && answer.code != 503)) {
		if (status == OK)
			reason_set(&reason, NULL,
				"answered %ld: this is no admin listener",
				answer.code);
		doctor_say_reason(doctor, FINDING_FAIL, "process", url,
			"give the address of its admin listener "
			"(`admin-address`, `admin-port`)",
			&reason);
		return;
	}
	if (answer.code == 200)
		doctor_say(
			doctor, FINDING_OK, "process", url, NULL, "is ready");
	rest = arena_string(doctor->arena, answer.body);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			say_check(doctor, url, line);
}
