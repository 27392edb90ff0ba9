/* SPDX-License-Identifier: Apache-2.0 */
/* Against a server that answers as Alertmanager was seen to; the real one is
 * asked in tests/notifier. */
#include "scripted.h"
#include "wire/json.h"

struct fixture {
	struct arena *arena;
	struct scripted *server;
	struct sink_line *line;
	struct leave leave;
	struct verdict_record verdict;
	struct sink_notice notices[4];
	instant now;
	struct reason reason;
};

static struct fixture *begin(
	const struct step *steps, size_t count, struct sink_settings settings)
{
	struct fixture *f = memory_new(sizeof(*f));

	f->arena = arena_new(8u << 20);
	f->server = scripted_begin(steps, count);
	f->verdict = scripted_verdict();
	f->now = 1764234000 * INSTANT_SECOND;
	for (int i = 0; i < 4; i++)
		f->notices[i] = (struct sink_notice){.action = NOTICE_FIRE,
			.verdict = &f->verdict,
			.episode = "e1",
			.role = "r",
			.party = "p",
			.party_key = "",
			.labels = arena_printf(
				f->arena, "{\"alertname\":\"A%d\"}", i),
			.opened = 1764230400 * INSTANT_SECOND,
			.ended = INSTANT_NEVER};
	settings.url = f->server->url;
	settings.timeout = 2 * INSTANT_SECOND;
	settings.ends_ahead = INSTANT_HOUR;
	settings.watchdog_ends_ahead = 4 * INSTANT_MINUTE;
	assert_int_equal(sink_find("alertmanager")
				 ->open(&settings, &f->line, &f->reason),
		OK);
	return f;
}

#define BEGIN(steps)                                                           \
	begin(steps, sizeof(steps) / sizeof((steps)[0]),                       \
		(struct sink_settings){0})

static void end(struct fixture *f)
{
	sink_find("alertmanager")->close(&f->line);
	assert_null(f->line);
	scripted_end_all(f->server);
	arena_free(&f->arena);
	memory_free(f);
}

static enum status send_them(struct fixture *f, size_t count)
{
	struct sink_permit permit = {leave_ask, &f->leave};

