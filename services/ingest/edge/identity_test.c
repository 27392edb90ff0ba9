/* SPDX-License-Identifier: Apache-2.0 */
/* The listener over real TLS: who may deliver by certificate, and a certificate
 * that is renewed, well or badly, while deliveries come. */
#include "edge/identity.h"

#include "edge/listener_testing.h"
#include "wire/httpc.h"
#include "wire/tls_testing.h"

struct line {
	struct fixture f;
	struct tls_folder folder;
	struct arena *arena;
	struct httpc *client;
};

static const char *keep(struct line *l, const char *name, const char *suffix)
{
	return arena_string(l->arena, tls_path(&l->folder, name, suffix));
}

static void begin_line(struct line *l)
{
	*l = (struct line){.folder = tls_begin(), .arena = arena_new(1 << 20)};
	tls_authority(&l->folder, "one");
	tls_certificate(
		&l->folder, "server", "one", "/CN=ingest", "serverAuth", 30);
	tls_certificate(&l->folder, "scanner", "one", "/O=acme/CN=scanner",
		"clientAuth", 30);
	l->f.certificate = keep(l, "server", "pem");
	l->f.key = keep(l, "server", "key");
	l->f.client_ca = keep(l, "one", "pem");
	begin(&l->f);
}

static void end_line(struct line *l)
{
	httpc_close(&l->client);
	end(&l->f);
	tls_end(&l->folder);
	arena_free(&l->arena);
}

/* From now on as who shows this certificate; NULL: none. */
static void be(struct line *l, const char *name)
{
	struct httpc_settings settings = {.ca = keep(l, "one", "pem"),
		.certificate = name ? keep(l, name, "pem") : NULL,
		.key = name ? keep(l, name, "key") : NULL,
		.connect_deadline = 20 * INSTANT_SECOND,
		.deadline = 20 * INSTANT_SECOND,
		.answer_max = 1000};
	struct reason reason;

	httpc_close(&l->client);
	assert_int_equal(httpc_open(&settings, &l->client, &reason), OK);
}

/* The answer's code; 0 where there is none. */
static long deliver(struct line *l, const char *body)
{
	struct httpc_request request = {.method = "POST",
		.url = arena_printf(l->arena,
			"https://127.0.0.1:%u/v1/hooks/tls-a",
			listener_port(l->f.listener)),
		.body = body,
		.size = strlen(body)};
	struct httpc_answer answer;
	struct reason reason;
	bool doubtful;

	return httpc_call(l->client, l->arena, &request, &answer, &doubtful,
		       &reason) == OK
		       ? answer.code
		       : 0;
}

static int64_t refusals(struct line *l, const char *word)
{
	return metric_value(l->f.rig.metrics, METER_UNAUTHENTICATED, word);
}

static void readiness(struct line *l, const char *word)
{
	struct strbuf text;

	strbuf_init(&text, 10000);
	health_report(l->f.rig.health, &text);
	if (!strstr(text.text, word))
		fail_msg("no \"%s\" in: %s", word, text.text);
	strbuf_release(&text);
}

static void test_identity__a_source_delivers_by_its_certificate(void **state)
{
	struct line l;

	(void)state;
	begin_line(&l);
	tls_authority(&l.folder, "two");
	tls_certificate(
		&l.folder, "other", "one", "/O=acme/CN=other", "clientAuth", 9);
	tls_certificate(&l.folder, "forged", "two", "/O=acme/CN=scanner",
		"clientAuth", 9);
	tls_certificate(&l.folder, "late", "one", "/O=acme/CN=scanner",
		"clientAuth", -1);
	be(&l, "scanner");
	assert_int_equal(deliver(&l, "a"), 201);
	be(&l, "other");
	assert_int_equal(deliver(&l, "x"), 401);
	assert_int_equal(refusals(&l, "wrong"), 1);
	be(&l, "forged");
	assert_int_equal(deliver(&l, "x"), 401);
	assert_int_equal(refusals(&l, "untrusted"), 1);
	be(&l, "late");
	assert_int_equal(deliver(&l, "x"), 401);
	assert_int_equal(refusals(&l, "expired"), 1);
	be(&l, NULL);
	assert_int_equal(deliver(&l, "x"), 401);
	assert_int_equal(refusals(&l, "missing"), 1);
	stop(&l.f);
	expect_topic(&l.f, "a ");
	end_line(&l);
}

static int64_t ends(struct line *l)
{
	return metric_value(l->f.rig.metrics, METER_CERTIFICATE_ENDS, "server");
}

static void test_identity__renewal_loses_nothing(void **state)
{
	struct line l;
	int64_t before;

	(void)state;
	begin_line(&l);
	tls_certificate(
		&l.folder, "next", "one", "/CN=ingest", "serverAuth", 60);
	before = ends(&l);
	assert_true(before > 0);
	readiness(&l, "certificate: valid until 2");
	be(&l, "scanner");
	assert_int_equal(deliver(&l, "a"), 201);
	tls_replace(&l.folder, "next", "server");
	/* By itself, without being asked. */
	for (int i = 0; i < 500 && ends(&l) == before; i++)
		clock_sleep(20000);
	assert_true(ends(&l) > before);
	assert_int_equal(deliver(&l, "b"), 201);
	be(&l, "scanner");
	assert_int_equal(deliver(&l, "c"), 201);
	stop(&l.f);
	expect_topic(&l.f, "a b c ");
	end_line(&l);
}

static void test_identity__a_broken_pair_is_kept_out(void **state)
{
	struct line l;
	int64_t before;

	(void)state;
	begin_line(&l);
	before = ends(&l);
	tls_certificate(
		&l.folder, "stray", "one", "/CN=ingest", "serverAuth", 60);
	tls_replace(&l.folder, "server", "good");
	/* The new certificate has come, its key has not. */
	tls_shell(arena_printf(
		l.arena, "cd %s; cp stray.pem server.pem", l.folder.path));
	listener_renew(l.f.listener);
	assert_int_equal(
		metric_value(l.f.rig.metrics, METER_CERTIFICATE_REFUSED, NULL),
		1);
	assert_int_equal(ends(&l), before);
	readiness(&l, "older one in force");
	readiness(&l, "is not the key of the certificate in");
	be(&l, "scanner");
	assert_int_equal(deliver(&l, "a"), 201);
	tls_replace(&l.folder, "good", "server");
	listener_renew(l.f.listener);
	assert_int_equal(
		metric_value(l.f.rig.metrics, METER_CERTIFICATE_REFUSED, NULL),
		0);
	readiness(&l, "certificate: valid until 2");
	stop(&l.f);
	end_line(&l);
}
