/* SPDX-License-Identifier: Apache-2.0 */
/* Against servers on loopback: ours, and sockets that misbehave. */
#include "wire/httpc.h"

#include "base/memory.h"
#include "wire/httpd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define SECRET "s3cr3t-value"

struct fixture {
	struct arena *arena;
	struct httpc *httpc;
	struct httpd *httpd;
	struct httpd_answer answer;
	bool silent;
	atomic_int requests;
	char seen[300];
	char url[100];
	struct httpc_answer got;
	struct reason reason;
	bool doubtful;
};

static void on_head(void *context, struct httpd_request *request)
{
	struct fixture *f = context;

	f->requests++;
	snprintf(f->seen, sizeof(f->seen), "%s %s %s", httpd_method(request),
		httpd_path(request),
		httpd_header(request, "Authorization")
			? httpd_header(request, "Authorization")
			: "-");
}

static void on_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	struct fixture *f = context;
	size_t length = strlen(f->seen);

	(void)request;
	snprintf(f->seen + length, sizeof(f->seen) - length, " %.*s", (int)size,
		(const char *)bytes);
}

static void on_end(void *context, struct httpd_request *request)
{
	struct fixture *f = context;

	if (!f->silent)
		httpd_reply(request, &f->answer);
}

static void on_done(void *context, struct httpd_request *request)
{
	(void)context;
	(void)request;
}

static struct fixture *begin(size_t answer_max)
{
	struct fixture *f = memory_new(sizeof(*f));
	struct httpd_settings settings = {.address = "127.0.0.1",
		.threads = 1,
		.connections = 10,
		.connections_per_peer = 10,
		.idle = 10 * INSTANT_SECOND};
	struct httpd_user user = {on_head, on_body, on_end, on_done, f};
	struct httpc_settings client = {.connect_deadline = INSTANT_SECOND,
		.deadline = INSTANT_SECOND / 2,
		.answer_max = answer_max,
		.user_agent = "postern-test"};

	f->arena = arena_new(1 << 20);
	f->answer = (struct httpd_answer){
		.code = 200, .type = "text/plain", .body = "well", .size = 4};
	assert_int_equal(
		httpd_open(&settings, &user, &f->httpd, &f->reason), OK);
	snprintf(f->url, sizeof(f->url), "http://127.0.0.1:%u/path?x=1",
		httpd_port(f->httpd));
	assert_int_equal(httpc_open(&client, &f->httpc, &f->reason), OK);
	return f;
}

static void end(struct fixture *f)
{
	httpc_close(&f->httpc);
	assert_null(f->httpc);
	httpc_close(&f->httpc);
	httpd_close(&f->httpd);
	arena_free(&f->arena);
	memory_free(f);
}

static enum status call(struct fixture *f, const char *url, const char *body)
{
	static const char *const headers[] = {"Authorization: Bearer " SECRET,
		"Content-Type: text/plain", NULL};
	struct httpc_request request = {.method = body ? "POST" : "GET",
		.url = url,
		.headers = headers,
		.body = body,
		.size = body ? strlen(body) : 0};
	enum status status = httpc_call(f->httpc, f->arena, &request, &f->got,
		&f->doubtful, &f->reason);

	if (status != OK) {
		assert_null(strstr(f->reason.sentence, SECRET));
		assert_null(strstr(f->reason.place, SECRET));
	}
	return status;
}

static void test_httpc__sends_and_reads(void **state)
{
	struct fixture *f = begin(1000);

	(void)state;
	assert_int_equal(call(f, f->url, "hello"), OK);
	assert_int_equal(f->got.code, 200);
	assert_string_equal(f->got.body, "well");
	assert_int_equal(f->got.size, 4);
	assert_string_equal(f->got.type, "text/plain");
	assert_int_equal(f->got.retry_after, -1);
	assert_string_equal(f->seen, "POST /path Bearer " SECRET " hello");
	assert_int_equal(call(f, f->url, NULL), OK);
	assert_string_equal(f->seen, "GET /path Bearer " SECRET);
	end(f);
}

static void test_httpc__an_error_answer_is_an_answer(void **state)
{
	struct fixture *f = begin(1000);

	(void)state;
	f->answer = (struct httpd_answer){.code = 503, .retry_after = 7};
	assert_int_equal(call(f, f->url, "x"), OK);
	assert_int_equal(f->got.code, 503);
	assert_int_equal(f->got.retry_after, 7);
	assert_string_equal(f->got.body, "");
	assert_string_equal(f->got.type, "");
	end(f);
}

