/* SPDX-License-Identifier: Apache-2.0 */
/* Queue, back-off and fencing, with servers that do as the test wants. */
#include "notifier/stage.h"
#include "scripted.h"

#define SCHEMA "test_notifier_dispatch"
#define CREATED "{\"_id\":\"~12\",\"case\":null,\"status\":\"New\"}"

static struct stage *begin(const char *kind, const char *url, const char *more)
{
	struct stage *stage;
	char text[1000];

	snprintf(text, sizeof(text),
		"sinks: {s: {kind: %s, timeout: 2s, urls: ['%s']%s}}\n"
		"routes: [{sinks: [s]}]\n",
		kind, url, more);
	db_conninfo();
	stage = stage_begin(SCHEMA, text);
	return stage;
}

static const char *key_file(void)
{
	static const char path[] = "/tmp/test_notifier_dispatch.key";
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs("k", file) >= 0);
	fclose(file);
	return ", key_file: /tmp/test_notifier_dispatch.key";
}

static void test_dispatch__backs_off_and_comes_back(void **state)
{
	const struct step steps[] = {
		{.code = 503}, {.code = 503}, {.code = 200}};
	struct scripted *server = scripted_begin(steps, 3);
	struct stage *stage = begin("alertmanager", server->url, "");
	struct verdict_record verdict = stage_verdict(stage, "a");

	(void)state;
	stage->settings.refresh_every = INSTANT_MINUTE;
	stage_run(stage);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage,
		"SELECT count(*) FROM notice WHERE outcome = 'delivered'", 1);
	assert_int_equal(
		db_number(stage->pg, "SELECT count(*) FROM attempt WHERE"
				     " outcome = 'retrying' AND code = 503"),
		2);
	assert_int_equal(db_number(stage->pg, "SELECT tries FROM notice"), 0);
	assert_int_equal(
		db_number(stage->pg, "SELECT attempts FROM notice"), 3);
	assert_int_equal(
		db_number(stage->pg, "SELECT count(*) FROM outbox"), 3);
	stage_end(stage);
	scripted_end_all(server);
}

static void test_dispatch__after_an_outage_says_the_present(void **state)
{
	const struct step steps[] = {{.code = 503}, {.code = 200}};
	struct scripted *server = scripted_begin(steps, 2);
	struct stage *stage = begin("alertmanager", server->url, "");
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record gone = stage_verdict(stage, "b");
	struct verdict_record pass = stage_pass(gone);

	(void)state;
	stage->settings.refresh_every = INSTANT_MINUTE;
	assert_int_equal(stage_tell(stage, &gone), OK);
	assert_int_equal(stage_tell(stage, &pass), OK);
	for (int i = 0; i < 20; i++) {
		verdict = stage_verdict(stage, "a");
		assert_int_equal(stage_tell(stage, &verdict), OK);
	}
	stage_run(stage);
	stage_until(stage,
		"SELECT count(*) FROM notice WHERE outcome = 'delivered'", 1);
	/* Of 21 episodes one is still true, and it alone was told. */
	assert_int_equal(server->count, 2);
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(DISTINCT notice) FROM attempt"),
		1);
	stage_end(stage);
	scripted_end_all(server);
}

static void test_dispatch__creates_promotes_and_links(void **state)
{
	const struct step steps[] = {{.code = 201, .body = CREATED},
		{.code = 200, .body = CREATED},
		{.code = 201, .body = "{\"_id\":\"~70\",\"caseId\":6}"}};
	struct scripted *server = scripted_begin(steps, 3);
	struct stage *stage = begin("thehive", server->url, key_file());
	struct verdict_record verdict = stage_verdict(stage, "a");

	(void)state;
	verdict.case_policy = CASE_AFTER;
	verdict.case_after = INSTANT_MINUTE + 2 * INSTANT_SECOND;
	stage_run(stage);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage, "SELECT count(*) FROM case_link", 1);
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(*) FROM notice WHERE promoted"),
		0);
	stage_until(stage,
		"SELECT count(*) FROM case_link WHERE case_number = 6"
		" AND alert = '~12' AND case_id = '~70'",
		1);
	assert_int_equal(db_number(stage->pg, "SELECT count(*) FROM attempt"
					      " WHERE action = 'promote'"
					      " AND outcome = 'delivered'"),
		1);
	stage_end(stage);
	scripted_end_all(server);
}

static void test_dispatch__a_doubt_is_waited_out_then_settled(void **state)
{
	const struct step steps[] = {{.code = 0},
		{.code = 400,
			.body = "{\"type\":\"CreateError\",\"message\":"
				"\"Alert already exist\"}"},
		{.code = 200, .body = "[]"}};
	struct scripted *server = scripted_begin(steps, 3);
	struct stage *stage = begin("thehive", server->url, key_file());
	struct verdict_record verdict = stage_verdict(stage, "a");
	instant begun;

	(void)state;
	stage_run(stage);
	begun = clock_monotonic();
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage, "SELECT attempts FROM notice", 2);
	/* The request's limit, 2 s, was waited out before it was said again. */
	assert_true(clock_monotonic() - begun >= 2 * INSTANT_SECOND);
	assert_int_equal(server->count, 3);
	assert_int_equal(
		db_number(stage->pg, "SELECT count(*) FROM notice WHERE"
				     " doubtful_until > '-infinity'"),
		1);
	stage_end(stage);
	scripted_end_all(server);
}

