/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A notifier without Kafka: verdicts are handed to intake as a batch, each
 * instance's dispatcher runs in a service, the database is a real one.
 */
#pragma once

#include "daemon/service.h"
#include "database/database.h"
#include "dispatch.h"
#include "intake.h"

#define STAGE_WAIT (20 * INSTANT_SECOND)

struct stage {
	const char *schema;
	struct arena *arena;
	struct pg *pg;
	struct roles *roles;
	struct routes *routes;
	struct intake intake;
	struct dispatch_settings settings;
	struct service *service;
	struct dispatch *dispatches[8];
	size_t count;
	struct reason reason;
	int64_t version; /* of the last verdict told */
};

static inline const char *stage_file(
	struct stage *stage, const char *name, const char *text)
{
	const char *path = arena_printf(stage->arena, "/tmp/%s-%ld-%s",
		stage->schema, (long)getpid(), name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
	return path;
}

static inline void stage_routes(struct stage *stage, const char *routes)
{
	static const char roles[] =
		"parties:\n"
		"  shop: {title: Shop, alertmanager: {team: shop}}\n"
		"  ops: {title: Operations}\n"
		"roles:\n"
		"  service-owner: [{match: {service: shop}, party: shop}]\n"
		"fallback: ops\n";
	const char *role_path = stage_file(stage, "roles.yaml", roles);
	const char *route_path = stage_file(stage, "routes.yaml", routes);

	routes_free(&stage->routes);
	roles_free(&stage->roles);
	db_ok(roles_load(role_path, &stage->roles, &stage->reason),
		&stage->reason);
	db_ok(routes_load(
		      route_path, stage->roles, &stage->routes, &stage->reason),
		&stage->reason);
	unlink(role_path);
	unlink(route_path);
	stage->intake.roles = stage->roles;
	stage->intake.routes = stage->routes;
}

static inline struct stage *stage_begin(const char *schema, const char *routes)
{
	struct stage *stage = memory_new(sizeof(*stage));

	db_fresh(schema, "notifier");
	stage->schema = schema;
	stage->arena = arena_new(64u << 20);
	stage->pg = db_open(schema, "stage");
	stage->intake.clock = &clock_wall;
	stage_routes(stage, routes);
	stage->settings = (struct dispatch_settings){
		.pg = {.conninfo = db_conninfo(),
			.name = "dispatch",
			.schema = schema,
			.statement_timeout = 20 * INSTANT_SECOND},
		.lease_time = 5 * INSTANT_SECOND,
		.refresh_every = INSTANT_SECOND,
		.ends_ahead = INSTANT_HOUR,
		.resolved_for = 3 * INSTANT_SECOND,
		.topic = "test.notices"};
	return stage;
}

/* A dispatcher for each instance of each sink. */
static inline void stage_run(struct stage *stage)
{
	stage->service = service_new("stage");
	for (size_t i = 0; i < routes_sinks(stage->routes); i++) {
		stage->settings.sink = routes_sink_at(stage->routes, i);
		for (size_t j = 0; j < stage->settings.sink->url_count; j++) {
			struct dispatch **dispatch =
				&stage->dispatches[stage->count++];

			assert_true(stage->count <= 8);
			stage->settings.url = stage->settings.sink->urls[j];
			db_ok(dispatch_open(&stage->settings, dispatch,
				      &stage->reason),
				&stage->reason);
			service_start(stage->service, dispatch_name(*dispatch),
				dispatch_loop, *dispatch);
		}
	}
}

static inline void stage_stop(struct stage *stage)
{
	if (!stage->service)
		return;
	kill(getpid(), SIGTERM);
	assert_int_equal(service_wait(stage->service), 0);
	service_free(&stage->service);
	while (stage->count)
		dispatch_close(&stage->dispatches[--stage->count]);
}

static inline void stage_end(struct stage *stage)
{
	stage_stop(stage);
	routes_free(&stage->routes);
	roles_free(&stage->roles);
	pg_close(&stage->pg);
	db_drop(stage->schema);
	arena_free(&stage->arena);
	memory_free(stage);
}

/* A verdict of criterion PO.3.2-a about `name`, failing since a minute ago. */
static inline struct verdict_record stage_verdict(
	struct stage *stage, const char *name)
{
	static const struct label labels[] = {
		{"service", "shop"}, {"environment", "prod"}};
	static const struct deciding deciding[] = {
		{"finding.CVE-2026-1", "due 2026-11-20", NULL}};
	static const struct observable observables[] = {
		{"vulnerability", "CVE-2026-1"}};
	instant now = clock_now(&clock_wall);

	return (struct verdict_record){
		.tenant = "default",
		.criterion = "PO.3.2-a",
		.subject = arena_printf(
			stage->arena, "default/service/prod/%s", name),
		.generation = 1,
		.verdict = VERDICT_FAIL,
		.previous = VERDICT_PASS,
		.since = now - INSTANT_MINUTE,
		.judged_at = now,
		.known_at = now,
		.next_change = INSTANT_NEVER,
		.sentence = "Findings are fixed in time.",
		.task = "PO.3.2",
		.severity = SEVERITY_HIGH,
		.role = "service-owner",
		.summary = "1 finding past its due date",
		.would_change = "fix CVE-2026-1",
		.deciding = deciding,
		.deciding_count = 1,
		.labels = labels,
		.label_count = 2,
		.observables = observables,
		.observable_count = 1,
		.episode_kind = EPISODE_FAIL,
		.episode = arena_printf(
			stage->arena, "%064x", (unsigned)stage->version + 1),
		.episode_opened = now - INSTANT_MINUTE,
		.episode_closed = INSTANT_NEVER,
		.pack_name = "test",
		.pack_version = "1",
		.pack_digest = "sha256:00",
	};
}

/* Hands it to intake; its version is raised unless `n` is set. */
static inline enum status stage_tell(
	struct stage *stage, const struct verdict_record *verdict)
{
	struct verdict_record copy = *verdict;
	struct kafka_record record = {.topic = "test.verdicts"};
	struct kafka_batch batch = {
		.topic = "test.verdicts", .records = &record, .count = 1};
	size_t culprit = 0;
	enum status status;

	if (!copy.n)
		copy.n = ++stage->version;
	verdict_encode(stage->arena, &copy, &record);
	db_ok(pg_begin(stage->pg, &stage->reason), &stage->reason);
	status = intake_apply(&stage->intake, stage->pg, stage->arena, &batch,
		&culprit, &stage->reason);
	if (status == OK)
		db_ok(pg_commit(stage->pg, &stage->reason), &stage->reason);
	else
		pg_rollback(stage->pg);
	return status;
}

/* The verdict that ends the episode of `verdict`. */
static inline struct verdict_record stage_pass(struct verdict_record verdict)
{
	instant now = clock_now(&clock_wall);

	verdict.previous = verdict.verdict;
	verdict.verdict = VERDICT_PASS;
	verdict.since = now;
	verdict.known_at = now;
	verdict.episode_closed = now;
	verdict.summary = "all is fixed";
	return verdict;
}

/* Waits until the query gives `number`; fails with what it gave last. */
static inline void stage_until(
	struct stage *stage, const char *sql, int64_t number)
{
	instant limit = clock_monotonic() + STAGE_WAIT;
	int64_t last;

	while ((last = db_number(stage->pg, sql)) != number) {
		if (clock_monotonic() > limit)
			fail_msg("%s gives %lld, not %lld", sql,
				(long long)last, (long long)number);
		clock_sleep(INSTANT_SECOND / 20);
	}
}
