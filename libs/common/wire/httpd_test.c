/* SPDX-License-Identifier: Apache-2.0 */
/* Against a real server on loopback, at a port the kernel chose. */
#include "wire/httpd_testing.h"

static void test_httpd__tells_what_a_request_says(void **state)
{
	struct fixture *f = begin(AT_END);
	char text[1000];

	(void)state;
	f->answer.type = "application/json";
	f->answer.body = "{}";
	f->answer.size = 2;
	f->answer.retry_after = 30;
	ask(f,
		"POST /a%2Fb/c?q=%41 HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\n"
		"x-twice: 2\r\nContent-Length: 3\r\n\r\nabc",
		"{}", text, sizeof(text));
	assert_string_equal(f->seen, "POST /a%2Fb/c 127.0.0.1 3 2 there A");
	assert_non_null(strstr(text, "HTTP/1.1 200 "));
	assert_non_null(strstr(text, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(text, "Retry-After: 30\r\n"));
	assert_int_equal(f->bytes, 3);
	end(f);
}

static void test_httpd__answers_from_another_thread(void **state)
{
	struct fixture *f = begin(LATER);
	int fd = dial(f);
	char text[1000];

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct httpd_request *waiting = NULL;

		say(fd, "POST / HTTP/1.1\r\nHost: x\r\n"
			"Transfer-Encoding: chunked\r\n\r\n"
			"3\r\nabc\r\n0\r\n\r\n");
		/* At once: sometimes before the connection is suspended. */
		while (!waiting) {
			pthread_mutex_lock(&f->lock);
			waiting = f->waiting;
			f->waiting = NULL;
			pthread_mutex_unlock(&f->lock);
		}
		httpd_reply(waiting, &f->answer);
		hear(fd, "\r\n\r\n", text, sizeof(text));
		assert_non_null(strstr(text, "HTTP/1.1 200 "));
	}
	assert_non_null(strstr(f->seen, " -1 "));
	close(fd);
	end(f);
}