	return sink_find("alertmanager")
		->send(f->line, &permit, f->arena, f->now, f->notices, count,
			&f->reason);
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

static void test_alertmanager__says_all_of_an_alert_each_time(void **state)
{
	const struct step steps[] = {{.code = 200}};
	struct fixture *f = BEGIN(steps);
	const struct json *json;

	(void)state;
	f->notices[1].ended = f->now - INSTANT_MINUTE;
	f->notices[2].ended = f->now + INSTANT_MINUTE; /* a clock runs ahead */
	f->notices[3].verdict = NULL;
	assert_int_equal(send_them(f, 4), OK);
	assert_string_equal(f->server->asked[0].path, "/api/v2/alerts");
	assert_string_equal(f->server->asked[0].authorization, "");
	json = sent(f, 0);
	assert_int_equal(json_count(json), 4);
	assert_string_equal(json_text_at(json, "0.labels.alertname", ""), "A0");
	assert_string_equal(
		json_text_at(json, "0.startsAt", ""), "2025-11-27T08:00:00Z");
	assert_string_equal(
		json_text_at(json, "0.endsAt", ""), "2025-11-27T10:00:00Z");
	assert_string_equal(json_text_at(json, "0.annotations.why", ""),
		"finding.CVE-2026-1: due 2026-11-20");
	assert_string_equal(
		json_text_at(json, "1.endsAt", ""), "2025-11-27T08:59:00Z");
	assert_string_equal(
		json_text_at(json, "2.endsAt", ""), "2025-11-27T09:00:00Z");
	assert_string_equal(
		json_text_at(json, "3.endsAt", ""), "2025-11-27T09:04:00Z");
	for (int i = 0; i < 4; i++)
		assert_int_equal(f->notices[i].outcome.result, SINK_DELIVERED);
	end(f);
}

static void test_alertmanager__an_end_is_never_before_its_start(void **state)
{
	const struct step steps[] = {{.code = 200}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->notices[0].opened = f->now + INSTANT_HOUR;
	f->notices[0].ended = f->now - INSTANT_HOUR;
	assert_int_equal(send_them(f, 1), OK);
	assert_string_equal(json_text_at(sent(f, 0), "0.startsAt", "x"),
		json_text_at(sent(f, 0), "0.endsAt", "y"));
	end(f);
}

static void test_alertmanager__finds_the_one_that_is_refused(void **state)
{
	const struct step steps[] = {{.code = 400, .body = "\"bad\""},
		{.code = 200}, {.code = 400, .body = "\"bad\""},
		{.code = 400, .body = "\"invalid label set\""}, {.code = 200}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	assert_int_equal(send_them(f, 4), OK);
	assert_int_equal(f->server->count, 5);
	assert_int_equal(f->leave.asked, 5);
	assert_int_equal(f->notices[0].outcome.result, SINK_DELIVERED);
	assert_int_equal(f->notices[1].outcome.result, SINK_DELIVERED);
	assert_int_equal(f->notices[2].outcome.result, SINK_FAILED);
	assert_int_equal(f->notices[2].outcome.code, 400);
	assert_non_null(strstr(f->notices[2].outcome.why, "invalid label set"));
	assert_int_equal(f->notices[3].outcome.result, SINK_DELIVERED);
	end(f);
}

static void comes_to(struct fixture *f, enum sink_result result)
{
	assert_int_equal(send_them(f, 1), OK);
	if (f->notices[0].outcome.result != result)
		fail_msg("request %zu: %d %s", f->server->count,
			(int)f->notices[0].outcome.result,
			f->notices[0].outcome.why);
}

static void test_alertmanager__sorts_answers(void **state)
{
	const struct step steps[] = {{.code = 503, .retry_after = 5},
		{.code = 429}, {.code = 0},
		{.code = 401, .type = "text/plain", .body = "Unauthorized"},
		{.code = 404}, {.code = 302},
		{.code = 400,
			.type = "text/plain; charset=utf-8",
			.body = "Client sent an HTTP request to an HTTPS "
				"server."},
		{.code = 422, .body = "{\"code\":601}"}, {.code = 413},
		{.code = 204}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	comes_to(f, SINK_AWAY);
	assert_int_equal(f->notices[0].outcome.wait, 5 * INSTANT_SECOND);
	comes_to(f, SINK_AWAY);
	comes_to(f, SINK_AWAY);
	assert_true(f->notices[0].outcome.doubtful);
	for (int i = 0; i < 4; i++)
		comes_to(f, SINK_BARRED);
	comes_to(f, SINK_FAILED);
	comes_to(f, SINK_FAILED);
	comes_to(f, SINK_DELIVERED);
	end(f);
}

static void test_alertmanager__proves_who_it_is(void **state)
{
	const struct step steps[] = {{.code = 200}, {.code = 200}};
	struct fixture *f = begin(
		steps, 1, (struct sink_settings){.user = "u", .password = "p"});

	(void)state;
	comes_to(f, SINK_DELIVERED);
	assert_string_equal(f->server->asked[0].authorization, "Basic dTpw");
	end(f);
	f = begin(steps, 1, (struct sink_settings){.bearer = "token"});
	comes_to(f, SINK_DELIVERED);
	assert_string_equal(f->server->asked[0].authorization, "Bearer token");
	end(f);
}

static void test_alertmanager__without_leave_nothing_is_said(void **state)
{
	const struct step steps[] = {{.code = 400, .body = "\"bad\""}};
	struct fixture *f = BEGIN(steps);

	(void)state;
	f->leave.most = 1;
	assert_int_equal(send_them(f, 2), REJECT);
	assert_int_equal(f->server->count, 1);
	end(f);
}
