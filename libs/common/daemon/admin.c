/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admin.h"

#include "base/memory.h"

#include <string.h>

struct admin {
	struct httpd *httpd;
	struct health *health;
	struct metrics *metrics;
};

static void reply(struct httpd_request *request, unsigned code,
	const char *type, const struct strbuf *body)
{
	struct httpd_answer answer = {
		.code = code,
		.type = type,
		.body = body->text,
		.size = body->length,
	};

	httpd_reply(request, &answer);
}

static void answer(
	struct admin *admin, struct httpd_request *request, struct strbuf *body)
{
	const char *path = httpd_path(request);
	const char *text = "text/plain; charset=utf-8";

	if (strcmp(httpd_method(request), "GET") != 0) {
		strbuf_adds(body, "only GET\n");
		reply(request, 405, text, body);
	} else if (strcmp(path, "/livez") == 0) {
		strbuf_adds(body, "ok\n");
		reply(request, 200, text, body);
	} else if (strcmp(path, "/readyz") == 0) {
		bool well = health_report(admin->health, body);

		reply(request, well ? 200 : 503, text, body);
	} else if (strcmp(path, "/metrics") == 0) {
		metrics_write(admin->metrics, body);
		health_write(admin->health, body);
		reply(request, 200, "text/plain; version=0.0.4; charset=utf-8",
			body);
	} else {
		strbuf_adds(body, "/livez /readyz /metrics\n");
		reply(request, 404, text, body);
	}
}

static void on_head(void *context, struct httpd_request *request)
{
	struct strbuf body;

	strbuf_init(&body, 8u << 20);
	answer(context, request, &body);
	strbuf_release(&body);
}

static void on_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	(void)context;
	(void)request;
	(void)bytes;
	(void)size;
}

static void on_end(void *context, struct httpd_request *request)
{
	(void)context;
	(void)request;
}

enum status admin_open(const char *address, unsigned port,
	struct health *health, struct metrics *metrics, struct admin **ret,
	struct reason *reterr)
{
	struct admin *admin = memory_new(sizeof(*admin));
	struct httpd_settings settings = {
		.address = address,
		.port = port,
		.threads = 1,
		.connections = 32,
		.connections_per_peer = 32,
		.idle = 30 * INSTANT_SECOND,
	};
	struct httpd_user user = {on_head, on_body, on_end, on_end, admin};
	enum status status;

	admin->health = health;
	admin->metrics = metrics;
	status = httpd_open(&settings, &user, &admin->httpd, reterr);
	if (status != OK) {
		reason_within(reterr, "admin listener");
		memory_free(admin);
		return status;
	}
	*ret = admin;
	return OK;
}

unsigned admin_port(const struct admin *admin)
{
	return httpd_port(admin->httpd);
}

void admin_close(struct admin **admin)
{
	if (!*admin)
		return;
	httpd_close(&(*admin)->httpd);
	memory_free(*admin);
	*admin = NULL;
}