static void test_httpd__refuses_at_the_head_without_the_body(void **state)
{
	struct fixture *f = begin(AT_HEAD);
	char text[1000];

	(void)state;
	f->answer.code = 401;
	ask(f, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
		"\r\n\r\n", text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 401 "));
	assert_int_equal(f->bodies, 0);
	end(f);
}

static void test_httpd__a_refused_sender_can_read_why(void **state)
{
	struct fixture *f = begin(AT_HEAD);
	char block[10000], text[1000];
	int fd = dial(f);

	(void)state;
	f->answer.code = 413;
	memset(block, 'x', sizeof(block));
	block[sizeof(block) - 1] = '\0';
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999900\r\n\r\n");
	for (int i = 0; i < 100; i++)
		say(fd, block);
	hear(fd, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 413 "));
	close(fd);
	end(f);
}

static void test_httpd__an_answer_in_the_middle_comes_at_the_end(void **state)
{
	struct fixture *f = begin(AT_BODY);
	char text[1000];

	(void)state;
	f->answer.code = 413;
	ask(f,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		"\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
		"\r\n\r\n", text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 413 "));
	assert_int_equal(f->bodies, 1);
	assert_int_equal(f->ends, 0);
	end(f);
}

static void test_httpd__a_second_request_shares_the_connection(void **state)
{
	struct fixture *f = begin(AT_HEAD);
	int fd = dial(f);
	char text[1000];

	(void)state;
	for (int i = 0; i < 2; i++) {
		say(fd, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
		hear(fd, "\r\n\r\n", text, sizeof(text));
		assert_non_null(strstr(text, "HTTP/1.1 200 "));
	}
	assert_int_equal(f->heads, 2);
	close(fd);
	end(f);
}

static void test_httpd__refuses_what_can_be_read_in_two_ways(void **state)
{
	static const char *const requests[] = {
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		"Content-Length: 4\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3x\r\n\r\nabc",
		"POST / HTTP/1.1\r\nHost: x\r\nHost: y\r\n"
		"Content-Length: 0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 99999999999999999999\r\n\r\n",
	};
	struct fixture *f = begin(AT_END);
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		ask(f, requests[i], "\r\n\r\n", text, sizeof(text));
		if (!strstr(text, "HTTP/1.1 4") && !strstr(text, "HTTP/1.0 4"))
			fail_msg("request %zu: %s", i, text);
	}
	assert_int_equal(f->heads, 0);
	end(f);
}

static void test_httpd__a_lying_length_is_no_end(void **state)
{
	struct fixture *f = begin(AT_END);
	int fd = dial(f);
	char text[100];

	(void)state;
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
	shutdown(fd, SHUT_WR);
	hear(fd, NULL, text, sizeof(text));
	assert_string_equal(text, "");
	close(fd);
	for (int i = 0; i < 100 && f->dones == 0; i++)
		clock_sleep(20000);
	assert_int_equal(f->ends, 0);
	assert_int_equal(f->dones, 1);
	end(f);
}

/* Sends a byte each 100 ms until it is cut off, at most 8 s. */
static void trickle(int fd)
{
	instant until = clock_monotonic() + 8 * INSTANT_SECOND;
	char text[100];

	while (clock_monotonic() < until) {
		struct pollfd ready = {fd, POLLIN, 0};

		if (poll(&ready, 1, 100) == 1 &&
			recv(fd, text, sizeof(text), 0) <= 0)
			return;
		(void)!send(fd, "x", 1, MSG_NOSIGNAL);
	}
	fail_msg("a trickling sender was not cut off");
}

static void test_httpd__cuts_off_who_trickles(void **state)
{
	struct fixture *f = begin(AT_END);
	int fd = dial(f);

	(void)state;
	say(fd, "POST / HTTP/1.1\r\nHost: ");
	trickle(fd);
	close(fd);
	assert_int_equal(f->heads, 0);
	fd = dial(f);
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n");
	trickle(fd);
	close(fd);
	assert_int_equal(f->ends, 0);
	end(f);
}

static void test_httpd__drops_without_an_answer(void **state)
{
	struct fixture *f = begin(DROP);
	char text[100];

	(void)state;
	ask(f, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", NULL,
		text, sizeof(text));
	assert_string_equal(text, "");
	end(f);
}

static void test_httpd__closing_ends_those_who_wait(void **state)
{
	struct fixture *f = begin(NEVER);
	int fd = dial(f);

	(void)state;
	say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na");
	while (f->ends == 0)
		clock_sleep(1000);
	httpd_quiesce(f->httpd);
	assert_int_equal(f->dones, 0);
	httpd_close(&f->httpd);
	assert_int_equal(f->dones, 1);
	close(fd);
	end(f);
}

static void test_httpd__says_why_it_cannot_open(void **state)
{
	struct fixture *f = begin(AT_END);
	struct httpd_user user = {on_head, on_body, on_end, on_done, f};
	struct httpd_settings settings = {.address = "127.0.0.1",
		.threads = 1,
		.connections = 2,
		.connections_per_peer = 2,
		.idle = INSTANT_SECOND};
	struct reason reason;
	struct httpd *httpd = NULL;

	(void)state;
	settings.port = httpd_port(f->httpd);
	assert_int_equal(httpd_open(&settings, &user, &httpd, &reason), CONFIG);
	assert_non_null(strstr(reason.sentence, "cannot listen"));
	settings.address = "not an address";
	assert_int_equal(httpd_open(&settings, &user, &httpd, &reason), CONFIG);
	settings.address = "127.0.0.1";
	settings.certificate = "/nonexistent.pem";
	assert_int_equal(httpd_open(&settings, &user, &httpd, &reason), CONFIG);
	settings.key = "/nonexistent.pem";
	assert_int_equal(httpd_open(&settings, &user, &httpd, &reason), CONFIG);
	assert_string_equal(reason.place, "/nonexistent.pem");
	end(f);
}
