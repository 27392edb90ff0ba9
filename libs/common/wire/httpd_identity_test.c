/* SPDX-License-Identifier: Apache-2.0 */
/* Over real TLS on loopback: what the server shows, whom it believes, and what
 * becomes of both when the files change under it. */
#include "wire/httpd.h"

#include "base/memory.h"
#include "wire/httpc.h"
#include "wire/tls_testing.h"

struct fixture {
	struct tls_folder folder;
	struct httpd_settings settings;
	struct httpd *httpd;
	struct arena *arena;
	struct httpc *client;
	char url[80];
	struct reason reason;
};

static const char *const words[] = {[HTTPD_CLIENT_NONE] = "none",
	[HTTPD_CLIENT_VERIFIED] = "verified",
	[HTTPD_CLIENT_EXPIRED] = "expired",
	[HTTPD_CLIENT_UNTRUSTED] = "untrusted"};

/* Answers with what it thinks of the client. */
static void on_head(void *context, struct httpd_request *request)
{
	const char *name;
	enum httpd_client client = httpd_client(request, &name);
	char text[300];

	(void)context;
	snprintf(text, sizeof(text), "%s %s", words[client], name ? name : "-");
	httpd_reply(request,
		&(struct httpd_answer){
			.code = 200, .body = text, .size = strlen(text)});
}

static void on_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	(void)context;
	(void)request;
	(void)bytes;
	(void)size;
}

static void ignore(void *context, struct httpd_request *request)
{
	(void)context;
	(void)request;
}

static enum status open_server(struct fixture *f)
{
	struct httpd_user user = {on_head, on_body, ignore, ignore, f};
	enum status status =
		httpd_open(&f->settings, &user, &f->httpd, &f->reason);

	if (status == OK)
		snprintf(f->url, sizeof(f->url), "https://127.0.0.1:%u/",
			httpd_port(f->httpd));
	return status;
}

static const char *keep(struct fixture *f, const char *name, const char *suffix)
{
	return arena_string(f->arena, tls_path(&f->folder, name, suffix));
}

static struct fixture *begin(void)
{
	struct fixture *f = memory_new(sizeof(*f));

	f->folder = tls_begin();
	f->arena = arena_new(1 << 20);
	tls_authority(&f->folder, "one");
	tls_certificate(
		&f->folder, "server", "one", "/CN=ingest", "serverAuth", 30);
	f->settings = (struct httpd_settings){.address = "127.0.0.1",
		.certificate = keep(f, "server", "pem"),
		.key = keep(f, "server", "key"),
		.threads = 1,
		.connections = 10,
		.connections_per_peer = 10,
		.idle = 10 * INSTANT_SECOND};
	return f;
}

static struct fixture *begin_with_clients(void)
{
	struct fixture *f = begin();

	tls_certificate(&f->folder, "scanner", "one", "/O=acme/CN=scanner",
		"clientAuth", 30);
	f->settings.client_ca = keep(f, "one", "pem");
	assert_int_equal(open_server(f), OK);
	return f;
}

static void end(struct fixture *f)
{
	httpc_close(&f->client);
	httpd_close(&f->httpd);
	tls_end(&f->folder);
	arena_free(&f->arena);
	memory_free(f);
}

/* A client that trusts `ca` and shows the certificate `name`, NULL: none. */
static void dial(struct fixture *f, const char *ca, const char *name)
{
	struct httpc_settings settings = {.ca = tls_path(&f->folder, ca, "pem"),
		.connect_deadline = 20 * INSTANT_SECOND,
		.deadline = 20 * INSTANT_SECOND,
		.answer_max = 1000};

	if (name) {
		settings.certificate = tls_path(&f->folder, name, "pem");
		settings.key = tls_path(&f->folder, name, "key");
	}
	httpc_close(&f->client);
	assert_int_equal(httpc_open(&settings, &f->client, &f->reason), OK);
}

/* What the server said over the client's connection; "" where none came. */
static const char *ask(struct fixture *f)
{
	struct httpc_request request = {.method = "GET", .url = f->url};
	struct httpc_answer answer;
	bool doubtful;

	if (httpc_call(f->client, f->arena, &request, &answer, &doubtful,
		    &f->reason) != OK)
		return "";
	return answer.body;
}

static const char *dial_and_ask(
	struct fixture *f, const char *ca, const char *name)
{
	dial(f, ca, name);
	return ask(f);
}

static void test_httpd__names_a_client_that_its_authority_signed(void **state)
{
	struct fixture *f = begin_with_clients();

	(void)state;
	tls_authority(&f->folder, "two");
	tls_certificate(&f->folder, "stranger", "two", "/O=acme/CN=scanner",
		"clientAuth", 30);
	tls_certificate(&f->folder, "late", "one", "/O=acme/CN=scanner",
		"clientAuth", -1);
	tls_certificate(&f->folder, "misused", "one", "/O=acme/CN=scanner",
		"serverAuth", 30);
	assert_string_equal(dial_and_ask(f, "one", "scanner"),
		"verified CN=scanner,O=acme");
	assert_string_equal(dial_and_ask(f, "one", NULL), "none -");
	assert_string_equal(dial_and_ask(f, "one", "stranger"), "untrusted -");
	assert_string_equal(dial_and_ask(f, "one", "late"), "expired -");
	assert_string_equal(dial_and_ask(f, "one", "misused"), "untrusted -");
	end(f);
}