static void test_httpc__keeps_no_more_than_it_was_told_to(void **state)
{
	struct fixture *f = begin(300);
	char *large = memory_new(100001);

	(void)state;
	memset(large, 'a', 100000);
	f->answer.body = large;
	f->answer.size = 100000;
	assert_int_equal(call(f, f->url, "x"), OK);
	assert_int_equal(f->got.code, 200);
	assert_int_equal(f->got.size, 300);
	assert_int_equal(strlen(f->got.body), 300);
	/* The connection was given up; the next call opens another. */
	f->answer.size = 2;
	assert_int_equal(call(f, f->url, "x"), OK);
	assert_string_equal(f->got.body, "aa");
	memory_free(large);
	end(f);
}

static void test_httpc__a_silent_server_meets_the_deadline(void **state)
{
	struct fixture *f = begin(1000);
	instant before = clock_monotonic();

	(void)state;
	f->silent = true;
	assert_int_equal(call(f, f->url, "x"), RETRY);
	assert_true(f->doubtful);
	assert_true(clock_monotonic() - before < 3 * INSTANT_SECOND);
	assert_int_equal(f->requests, 1);
	assert_non_null(strstr(f->reason.place, "/path"));
	assert_null(strstr(f->reason.place, "x=1"));
	end(f);
}

static void test_httpc__nobody_there_leaves_no_doubt(void **state)
{
	struct fixture *f = begin(1000);

	(void)state;
	assert_int_equal(
		call(f, "http://user:" SECRET "@127.0.0.1:1/a", "x"), RETRY);
	assert_false(f->doubtful);
	assert_string_equal(f->reason.place, "http://127.0.0.1:1/a");
	assert_int_equal(call(f, "ftp://127.0.0.1:1/a", "x"), RETRY);
	assert_false(f->doubtful);
	end(f);
}

/* A socket that plays one scripted answer per connection. */
struct script {
	int listener;
	unsigned port;
	const char *answer; /* NULL: closes without one */
	bool keep;          /* answers the first request and keeps open */
	atomic_int requests;
	pthread_t thread;
};

static void *play(void *context)
{
	struct script *script = context;

	for (;;) {
		int fd = accept(script->listener, NULL, NULL);
		char text[2000];

		if (fd < 0)
			return NULL;
		while (recv(fd, text, sizeof(text), 0) > 0) {
			bool keep = script->keep && script->requests == 0;
			const char *answer = script->answer;

			script->requests++;
			if (answer && (!script->keep || keep))
				send(fd, answer, strlen(answer), MSG_NOSIGNAL);
			if (!keep)
				break;
		}
		close(fd);
	}
}

static void script_begin(struct script *script)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t size = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(script->listener, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(script->listener, 5), 0);
	assert_int_equal(
		getsockname(script->listener, (struct sockaddr *)&at, &size),
		0);
	script->port = ntohs(at.sin_port);
	assert_int_equal(
		pthread_create(&script->thread, NULL, play, script), 0);
}

static void script_end(struct script *script)
{
	shutdown(script->listener, SHUT_RDWR);
	pthread_join(script->thread, NULL);
	close(script->listener);
}

static const char *script_url(
	struct fixture *f, const struct script *script, const char *scheme)
{
	return arena_printf(
		f->arena, "%s://127.0.0.1:%u/", scheme, script->port);
}

static void test_httpc__a_cut_answer_is_none_and_doubtful(void **state)
{
	struct fixture *f = begin(1000);
	struct script script = {
		.answer =
			"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"};

	(void)state;
	script_begin(&script);
	assert_int_equal(call(f, script_url(f, &script, "http"), "x"), RETRY);
	assert_true(f->doubtful);
	script_end(&script);
	end(f);
}

static void test_httpc__no_answer_at_all_is_doubtful(void **state)
{
	struct fixture *f = begin(1000);
	struct script script = {0};

	(void)state;
	script_begin(&script);
	assert_int_equal(call(f, script_url(f, &script, "http"), "x"), RETRY);
	assert_true(f->doubtful);
	assert_int_equal(script.requests, 1);
	script_end(&script);
	end(f);
}