/* Somebody takes the lease while the first answer is on its way. */
static void test_dispatch__who_lost_the_lease_says_no_more(void **state)
{
	const struct step steps[] = {{.code = 400,
		.delay = 3 * INSTANT_SECOND / 2,
		.body = "{\"type\":\"CreateError\",\"message\":"
			"\"Alert already exist\"}"}};
	struct scripted *server = scripted_begin(steps, 1);
	struct stage *stage = begin("thehive", server->url, key_file());
	struct verdict_record verdict = stage_verdict(stage, "a");
	instant limit = clock_monotonic() + STAGE_WAIT;

	(void)state;
	stage_run(stage);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	while (!server->count && clock_monotonic() < limit)
		clock_sleep(INSTANT_SECOND / 100);
	assert_int_equal(server->count, 1);
	/* The lease outlives the request, so nobody could take it in earnest.
	 */
	assert_int_equal(db_number(stage->pg,
				 "SELECT count(*) FROM lease WHERE expires_at >"
				 " clock_timestamp() + interval '5 s'"),
		1);
	db_script(stage->pg,
		"UPDATE lease SET owner = 'other', epoch = epoch + 1,"
		" expires_at = clock_timestamp() + interval '1 hour'");
	clock_sleep(3 * INSTANT_SECOND);
	assert_int_equal(server->count, 1);
	assert_int_equal(
		db_number(stage->pg, "SELECT count(*) FROM attempt"), 0);
	assert_int_equal(
		db_number(stage->pg, "SELECT count(*) FROM outbox"), 0);
	stage_end(stage);
	scripted_end_all(server);
}

static void test_dispatch__two_notifiers_tell_it_once(void **state)
{
	const struct step steps[] = {{.code = 201, .body = CREATED}};
	struct scripted *server = scripted_begin(steps, 1);
	struct stage *stage = begin("thehive", server->url, key_file());
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct dispatch *other = NULL;

	(void)state;
	stage_run(stage);
	db_ok(dispatch_open(&stage->settings, &other, &stage->reason),
		&stage->reason);
	service_start(stage->service, "other", dispatch_loop, other);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage, "SELECT count(*) FROM case_link", 1);
	clock_sleep(2 * INSTANT_SECOND);
	assert_int_equal(server->count, 1);
	stage_stop(stage);
	dispatch_close(&other);
	stage_end(stage);
	scripted_end_all(server);
}

/* The stage frees its files itself. */
static void forget(void *text)
{
	memory_free(text);
}

static void test_dispatch__speaks_by_other_files_at_once(void **state)
{
	const struct step steps[] = {{.code = 401}, {.code = 200}};
	struct scripted *server = scripted_begin(steps, 2);
	struct stage *stage = begin("alertmanager", server->url, "");
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct directory *directory = memory_new(sizeof(*directory));
	struct dispatch_wire wire;
	struct book *book;
	struct edition *edition;

	(void)state;
	stage->settings.refresh_every = INSTANT_MINUTE;
	stage_run(stage);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage, "SELECT count(*) FROM attempt WHERE code = 401", 1);
	/* It is barred and would wait long; another key is tried at once. */
	directory->roles = stage->roles;
	directory->routes = stage->routes;
	book = book_new(directory, forget);
	edition = book_get(book);
	db_ok(dispatch_wire_open(stage->dispatches[0],
		      routes_sink_at(stage->routes, 0), edition, &wire,
		      &stage->reason),
		&stage->reason);
	edition_unref(&edition);
	book_free(&book);
	dispatch_rewire(stage->dispatches[0], &wire);
	assert_null(wire.line);
	stage_until(stage,
		"SELECT count(*) FROM notice WHERE outcome = 'delivered'", 1);
	stage_end(stage);
	scripted_end_all(server);
}

static void test_dispatch__what_is_gone_is_ended_there_first(void **state)
{
	const struct step steps[] = {{.code = 200}, {.code = 200}};
	struct scripted *server = scripted_begin(steps, 2);
	struct stage *stage = begin("alertmanager", server->url, "");
	struct verdict_record verdict = stage_verdict(stage, "a");
	struct verdict_record pass;
	struct dispatch_wire none = {0};
	int asked;

	(void)state;
	stage->settings.refresh_every = INSTANT_MINUTE;
	stage->settings.resolved_for = 0;
	stage_run(stage);
	assert_int_equal(stage_tell(stage, &verdict), OK);
	stage_until(stage,
		"SELECT count(*) FROM notice WHERE outcome = 'delivered'", 1);
	dispatch_rewire(stage->dispatches[0], &none);
	pass = stage_pass(verdict);
	assert_int_equal(stage_tell(stage, &pass), OK);
	stage_until(stage,
		"SELECT count(*) FROM attempt WHERE action = 'resolve'"
		" AND outcome = 'delivered'",
		1);
	stage_until(stage,
		"SELECT count(*) FROM lease WHERE name LIKE 'sink %'"
		" AND expires_at > clock_timestamp()",
		0);
	asked = (int)server->count;
	verdict = stage_verdict(stage, "c");
	assert_int_equal(stage_tell(stage, &verdict), OK);
	clock_sleep(INSTANT_SECOND);
	assert_int_equal(server->count, asked);
	stage_end(stage);
	scripted_end_all(server);
}
