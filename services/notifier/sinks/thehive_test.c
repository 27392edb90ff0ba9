/* SPDX-License-Identifier: Apache-2.0 */
/* Against a server that answers as TheHive 4.1 was seen to. */
#include "scripted.h"
#include "wire/json.h"

#define EPISODE                                                                \
	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define REF "00112233445566778899aabbccddeeff"
#define EXISTS                                                                 \
	"{\"type\":\"CreateError\",\"message\":\"Alert postern:eu:" REF        \
	" already exist in organisation soc\"}"
#define NOT_FOUND "{\"type\":\"NotFoundError\",\"message\":\"Alert not found\"}"
#define TRIPLE                                                                 \
	"\"type\":\"postern\",\"source\":\"eu\",\"sourceRef\":\"" REF "\""
#define ALERT(id, more) "{\"_id\":\"" id "\"," TRIPLE more "}"
#define NOBODY "\"case\":null,\"status\":\"New\""

struct fixture {
	struct arena *arena;
	struct scripted *server;
	struct sink_line *line;
	struct leave leave;
	struct verdict_record verdict;
	struct sink_notice notice;
	struct reason reason;
};

static struct fixture *begin(const struct step *steps, size_t count)
{
	static const struct sink_key keys[] = {{"shop", "key-of-shop"}};
	struct fixture *f = memory_new(sizeof(*f));
	struct sink_settings settings = {.name = "soc",
		.bearer = "key-of-all",
		.keys = keys,
		.key_count = 1,
		.source = "eu",
		.timeout = 2 * INSTANT_SECOND};

	f->arena = arena_new(64u << 20);
	f->server = scripted_begin(steps, count);
	settings.url = f->server->url;
	f->verdict = scripted_verdict();
	f->notice = (struct sink_notice){.action = NOTICE_CREATE,
		.verdict = &f->verdict,
		.episode = EPISODE,
		.role = "service-owner",
		.party = "shop",
		.party_key = "",
		.labels = "{\"alertname\":\"x\",\"owner\":\"shop\","
			  "\"criterion\":\"PO.3.2-a\"}",
		.opened = 1764230400 * INSTANT_SECOND,
		.ended = INSTANT_NEVER};
	assert_int_equal(
		sink_find("thehive")->open(&settings, &f->line, &f->reason),
		OK);
	return f;
}

static void end(struct fixture *f)
{
	sink_find("thehive")->close(&f->line);
	assert_null(f->line);
	scripted_end_all(f->server);
	arena_free(&f->arena);
	memory_free(f);
}

#define BEGIN(steps) begin(steps, sizeof(steps) / sizeof((steps)[0]))

static enum status send_it(struct fixture *f)
{
	struct sink_permit permit = {leave_ask, &f->leave};

	f->notice.outcome = (struct sink_outcome){0};
	return sink_find("thehive")->send(f->line, &permit, f->arena,
		clock_now(&clock_wall), &f->notice, 1, &f->reason);
}

static void comes_to(struct fixture *f, enum sink_result result, size_t calls)
{
	assert_int_equal(send_it(f), OK);
	if (f->notice.outcome.result != result)
		fail_msg("result %d: %s", (int)f->notice.outcome.result,
			f->notice.outcome.why);
	assert_int_equal(f->server->count, calls);
	assert_null(strstr(f->notice.outcome.why, "key-of"));
}

static void asked(
	struct fixture *f, size_t i, const char *method, const char *path)
{
	assert_string_equal(f->server->asked[i].method, method);
	assert_string_equal(f->server->asked[i].path, path);
}

static const struct json *sent(struct fixture *f, size_t i)
{
	const struct strbuf *body = &f->server->asked[i].body;
	const struct json *json;

	assert_int_equal(json_read(f->arena, body->text, body->length, &json,
				 &f->reason),
		OK);
	return json;
}

