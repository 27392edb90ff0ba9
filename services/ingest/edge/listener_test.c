/* SPDX-License-Identifier: Apache-2.0 */
/* The real listener over loopback, with sockets that behave and that don't. */
#include "edge/listener_testing.h"

static void test_listener__accepts_what_is_signed(void **state)
{
	struct fixture f = {0};

	(void)state;
	begin(&f);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("s3cret", "{}", 2), "{}", 2),
		200);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("old-one", "[]", 2), "[]", 2),
		200);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("s3cret", "", 0), "", 0), 200);
	assert_int_equal(post(&f, "/v1/hooks/path-a/s3cret", "", "p", 1), 200);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 201);
	assert_non_null(strstr(f.answer, "{\"status\":\"ok\"}"));
	assert_non_null(strstr(f.answer, "application/json"));
	assert_int_equal(
		metric_value(f.rig.metrics, METER_ACCEPTED, "git-a"), 3);
	stop(&f);
	expect_topic(&f, "{} []  p t ");
	end(&f);
}

static void test_listener__says_the_same_to_all_strangers(void **state)
{
	struct fixture f = {0};
	char first[8192], *date;
	const char *old = sign("s3cret", "{}", 2);
	const struct {
		const char *path, *headers, *reason;
	} rows[] = {
		{"/v1/hooks/nobody", KEY, "unknown-source"},
		{"/v1/hooks/git-a", "", "missing"},
		{"/v1/hooks/git-a", "X-Signature-256: sha256=0\r\n",
			"malformed"},
		{"/v1/hooks/git-a", old, "wrong"},
		{"/v1/hooks/scan-a", "X-Hook-Key: s3cre\r\n", "wrong"},
		{"/v1/hooks/scan-a", KEY KEY, "repeated"},
		{"/v1/hooks/path-a", KEY, "missing"},
		{"/v1/hooks/path-a/s3cre", "", "wrong"},
		{"/v1/hooks/scan-a/x", KEY, "malformed"},
		{"/v1/hooks/far-a", KEY, "network"},
		{"/v1/hooks/git-a%00", KEY, "unknown-source"},
		{"/v1/hooks/%2e%2e", KEY, "unknown-source"},
	};
	int64_t before;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		before = metric_value(
			f.rig.metrics, METER_UNAUTHENTICATED, rows[i].reason);
		if (post(&f, rows[i].path, rows[i].headers, "[]", 2) != 401)
			fail_msg("%s: %s", rows[i].path, f.answer);
		assert_int_equal(metric_value(f.rig.metrics,
					 METER_UNAUTHENTICATED, rows[i].reason),
			before + 1);
		date = strcasestr(f.answer, "date: ");
		if (date)
			memset(date, 'x', strcspn(date, "\r"));
		if (i == 0)
			memcpy(first, f.answer, sizeof(first));
		assert_string_equal(f.answer, first);
	}
	stop(&f);
	expect_topic(&f, "");
	end(&f);
}

/* What comes back for a head alone, and then for its body; "-": nothing yet. */
static void probe(struct fixture *f, const char *path, const char *headers,
	char *ret, size_t room)
{
	struct pollfd answer = {.fd = dial(f), .events = POLLIN};
	char head[1000], *date;

	snprintf(head, sizeof(head),
		"POST %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: 2\r\n\r\n",
		path, headers);
	say(answer.fd, head, strlen(head));
	snprintf(ret, room, "%s", poll(&answer, 1, 300) ? "at once " : "- ");
	say(answer.fd, "[]", 2);
	assert_int_equal(hear(f, answer.fd), 401);
	date = strcasestr(f->answer, "date: ");
	if (date)
		memset(date, 'x', strcspn(date, "\r"));
	snprintf(ret + strlen(ret), room - strlen(ret), "%s", f->answer);
	close(answer.fd);
}

/* Whether the only source signs bodies or shows a token. */
static void expect_no_difference(struct fixture *f, const char *only,
	const char *known, const char *headers, const char *begins)
{
	struct sources *sources = load(only);
	char one[9000], other[9000];

	source_book_set(f->book, &sources);
	probe(f, known, headers, one, sizeof(one));
	probe(f, "/v1/hooks/nobody", headers, other, sizeof(other));
	assert_string_equal(one, other);
	if (strncmp(one, begins, strlen(begins)) != 0)
		fail_msg("%s: %s", headers, one);
}