static void test_httpd__shows_new_connections_a_new_certificate(void **state)
{
	struct fixture *f = begin();
	struct httpd_validity before, after;

	(void)state;
	assert_int_equal(open_server(f), OK);
	before = httpd_validity(f->httpd);
	assert_true(before.client_ca == INSTANT_NEVER);
	dial(f, "one", NULL);
	assert_string_equal(ask(f), "none -");
	assert_false(httpd_files_changed(f->httpd));
	tls_authority(&f->folder, "two");
	tls_certificate(
		&f->folder, "next", "two", "/CN=ingest", "serverAuth", 60);
	tls_replace(&f->folder, "next", "server");
	assert_true(httpd_files_changed(f->httpd));
	assert_false(httpd_files_changed(f->httpd));
	assert_int_equal(httpd_renew(f->httpd, &f->reason), OK);
	after = httpd_validity(f->httpd);
	assert_true(after.certificate > before.certificate + 20 * INSTANT_DAY);
	/* The connection under way goes on; the old certificate is gone. */
	assert_string_equal(ask(f), "none -");
	assert_string_equal(dial_and_ask(f, "one", NULL), "");
	assert_string_equal(dial_and_ask(f, "two", NULL), "none -");
	end(f);
}

static void test_httpd__forgets_an_authority_at_once(void **state)
{
	struct fixture *f = begin_with_clients();

	(void)state;
	dial(f, "one", "scanner");
	assert_string_equal(ask(f), "verified CN=scanner,O=acme");
	/* The server's own certificate stays the first authority's. */
	f->settings.client_ca = keep(f, "clients", "pem");
	tls_replace(&f->folder, "one", "clients");
	httpd_close(&f->httpd);
	assert_int_equal(open_server(f), OK);
	assert_string_equal(ask(f), "verified CN=scanner,O=acme");
	tls_authority(&f->folder, "two");
	tls_certificate(
		&f->folder, "scanner2", "two", "/CN=other", "clientAuth", 30);
	tls_replace(&f->folder, "two", "clients");
	assert_int_equal(httpd_renew(f->httpd, &f->reason), OK);
	/* Over the connection that was believed a moment ago. */
	assert_string_equal(ask(f), "untrusted -");
	assert_string_equal(dial_and_ask(f, "one", "scanner"), "untrusted -");
	assert_string_equal(
		dial_and_ask(f, "one", "scanner2"), "verified CN=other");
	end(f);
}

/* What is wrong with the files, by their place and a word of the sentence. */
static void refuses(struct fixture *f, const char *file, const char *word)
{
	assert_int_equal(httpd_renew(f->httpd, &f->reason), CONFIG);
	assert_non_null(strstr(f->reason.place, file));
	assert_non_null(strstr(f->reason.sentence, word));
	assert_string_equal(dial_and_ask(f, "one", "scanner"),
		"verified CN=scanner,O=acme");
}

static void test_httpd__keeps_what_is_broken_out(void **state)
{
	struct fixture *f = begin_with_clients();
	char command[200];

	(void)state;
	tls_replace(&f->folder, "server", "good");
	tls_certificate(
		&f->folder, "next", "one", "/CN=ingest", "serverAuth", 30);
	tls_certificate(
		&f->folder, "old", "one", "/CN=ingest", "serverAuth", -1);
	snprintf(command, sizeof(command), "cp %s/next.key %s/server.key",
		f->folder.path, f->folder.path);
	tls_shell(command);
	refuses(f, "server.key", "is not the key of the certificate in");
	tls_replace(&f->folder, "old", "server");
	refuses(f, "server.pem", "expired on");
	tls_replace(&f->folder, "good", "server");
	snprintf(command, sizeof(command), "echo nothing >%s/server.pem",
		f->folder.path);
	tls_shell(command);
	refuses(f, "server.pem", "holds no PEM text");
	snprintf(command, sizeof(command),
		"printf -- '-----BEGIN CERTIFICATE-----\\nAAAA\\n"
		"-----END CERTIFICATE-----\\n' >%s/server.pem",
		f->folder.path);
	tls_shell(command);
	refuses(f, "server.pem", "holds no certificate");
	snprintf(command, sizeof(command), "rm %s/server.pem", f->folder.path);
	tls_shell(command);
	refuses(f, "server.pem", "cannot be read");
	end(f);
}

static void test_httpd__refuses_to_open_with_what_is_wrong(void **state)
{
	struct fixture *f = begin();

	(void)state;
	tls_certificate(
		&f->folder, "old", "one", "/CN=ingest", "serverAuth", -1);
	f->settings.certificate = keep(f, "old", "pem");
	assert_int_equal(httpd_check(&f->settings, &f->reason), CONFIG);
	assert_int_equal(open_server(f), CONFIG);
	assert_non_null(strstr(f->reason.place, "server.key"));
	f->settings.key = keep(f, "old", "key");
	assert_int_equal(open_server(f), CONFIG);
	assert_non_null(strstr(f->reason.place, "old.pem"));
	assert_non_null(strstr(f->reason.sentence, "renew it"));
	f->settings.client_ca = f->settings.certificate;
	f->settings.certificate = keep(f, "server", "pem");
	f->settings.key = keep(f, "server", "key");
	assert_int_equal(open_server(f), CONFIG);
	assert_non_null(strstr(f->reason.place, "old.pem"));
	f->settings.client_ca = NULL;
	assert_int_equal(httpd_check(&f->settings, &f->reason), OK);
	end(f);
}