static void test_thehive__creates_with_observables(void **state)
{
	const struct step steps[] = {
		{.code = 201, .body = ALERT("~12", "," NOBODY)}};
	struct fixture *f = BEGIN(steps);
	const struct json *json;
	int64_t number;

	(void)state;
	comes_to(f, SINK_DELIVERED, 1);
	asked(f, 0, "POST", "/api/alert");
	assert_string_equal(
		f->server->asked[0].authorization, "Bearer key-of-all");
	assert_string_equal(f->notice.link.alert, "~12");
	assert_null(f->notice.link.case_id);
	json = sent(f, 0);
	assert_string_equal(json_text_at(json, "type", ""), "postern");
	assert_string_equal(json_text_at(json, "source", ""), "eu");
	assert_string_equal(json_text_at(json, "sourceRef", ""), REF);
	assert_true(json_integer(json_get(json, "severity"), &number));
	assert_int_equal(number, 3);
	assert_true(json_integer(json_get(json, "date"), &number));
	assert_int_equal(number, 1764230400000);
	assert_true(json_integer(json_get(json, "tlp"), &number));
	assert_int_equal(number, 2);
	/* Without the repeat and without the empty one. */
	assert_int_equal(json_count(json_get(json, "artifacts")), 4);
	assert_string_equal(
		json_text_at(json, "artifacts.1.dataType", ""), "hash");
	assert_string_equal(json_text_at(json, "artifacts.1.data", ""), "00ff");
	assert_string_equal(
		json_text_at(json, "artifacts.3.dataType", ""), "fqdn");
	assert_string_equal(json_text_at(json, "tags.0", ""), "postern");
	assert_string_equal(json_text_at(json, "tags.1", ""), "ssdf:PO.3.2");
	assert_string_equal(json_text_at(json, "tags.2", ""), "owner:shop");
	assert_int_equal(f->leave.asked, 1);
	end(f);
}