static void test_listener__tells_nobody_which_sources_there_are(void **state)
{
	static const char signs[] =
		"sources: [{name: git-a, tool: git, secrets: [{env: "
		"EDGE_NEW}]}]\n";
	static const char shows[] =
		"sources: [{name: scan-a, tool: scan, secrets: [{env: "
		"EDGE_NEW}]}]\n";
	struct fixture f = {0};
	int64_t before;

	(void)state;
	begin(&f);
	expect_no_difference(
		&f, signs, "/v1/hooks/git-a", sign("another", "[]", 2), "- ");
	expect_no_difference(
		&f, signs, "/v1/hooks/git-a", "X-A: b\r\n", "at once ");
	expect_no_difference(&f, shows, "/v1/hooks/scan-a",
		"X-Hook-Key: s3cre\r\n", "at once ");
	/* Proof of the one it is treated as proves nothing. */
	before = metric_value(
		f.rig.metrics, METER_UNAUTHENTICATED, "unknown-source");
	assert_int_equal(post(&f, "/v1/hooks/nobody", KEY, "[]", 2), 401);
	{
		struct sources *sources = load(signs);

		source_book_set(f.book, &sources);
	}
	assert_int_equal(
		post(&f, "/v1/hooks/nobody", sign("s3cret", "[]", 2), "[]", 2),
		401);
	assert_int_equal(metric_value(f.rig.metrics, METER_UNAUTHENTICATED,
				 "unknown-source"),
		before + 2);
	stop(&f);
	expect_topic(&f, "");
	end(&f);
}

static void test_listener__knows_one_route(void **state)
{
	static const char get[] =
		"GET /v1/hooks/git-a HTTP/1.1\r\nHost: h\r\n\r\n";
	struct fixture f = {0};
	int fd;

	(void)state;
	begin(&f);
	assert_int_equal(post(&f, "/metrics", "", "", 0), 404);
	assert_int_equal(post(&f, "/v1/hooks/", KEY, "", 0), 404);
	assert_int_equal(post(&f, "/", "", "xx", 2), 404);
	fd = dial(&f);
	say(fd, get, sizeof(get) - 1);
	assert_int_equal(hear(&f, fd), 405);
	close(fd);
	end(&f);
}

static void test_listener__reads_chunks_as_one_body(void **state)
{
	struct fixture f = {0};
	char text[500];
	int fd;

	(void)state;
	begin(&f);
	fd = dial(&f);
	snprintf(text, sizeof(text),
		"POST /v1/hooks/git-a HTTP/1.1\r\nHost: h\r\n%s"
		"Transfer-Encoding: chunked\r\n\r\n"
		"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
		sign("s3cret", "abcde", 5));
	say(fd, text, strlen(text));
	assert_int_equal(hear(&f, fd), 200);
	close(fd);
	stop(&f);
	expect_topic(&f, "abcde ");
	end(&f);
}

static bool broken_off(void *context)
{
	struct fixture *f = context;

	return metric_value(f->rig.metrics, METER_REFUSED, "broken-off") > 0;
}

static void test_listener__takes_no_part_for_a_whole(void **state)
{
	struct fixture f = {0};
	char text[500];
	int fd;

	(void)state;
	begin(&f);
	fd = dial(&f);
	snprintf(text, sizeof(text),
		"POST /v1/hooks/scan-a HTTP/1.1\r\nHost: h\r\n" KEY
		"Content-Length: 10\r\n\r\nabcde");
	say(fd, text, strlen(text));
	shutdown(fd, SHUT_WR);
	assert_int_not_equal(hear(&f, fd), 201);
	close(fd);
	assert_true(rig_until(5 * INSTANT_SECOND, broken_off, &f));
	/* Two lengths, and none that is one: refused before us. */
	assert_int_equal(post(&f, "/v1/hooks/scan-a",
				 KEY "Content-Length: 1\r\n", "ab", 2),
		400);
	assert_int_equal(post(&f, "/v1/hooks/scan-a",
				 KEY "Transfer-Encoding: chunked\r\n", "ab", 2),
		400);
	stop(&f);
	expect_topic(&f, "");
	end(&f);
}

static void test_listener__cuts_off_who_trickles(void **state)
{
	struct fixture f = {.whole = INSTANT_SECOND};
	instant began = clock_monotonic();
	char text[500];
	int fd, code;

	(void)state;
	begin(&f);
	fd = dial(&f);
	snprintf(text, sizeof(text),
		"POST /v1/hooks/scan-a HTTP/1.1\r\nHost: h\r\n" KEY
		"Content-Length: 100\r\n\r\n");
	say(fd, text, strlen(text));
	for (int i = 0; i < 30; i++) {
		clock_sleep(100000);
		if (send(fd, "a", 1, MSG_NOSIGNAL) != 1)
			break;
	}
	code = hear(&f, fd);
	assert_true(code == 0 || code == 408);
	assert_true(clock_monotonic() - began < 8 * INSTANT_SECOND);
	close(fd);
	assert_true(rig_until(5 * INSTANT_SECOND, broken_off, &f));
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 201);
	end(&f);
}

