/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of sinks only: a server on loopback that gives the answers of a
 * list, in order, and keeps what it was asked. Past the list it answers 599.
 */
#pragma once

#include "base/memory.h"
#include "base/strbuf.h"
#include "sink.h"
#include "wire/httpd.h"

#include <pthread.h>
#include <signal.h>

#define SCRIPTED_MOST 64

struct step {
	unsigned code; /* 0: closes without an answer */
	const char *body;
	const char *type; /* NULL: application/json */
	unsigned retry_after;
	instant delay;
};

struct asked {
	char method[10];
	char path[300];
	char authorization[200];
	struct strbuf body;
};

struct scripted {
	struct httpd *httpd;
	const struct step *steps;
	size_t step_count;
	size_t first; /* number of the request that gets steps[0] */
	struct asked asked[SCRIPTED_MOST];
	size_t count;
	pthread_mutex_t lock;
	char url[60];
};

static void scripted_head(void *context, struct httpd_request *request)
{
	struct scripted *scripted = context;
	const char *authorization = httpd_header(request, "Authorization");
	struct asked *asked;

	pthread_mutex_lock(&scripted->lock);
	assert_true(scripted->count < SCRIPTED_MOST);
	asked = &scripted->asked[scripted->count++];
	pthread_mutex_unlock(&scripted->lock);
	strbuf_init(&asked->body, 1 << 20);
	snprintf(asked->method, sizeof(asked->method), "%s",
		httpd_method(request));
	snprintf(asked->path, sizeof(asked->path), "%s", httpd_path(request));
	snprintf(asked->authorization, sizeof(asked->authorization), "%s",
		authorization ? authorization : "");
	httpd_set_state(request, asked);
}

static void scripted_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	struct asked *asked = httpd_state(request);

	(void)context;
	strbuf_add(&asked->body, bytes, size);
}

static void scripted_end(void *context, struct httpd_request *request)
{
	struct scripted *scripted = context;
	struct asked *asked = httpd_state(request);
	size_t number = (size_t)(asked - scripted->asked) - scripted->first;
	struct step step = {.code = 599, .body = "", .type = "text/plain"};

	if (number < scripted->step_count)
		step = scripted->steps[number];
	clock_sleep(step.delay);
	if (!step.code) {
		httpd_drop(request);
		return;
	}
	if (!step.body)
		step.body = "";
	httpd_reply(request,
		&(struct httpd_answer){.code = step.code,
			.type = step.type ? step.type : "application/json",
			.body = step.body,
			.size = strlen(step.body),
			.retry_after = step.retry_after});
}

static void scripted_done(void *context, struct httpd_request *request)
{
	(void)context;
	(void)request;
}

static inline struct scripted *scripted_begin(
	const struct step *steps, size_t count)
{
	struct scripted *scripted = memory_new(sizeof(*scripted));
	struct httpd_settings settings = {.address = "127.0.0.1",
		.threads = 1,
		.connections = 20,
		.connections_per_peer = 20,
		.idle = 20 * INSTANT_SECOND};
	struct httpd_user user = {scripted_head, scripted_body, scripted_end,
		scripted_done, scripted};
	struct reason reason;
	sigset_t term;

	/* A test that ends a service does so by SIGTERM, which is not for the
	 * server's threads. */
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);
	scripted->steps = steps;
	scripted->step_count = count;
	pthread_mutex_init(&scripted->lock, NULL);
	assert_int_equal(
		httpd_open(&settings, &user, &scripted->httpd, &reason), OK);
	snprintf(scripted->url, sizeof(scripted->url), "http://127.0.0.1:%u",
		httpd_port(scripted->httpd));
	return scripted;
}

static inline void scripted_end_all(struct scripted *scripted)
{
	httpd_close(&scripted->httpd);
	for (size_t i = 0; i < scripted->count; i++)
		strbuf_release(&scripted->asked[i].body);
	pthread_mutex_destroy(&scripted->lock);
	memory_free(scripted);
}

/* A permit that counts how often it was asked and may refuse. */
struct leave {
	int asked;
	int most; /* then REJECT; 0: never */
};

static inline enum status leave_ask(
	void *context, instant limit, struct reason *reterr)
{
	struct leave *leave = context;

	assert_true(limit > 0);
	if (leave->most && leave->asked >= leave->most) {
		reason_set(reterr, NULL, "fenced");
		return REJECT;
	}
	leave->asked++;
	return OK;
}

/* A verdict that fails, for rendering. */
static inline struct verdict_record scripted_verdict(void)
{
	static const struct label labels[] = {{"service", "shop"}};
	static const struct deciding deciding[] = {
		{"finding.CVE-2026-1", "due 2026-11-20", "e1"}};
	static const struct observable observables[] = {
		{"vulnerability", "CVE-2026-1"},
		{"digest", "sha256:00ff"},
		{"digest", "sha256:00ff"},
		{"host", "web-01"},
		{"host", "web-01.example"},
		{"user", ""},
	};

	return (struct verdict_record){
		.tenant = "default",
		.criterion = "PO.3.2-a",
		.subject = "default/service/prod/shop",
		.generation = 1,
		.n = 2,
		.verdict = VERDICT_FAIL,
		.since = 1764230400 * INSTANT_SECOND,
		.sentence = "Findings are fixed in time.",
		.task = "PO.3.2",
		.severity = SEVERITY_HIGH,
		.role = "service-owner",
		.summary = "1 finding past its due date",
		.would_change = "fix CVE-2026-1",
		.deciding = deciding,
		.deciding_count = 1,
		.labels = labels,
		.label_count = 1,
		.observables = observables,
		.observable_count = 6,
		.pack_name = "ssdf-po",
		.pack_version = "0.1.0",
		.pack_digest = "sha256:aa",
	};
}