static void test_thehive__each_party_has_its_key(void **state)
{
	const struct step steps[] = {
		{.code = 201, .body = ALERT("~12", "," NOBODY)}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.party_key = "shop";
	comes_to(f, SINK_DELIVERED, 1);
	assert_string_equal(
		f->server->asked[0].authorization, "Bearer key-of-shop");
	f->notice.party_key = "gone";
	comes_to(f, SINK_AGAIN, 1);
	end(f);
}

/* Answers to a PATCH must show what was asked for, so they are made of it. */
static const char *patched(struct fixture *f, size_t i, const char *more)
{
	return arena_printf(f->arena,
		"{\"_id\":\"~12\"," TRIPLE ",\"severity\":3,%s"
		"\"description\":%s}",
		more,
		json_rewrite(f->arena, json_get(sent(f, i), "description"),
			&(size_t){0}));
}

static void test_thehive__what_exists_is_found_and_its_twins_marked(void **s)
{
	struct step steps[] = {{.code = 400, .body = EXISTS},
		{.code = 200,
			.body = "[" ALERT("~9000", "," NOBODY) "," ALERT(
				"~800", "," NOBODY) "," ALERT("~8001",
				",\"description\":\"Duplicate of alert ~800: "
				"x\",\"case\":null") ",{\"_id\":\"~1\","
						     "\"type\":\"other\"}]"},
		{.code = 200, .body = ALERT("~9000", "," NOBODY)},
		{.code = 200, .body = "{}"}};
	struct fixture *f = BEGIN(steps);

	(void)s;
	/* The last answer shows another description: not taken as done. */
	comes_to(f, SINK_AGAIN, 4);
	asked(f, 1, "POST", "/api/alert/_search");
	assert_string_equal(
		json_text_at(sent(f, 1), "query._and.2._value", ""), REF);
	asked(f, 2, "PATCH", "/api/alert/~9000");
	assert_true(json_true(json_get(sent(f, 2), "read")));
	assert_non_null(strstr(json_text_at(sent(f, 2), "description", ""),
		"Duplicate of alert ~800"));
	asked(f, 3, "PATCH", "/api/alert/~800");
	assert_string_equal(f->notice.link.alert, "~800");
	/* Again, with an answer that shows it. */
	steps[3].body = patched(f, 3, "\"status\":\"New\",");
	f->server->first = 4;
	/* The ninth, an observable, is not answered: the next update's. */
	comes_to(f, SINK_DELIVERED, 9);
	end(f);
}

static void test_thehive__other_refusals_are_for_good(void **state)
{
	const struct step steps[] = {
		{.code = 400,
			.body = "{\"type\":\"AttributeCheckingError\","
				"\"message\":\"[Attribute date is missing]\"}"},
		{.code = 400,
			.body = "{\"type\":\"CreateError\",\"message\":"
				"\"Observable already exists\"}"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	comes_to(f, SINK_FAILED, 1);
	assert_int_equal(f->notice.outcome.code, 400);
	assert_non_null(strstr(f->notice.outcome.why, "date is missing"));
	comes_to(f, SINK_FAILED, 2);
	end(f);
}

static void test_thehive__refused_credentials_bar_all(void **state)
{
	const struct step steps[] = {
		{.code = 401,
			.body = "{\"type\":\"AuthenticationError\","
				"\"message\":\"Authentication failure\"}"},
		{.code = 403,
			.body = "{\"type\":\"AuthorizationError\","
				"\"message\":\"Operation not permitted\"}"},
		{.code = 404,
			.body = "{\"type\":\"NotFoundError\","
				"\"message\":\"/api/alert\"}"},
		{.code = 400,
			.type = "text/plain",
			.body = "sent an HTTP request to an HTTPS server"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	for (size_t i = 1; i <= 4; i++)
		comes_to(f, SINK_BARRED, i);
	end(f);
}

static void test_thehive__a_refused_key_is_not_tried_again(void **state)
{
	const struct step steps[] = {
		{.code = 401, .body = "{\"type\":\"AuthenticationError\"}"},
		{.code = 201, .body = ALERT("~12", "," NOBODY)}};
	struct fixture *f = BEGIN(steps);
	struct sink_permit permit = {leave_ask, &f->leave};
	struct sink_notice notices[3] = {f->notice, f->notice, f->notice};

	(void)state;
	notices[2].party_key = "shop";
	assert_int_equal(
		sink_find("thehive")->send(f->line, &permit, f->arena,
			clock_now(&clock_wall), notices, 3, &f->reason),
		OK);
	assert_int_equal(notices[0].outcome.result, SINK_BARRED);
	assert_int_equal(notices[1].outcome.result, SINK_UNTRIED);
	assert_int_equal(notices[2].outcome.result, SINK_DELIVERED);
	assert_int_equal(f->server->count, 2);
	end(f);
}

static void test_thehive__a_gateways_error_leaves_doubt(void **state)
{
	const struct step steps[] = {
		{.code = 502,
			.type = "text/html",
			.body = "<html>Bad Gateway</html>"},
		{.code = 503, .type = "text/plain", .retry_after = 9},
		{.code = 0}, {.code = 200, .type = "text/html", .body = "<p>"},
		{.code = 500,
			.body = "{\"type\":\"InternalError\","
				"\"message\":\"x\"}"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	for (size_t i = 1; i <= 4; i++) {
		comes_to(f, SINK_AWAY, i);
		assert_true(f->notice.outcome.doubtful);
		if (i == 2)
			assert_int_equal(
				f->notice.outcome.wait, 9 * INSTANT_SECOND);
	}
	comes_to(f, SINK_AGAIN, 5);
	assert_true(f->notice.outcome.doubtful);
	end(f);
}

static void test_thehive__after_a_doubt_it_reads_back(void **state)
{
	struct step steps[] = {{.code = 201, .body = ALERT("~12", "," NOBODY)},
		{.code = 200,
			.body = "[" ALERT("~12", "," NOBODY) "," ALERT(
				"~11", "," NOBODY) "]"},
		{.code = 200, .body = ALERT("~12", "," NOBODY)},
		{.code = 404, .body = NOT_FOUND}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.doubtful = true;
	comes_to(f, SINK_AGAIN, 4);
	asked(f, 2, "PATCH", "/api/alert/~12");
	asked(f, 3, "PATCH", "/api/alert/~11");
	end(f);
}

static void test_thehive__a_large_body_is_cut_once(void **state)
{
	const struct step steps[] = {
		{.code = 413,
			.body = "{\"type\":\"Unknown\",\"message\":"
				"\"Request Entity Too Large\"}"},
		{.code = 201, .body = ALERT("~12", "," NOBODY)}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	comes_to(f, SINK_DELIVERED, 2);
	end(f);
}

static void test_thehive__creates_without_what_it_does_not_know(void **state)
{
	const struct step steps[] = {
		{.code = 404,
			.body = "{\"type\":\"NotFoundError\",\"message\":"
				"\"Observable type fqdn not found\"}"},
		{.code = 201, .body = ALERT("~12", "," NOBODY)}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	comes_to(f, SINK_DELIVERED, 2);
	assert_null(json_get(sent(f, 1), "artifacts"));
	end(f);
}

static void test_thehive__updates_and_keeps_peoples_tags(void **state)
{
	struct step steps[] = {
		{.code = 200,
			.body = ALERT("~12",
				",\"tags\":[\"mine\"],"
				"\"artifacts\":[{\"dataType\":\"hash\","
				"\"data\":\"00ff\"}]," NOBODY)},
		{.code = 200, .body = "{}"}, {.code = 0}, {.code = 0},
		{.code = 0}};
	struct fixture *f = BEGIN(steps);
	const struct json *tags;

	(void)state;
	f->notice.action = NOTICE_UPDATE;
	f->notice.link.alert = "~12";
	comes_to(f, SINK_AGAIN, 2);
	asked(f, 0, "GET", "/api/alert/~12");
	asked(f, 1, "PATCH", "/api/alert/~12");
	tags = json_get(sent(f, 1), "tags");
	assert_int_equal(json_count(tags), 5);
	assert_string_equal(json_text_at(tags, "4", ""), "mine");
	assert_null(json_get(sent(f, 1), "read"));
	/* Observables that are not there yet follow one by one. */
	steps[1].body = patched(f, 1, "\"status\":\"New\",");
	steps[2] = (struct step){.code = 201, .body = "[]"};
	steps[3] = (struct step){.code = 207,
		.body = "{\"success\":[],\"failure\":[{\"type\":"
			"\"CreateError\",\"message\":\"Observable already "
			"exists\"}]}"};
	steps[4] = (struct step){.code = 404, .body = NOT_FOUND};
	f->server->first = 2;
	comes_to(f, SINK_DELIVERED, 7);
	asked(f, 4, "POST", "/api/alert/~12/artifact");
	assert_string_equal(json_text_at(sent(f, 4), "data", ""), "CVE-2026-1");
	end(f);
}

static void test_thehive__one_404_proves_nothing(void **state)
{
	const struct step steps[] = {{.code = 404, .body = NOT_FOUND},
		{.code = 200, .body = "[" ALERT("~12", "," NOBODY) "]"},
		{.code = 404, .body = NOT_FOUND}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.action = NOTICE_UPDATE;
	f->notice.link.alert = "~12";
	comes_to(f, SINK_AGAIN, 3);
	end(f);
}

static void test_thehive__what_was_deleted_is_left_alone(void **state)
{
	const struct step steps[] = {{.code = 404, .body = NOT_FOUND},
		{.code = 200, .body = "[]"}, {.code = 404, .body = NOT_FOUND},
		{.code = 404, .body = NOT_FOUND}, {.code = 200, .body = "[]"},
		{.code = 404, .body = NOT_FOUND}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.action = NOTICE_UPDATE;
	f->notice.link.alert = "~12";
	comes_to(f, SINK_FAILED, 3);
	f->notice.action = NOTICE_CLOSE;
	comes_to(f, SINK_DELIVERED, 6);
	end(f);
}

static void test_thehive__promotes_to_a_case_once(void **state)
{
	const struct step steps[] = {
		{.code = 200, .body = ALERT("~12", "," NOBODY)},
		{.code = 201, .body = "{\"_id\":\"~70\",\"caseId\":6}"},
		{.code = 200, .body = ALERT("~12", ",\"case\":\"~70\"")}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.action = NOTICE_PROMOTE;
	f->notice.link.alert = "~12";
	comes_to(f, SINK_DELIVERED, 2);
	asked(f, 1, "POST", "/api/alert/~12/createCase");
	assert_string_equal(f->notice.link.case_id, "~70");
	assert_int_equal(f->notice.link.case_number, 6);
	comes_to(f, SINK_DELIVERED, 3);
	assert_int_equal(f->notice.link.case_number, 6);
	end(f);
}

static void test_thehive__closes_by_marking_as_read(void **state)
{
	struct step steps[] = {{.code = 200, .body = ALERT("~12", "," NOBODY)},
		{.code = 200, .body = "{}"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.action = NOTICE_CLOSE;
	f->notice.ended = f->notice.opened + INSTANT_HOUR;
	f->notice.link.alert = "~12";
	f->verdict.verdict = VERDICT_PASS;
	comes_to(f, SINK_AGAIN, 2);
	assert_true(json_true(json_get(sent(f, 1), "read")));
	assert_null(json_get(sent(f, 1), "severity"));
	assert_non_null(strstr(json_text_at(sent(f, 1), "description", ""),
		"**Resolved** at 2025-11-27T09:00:00Z: it is pass now"));
	steps[1].body = patched(f, 1, "\"status\":\"Ignored\",");
	f->server->first = 2;
	comes_to(f, SINK_DELIVERED, 4);
	/* Still New: the 200 was no proof. */
	steps[1].body = patched(f, 1, "\"status\":\"New\",");
	f->server->first = 4;
	comes_to(f, SINK_AGAIN, 6);
	end(f);
}

static void test_thehive__an_imported_one_is_told_on_its_case(void **state)
{
	const struct step steps[] = {
		{.code = 200,
			.body = ALERT("~12",
				",\"case\":\"~70\",\"status\":\"Imported\"")},
		{.code = 200,
			.body = "{\"_id\":\"~70\",\"description\":\"What we "
				"found by hand.\"}"},
		{.code = 200, .body = "{\"_id\":\"~70\"}"}};
	struct fixture *f = BEGIN(steps);
	const char *text;

	(void)state;
	f->notice.action = NOTICE_UPDATE;
	f->notice.link.alert = "~12";
	comes_to(f, SINK_AGAIN, 3); /* the answer does not show it */
	asked(f, 1, "GET", "/api/case/~70");
	asked(f, 2, "PATCH", "/api/case/~70");
	text = json_text_at(sent(f, 2), "description", "");
	assert_memory_equal(text, "What we found by hand.\n\n**Postern**", 35);
	assert_string_equal(f->notice.link.case_id, "~70");
	end(f);
}

static void test_thehive__asks_for_leave_before_each_request(void **state)
{
	const struct step steps[] = {{.code = 400, .body = EXISTS},
		{.code = 200, .body = "[" ALERT("~12", "," NOBODY) "]"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->leave.most = 2;
	assert_int_equal(send_it(f), REJECT);
	assert_int_equal(f->server->count, 2);
	end(f);
}

static void test_thehive__the_rest_waits_while_it_is_away(void **state)
{
	const struct step steps[] = {{.code = 0}};
	struct fixture *f = BEGIN(steps);
	struct sink_permit permit = {leave_ask, &f->leave};
	struct sink_notice notices[2] = {f->notice, f->notice};

	(void)state;
	assert_int_equal(
		sink_find("thehive")->send(f->line, &permit, f->arena,
			clock_now(&clock_wall), notices, 2, &f->reason),
		OK);
	assert_int_equal(notices[0].outcome.result, SINK_AWAY);
	assert_int_equal(notices[1].outcome.result, SINK_UNTRIED);
	end(f);
}

static void test_thehive__resolves_a_case_that_is_its_own(void **state)
{
	const struct step steps[] = {
		{.code = 200,
			.body = ALERT("~12",
				",\"case\":\"~70\",\"status\":\"Imported\"")},
		{.code = 200, .body = "{\"_id\":\"~70\",\"status\":\"Open\"}"},
		{.code = 200, .body = "{\"_id\":\"~70\",\"status\":\"Open\"}"}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notice.action = NOTICE_CLOSE;
	f->notice.ended = f->notice.opened + INSTANT_HOUR;
	f->notice.link = (struct sink_link){"~12", "~70", 6};
	f->verdict.verdict = VERDICT_PASS;
	f->verdict.episode_kind = EPISODE_FAIL;
	comes_to(f, SINK_AGAIN, 3);
	assert_string_equal(json_text_at(sent(f, 2), "status", ""), "Resolved");
	assert_string_equal(json_text_at(sent(f, 2), "resolutionStatus", ""),
		"TruePositive");
	/* One that people made of the alert stays theirs. */
	f->server->first = 3;
	f->notice.link.case_number = 0;
	comes_to(f, SINK_AGAIN, 6);
	assert_null(json_get(sent(f, 5), "status"));
	end(f);
}