static void test_listener__survives_what_is_no_request(void **state)
{
	struct fixture f = {0};
	char *huge = memory_new(200000);
	static const char nul[] = "POST /v1/hooks/a\0b HTTP/1.1\r\nHost: h\r\n"
				  "Content-Length: 0\r\n\r\n";
	int fd, code;

	(void)state;
	begin(&f);
	memset(huge, 'a', 199999);
	memcpy(huge, "POST /v1/hooks/scan-a HTTP/1.1\r\nX-Large: ", 41);
	fd = dial(&f);
	send(fd, huge, 199999, MSG_NOSIGNAL);
	code = hear(&f, fd);
	assert_true(code == 0 || (code >= 400 && code < 500));
	close(fd);
	fd = dial(&f);
	say(fd, nul, sizeof(nul) - 1);
	shutdown(fd, SHUT_WR);
	code = hear(&f, fd);
	assert_true(code == 0 || (code >= 400 && code < 500));
	close(fd);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 201);
	memory_free(huge);
	end(&f);
}

static void test_listener__refuses_a_signed_body_that_is_too_large(void **state)
{
	struct fixture f = {0};
	size_t size = (64u << 10) + 1;
	char *body = memory_new(size), head[500];
	int fd;

	(void)state;
	begin(&f);
	memset(body, 'x', size);
	assert_int_equal(post(&f, "/v1/hooks/git-a", sign("s3cret", body, size),
				 body, size),
		413);
	fd = dial(&f);
	snprintf(head, sizeof(head),
		"POST /v1/hooks/git-a HTTP/1.1\r\nHost: h\r\n%s"
		"Transfer-Encoding: chunked\r\n\r\n10001\r\n",
		sign("s3cret", body, size));
	say(fd, head, strlen(head));
	say(fd, body, size);
	say(fd, "\r\n0\r\n\r\n", 7);
	assert_int_equal(hear(&f, fd), 413);
	close(fd);
	assert_int_equal(
		metric_value(f.rig.metrics, METER_OVERSIZED, "git-a"), 2);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("s3cret", body, size - 1),
			body, size - 1),
		200);
	memory_free(body);
	end(&f);
}

static void test_listener__drains_for_whom_an_error_is_the_end(void **state)
{
	struct fixture f = {0};
	char body[3000], *all;

	(void)state;
	begin(&f);
	memset(body, 'x', sizeof(body));
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, body, 3000), 201);
	/* A stranger gets no such favour. */
	assert_int_equal(post(&f, "/v1/hooks/scan-a", "", body, 3000), 401);
	stop(&f);
	expect_topic(&f, "");
	all = rig_read(&f.rig, "t.rejected");
	assert_non_null(strstr(all, "\"size\":3000"));
	assert_non_null(strstr(all, "\"stage\":\"edge\""));
	assert_non_null(strstr(all, "\"oversized\":true"));
	assert_non_null(strstr(all, "\"adapter\":\"scan/3\""));
	assert_non_null(strstr(all, "sha256:e1630f843370f402870799e14abbf2b0"
				    "6af2d23b0153658e1211dffabc61ad8f"));
	free(all);
	end(&f);
}

static void test_listener__bounds_what_a_stranger_may_hold(void **state)
{
	struct fixture f = {.budget = {.total = 1u << 20,
				    .per_source = 1u << 20,
				    .per_peer = 10000}};
	char head[500], body[9000];
	int fd = 0;

	(void)state;
	begin(&f);
	memset(body, 'x', sizeof(body));
	fd = dial(&f);
	snprintf(head, sizeof(head),
		"POST /v1/hooks/git-a HTTP/1.1\r\nHost: h\r\n%s"
		"Content-Length: 9000\r\n\r\nx",
		sign("s3cret", body, 9000));
	say(fd, head, strlen(head));
	clock_sleep(200000);
	assert_int_equal(post(&f, "/v1/hooks/git-a", sign("s3cret", body, 2000),
				 body, 2000),
		503);
	assert_non_null(strcasestr(f.answer, "retry-after: "));
	/* Who proves itself in the head is not held up by it. */
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, body, 1000), 201);
	say(fd, body, 8999);
	assert_int_equal(hear(&f, fd), 200);
	close(fd);
	assert_int_equal(post(&f, "/v1/hooks/git-a", sign("s3cret", body, 2000),
				 body, 2000),
		200);
	end(&f);
}

static void test_listener__says_when_nothing_can_be_kept(void **state)
{
	struct fixture f = {
		.rig = {.brokers = "127.0.0.1:1", .spool_size = 600}};

	(void)state;
	begin(&f);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 201);
	while (post(&f, "/v1/hooks/git-a", sign("s3cret", "{}", 2), "{}", 2) ==
		200)
		;
	assert_non_null(strstr(f.answer, "HTTP/1.1 503"));
	assert_non_null(strcasestr(f.answer, "retry-after: "));
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 0);
	assert_string_equal(f.answer, "");
	end(&f);
}