static void test_httpc__never_sends_a_post_twice_by_itself(void **state)
{
	struct fixture *f = begin(1000);
	struct script script = {.keep = true,
		.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
	const char *url;

	(void)state;
	script_begin(&script);
	url = script_url(f, &script, "http");
	assert_int_equal(call(f, url, "x"), OK);
	/* The kept connection dies as the second request arrives. */
	assert_int_equal(call(f, url, "x"), RETRY);
	assert_true(f->doubtful);
	assert_int_equal(script.requests, 2);
	script_end(&script);
	end(f);
}

static void test_httpc__follows_no_redirect(void **state)
{
	struct fixture *f = begin(1000);
	struct script script = {.answer = "HTTP/1.1 302 Found\r\nLocation: "
					  "http://u:p@127.0.0.1:1/x?t=1\r\n"
					  "Content-Length: 0\r\n\r\n"};

	(void)state;
	script_begin(&script);
	assert_int_equal(call(f, script_url(f, &script, "http"), "x"), OK);
	assert_int_equal(f->got.code, 302);
	assert_string_equal(f->got.location, "http://127.0.0.1:1/x");
	script_end(&script);
	end(f);
}

static void test_httpc__what_is_no_tls_is_refused(void **state)
{
	struct fixture *f = begin(1000);
	struct script script = {.answer = "HTTP/1.1 400 Bad\r\n\r\n"};

	(void)state;
	script_begin(&script);
	assert_int_equal(call(f, script_url(f, &script, "https"), "x"), RETRY);
	assert_false(f->doubtful);
	script_end(&script);
	end(f);
}

static void run(const char *const *argv)
{
	pid_t child = fork();
	int state;

	if (child == 0) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &state, 0), child);
	assert_true(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}

static void test_httpc__verifies_whom_it_speaks_to(void **state)
{
	char folder[] = "/tmp/httpc_test.XXXXXX", key[64], pem[64];
	const char *const make[] = {"openssl", "req", "-x509", "-newkey", "ec",
		"-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
		"30", "-subj", "/CN=loopback", "-addext",
		"subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", pem,
		NULL};
	const char *const sweep[] = {"rm", "-r", folder, NULL};
	struct fixture *f = begin(1000);
	struct httpd_settings settings = {.address = "127.0.0.1",
		.certificate = pem,
		.key = key,
		.threads = 1,
		.connections = 10,
		.connections_per_peer = 10,
		.idle = 10 * INSTANT_SECOND};
	struct httpd_user user = {on_head, on_body, on_end, on_done, f};
	struct httpc_settings trusting = {.ca = pem,
		.connect_deadline = 20 * INSTANT_SECOND,
		.deadline = 20 * INSTANT_SECOND,
		.answer_max = 1000};
	/* Reading the system's authorities takes a busy machine seconds. */
	struct httpc_settings doubting = trusting;
	const char *url;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(key, sizeof(key), "%s/key.pem", folder);
	snprintf(pem, sizeof(pem), "%s/cert.pem", folder);
	run(make);
	httpd_close(&f->httpd);
	assert_int_equal(
		httpd_open(&settings, &user, &f->httpd, &f->reason), OK);
	url = arena_printf(
		f->arena, "https://127.0.0.1:%u/path", httpd_port(f->httpd));
	doubting.ca = NULL;
	httpc_close(&f->httpc);
	assert_int_equal(httpc_open(&doubting, &f->httpc, &f->reason), OK);
	assert_int_equal(call(f, url, "x"), RETRY);
	assert_false(f->doubtful);
	assert_non_null(strstr(f->reason.sentence, "certificate"));
	assert_int_equal(f->requests, 0);
	httpc_close(&f->httpc);
	assert_int_equal(httpc_open(&trusting, &f->httpc, &f->reason), OK);
	assert_int_equal(call(f, url, "x"), OK);
	assert_int_equal(f->got.code, 200);
	/* The name counts, too. */
	url = arena_printf(
		f->arena, "https://localhost:%u/path", httpd_port(f->httpd));
	assert_int_equal(call(f, url, "x"), RETRY);
	run(sweep);
	end(f);
}

static void test_httpc__encodes_all_but_unreserved(void **state)
{
	struct arena *arena = arena_new(1 << 12);

	(void)state;
	assert_string_equal(url_encode(arena, "aZ09-._~"), "aZ09-._~");
	assert_string_equal(
		url_encode(arena, "a b/;\xc3\xa4"), "a%20b%2F%3B%C3%A4");
	assert_string_equal(url_encode(arena, ""), "");
	arena_free(&arena);
}