static void test_listener__takes_a_new_secret_while_it_runs(void **state)
{
	struct fixture f = {0};
	struct sources *sources;

	(void)state;
	begin(&f);
	sources = load("sources:\n- {name: git-a, tool: git, secrets: [{env: "
		       "EDGE_OLD}]}\n");
	source_book_set(f.book, &sources);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("s3cret", "1", 1), "1", 1),
		401);
	assert_int_equal(
		post(&f, "/v1/hooks/git-a", sign("old-one", "1", 1), "1", 1),
		200);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "t", 1), 401);
	end(&f);
}

static void test_listener__answers_who_waits_when_it_stops(void **state)
{
	struct fixture f = {.rig = {.ack_deadline = INSTANT_SECOND}};
	char head[500];
	int fd;

	(void)state;
	begin(&f);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", KEY, "a", 1), 201);
	kafka_mock_down(f.rig.mock, true);
	fd = dial(&f);
	snprintf(head, sizeof(head),
		"POST /v1/hooks/scan-a HTTP/1.1\r\nHost: h\r\n" KEY
		"Content-Length: 1\r\n\r\nb");
	say(fd, head, strlen(head));
	clock_sleep(100000);
	stop(&f);
	assert_int_equal(hear(&f, fd), 201);
	close(fd);
	assert_int_equal(spool_count(f.rig.spool), 1);
	end(&f);
}

/* Headers of the first record: what is kept, and what never is. */
static void test_listener__keeps_headers_but_no_credential(void **state)
{
	struct fixture f = {.rig = {.brokers = "127.0.0.1:1"}};
	struct arena *arena = arena_new(1u << 20);
	struct spool_item item;
	struct reason reason;
	size_t count;
	char headers[1000];

	(void)state;
	begin(&f);
	snprintf(headers, sizeof(headers),
		"%sX-Event: push\r\nAuthorization: Bearer leak-1\r\n"
		"Cookie: a=leak-2\r\n"
		"X-Auth-Token: leak-4\r\nContent-Encoding: gzip\r\n"
		"Traceparent: 00-0123456789abcdef0123456789abcdef-"
		"0123456789abcdef-01\r\n",
		sign("s3cret", "{}", 2));
	assert_int_equal(post(&f, "/v1/hooks/git-a", headers, "{}", 2), 200);
	assert_int_equal(
		spool_first(f.rig.spool, arena, 1, 1, &item, &count, &reason),
		OK);
#define HOLDS(text) memmem(item.bytes, item.size, text, sizeof(text) - 1)
	assert_non_null(HOLDS("h-x-event"));
	assert_non_null(HOLDS("h-x-signature-256"));
	assert_non_null(HOLDS("h-content-encoding"));
	assert_non_null(HOLDS("acme"));
	assert_non_null(HOLDS("00-0123456789abcdef0123456789abcdef-"));
	assert_null(HOLDS("h-traceparent"));
	assert_null(HOLDS("h-host"));
	assert_null(HOLDS("leak-1"));
	assert_null(HOLDS("leak-2"));
	assert_null(HOLDS("leak-4"));
#undef HOLDS
	arena_free(&arena);
	end(&f);
}

static void test_listener__believes_the_proxies_it_was_told_of(void **state)
{
	static const char from_far[] = KEY "X-Forwarded-For: 10.7.7.7\r\n";
	static const char from_near[] = KEY "X-Forwarded-For: 10.7.7.7\r\n"
					    "x-forwarded-for: 192.0.2.1\r\n";
	static const char plain[] = KEY "X-Forwarded-For: 10.7.7.7\r\n"
					"X-Forwarded-Proto: http\r\n";
	struct arena *arena = arena_new(1 << 16);
	struct fixture f = {0};
	struct reason reason;

	(void)state;
	begin(&f);
	assert_int_equal(post(&f, "/v1/hooks/far-a", from_far, "x", 1), 401);
	assert_int_equal(post(&f, "/v1/hooks/scan-a", plain, "a", 1), 201);
	end(&f);
	assert_int_equal(
		proxies_parse(arena, "127.0.0.0/8", &f.proxies, &reason), OK);
	f.listener = NULL;
	begin(&f);
	assert_int_equal(post(&f, "/v1/hooks/far-a", from_far, "b", 1), 201);
	assert_int_equal(post(&f, "/v1/hooks/far-a", from_near, "x", 1), 401);
	assert_int_equal(post(&f, "/v1/hooks/far-a", KEY, "x", 1), 401);
	assert_int_equal(post(&f, "/v1/hooks/far-a", plain, "x", 1), 403);
	assert_int_equal(
		metric_value(f.rig.metrics, METER_REFUSED, "plain-http"), 1);
	stop(&f);
	expect_topic(&f, "b ");
	end(&f);
	arena_free(&arena);
}
