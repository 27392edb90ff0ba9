/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request: head, body, end, answer. The answer may come from any thread;
 * where it is not there at the end, the connection is suspended until it is.
 * Both sides meet under the server's lock, and only the one that takes the
 * request off the list of suspended ones may resume it.
 */
#include "wire/httpd_private.h"

#include "base/bug.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void *httpd_on_uri(
	void *context, const char *uri, struct MHD_Connection *connection)
{
	struct httpd_request *request = memory_new(sizeof(*request));
	size_t length = strcspn(uri, "?");

	request->httpd = context;
	request->connection = connection;
	request->link = httpd_link_of(connection);
	request->path = memory_new(length + 1);
	memcpy(request->path, uri, length);
	return request;
}

static void set_peer(struct httpd_request *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const void *from = NULL;
	int family = AF_INET;

	if (info && info->client_addr->sa_family == AF_INET) {
		from = &((const struct sockaddr_in *)(const void *)
				 info->client_addr)
				->sin_addr;
	} else if (info && info->client_addr->sa_family == AF_INET6) {
		const struct in6_addr *six =
			&((const struct sockaddr_in6 *)(const void *)
					info->client_addr)
				 ->sin6_addr;

		family = IN6_IS_ADDR_V4MAPPED(six) ? AF_INET : AF_INET6;
		from = family == AF_INET ? &six->s6_addr[12] : six->s6_addr;
	}
	if (!from || !inet_ntop(family, from, request->peer, HTTPD_PEER))
		snprintf(request->peer, HTTPD_PEER, "?");
}

/* Digits only: what another server reads another way is not a length. */
static bool read_declared(struct httpd_request *request)
{
	const char *text = httpd_header(request, "Content-Length");
	long long number = 0;

	request->declared = -1;
	if (!text)
		return true;
	if (!*text || strlen(text) > 18)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (*text - '0');
	}
	request->declared = number;
	return true;
}

static bool well_framed(struct httpd_request *request)
{
	const char *coding = httpd_header(request, "Transfer-Encoding");

	if (!read_declared(request))
		return false;
	if (coding &&
		(request->declared >= 0 || strcasecmp(coding, "chunked") != 0 ||
			httpd_header_count(request, "Transfer-Encoding") > 1))
		return false;
	request->has_body = coding || request->declared > 0;
	if (!coding && request->declared < 0)
		request->declared = 0;
	return httpd_header_count(request, "Content-Length") <= 1 &&
	       httpd_header_count(request, "Host") <= 1;
}

static enum MHD_Result send_answer(struct httpd_request *request)
{
	enum MHD_Result result;

	if (request->drop || !request->response)
		return MHD_NO;
	httpd_link_phase(request->link, PHASE_ANSWERING);
	result = MHD_queue_response(
		request->connection, request->code, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	return result;
}

static enum MHD_Result take_head(
	struct httpd_request *request, const char *method)
{
	request->headed = true;
	request->method = method;
	set_peer(request);
	httpd_link_phase(request->link, PHASE_BODY);
	if (well_framed(request)) {
		request->seen = true;
		request->httpd->user.head(
			request->httpd->user.context, request);
	} else {
		httpd_reply(request,
			&(struct httpd_answer){.code = 400, .close = true});
	}
	if (!atomic_load(&request->answered))
		return MHD_YES;
	if (request->drop)
		return MHD_NO;
	if (!request->has_body && request->seen)
		return MHD_YES; /* sent at the end, which comes at once */
	httpd_link_linger(request->link);
	return send_answer(request);
}

static enum MHD_Result take_body(
	struct httpd_request *request, const char *bytes, size_t *size)
{
	if (atomic_load(&request->answered)) {
		request->drained += *size;
		if (request->drained > HTTPD_DRAIN_MAX)
			return MHD_NO;
	} else {
		request->httpd->user.body(
			request->httpd->user.context, request, bytes, *size);
	}
	*size = 0;
	if (atomic_load(&request->answered) && request->drop)
		return MHD_NO;
	return MHD_YES;
}

static void put(struct httpd *httpd, struct httpd_request *request)
{
	request->suspended = true;
	request->previous = NULL;
	request->next = httpd->suspended;
	if (request->next)
		request->next->previous = request;
	httpd->suspended = request;
}

static void take(struct httpd *httpd, struct httpd_request *request)
{
	request->suspended = false;
	if (request->next)
		request->next->previous = request->previous;
	if (request->previous)
		request->previous->next = request->next;
	else
		httpd->suspended = request->next;
}

static enum MHD_Result take_end(struct httpd_request *request)
{
	struct httpd *httpd = request->httpd;
	enum MHD_Result result = MHD_YES;

	if (!request->ended) {
		request->ended = true;
		httpd_link_phase(request->link, PHASE_ANSWERING);
		if (!atomic_load(&request->answered))
			httpd->user.end(httpd->user.context, request);
	}
	pthread_mutex_lock(&httpd->lock);
	if (atomic_load(&request->answered)) {
		pthread_mutex_unlock(&httpd->lock);
		return send_answer(request);
	}
	if (httpd->closing) {
		result = MHD_NO;
	} else {
		MHD_suspend_connection(request->connection);
		put(httpd, request);
	}
	pthread_mutex_unlock(&httpd->lock);
	return result;
}

enum MHD_Result httpd_on_request(void *context,
	struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *bytes, size_t *size, void **ref)
{
	struct httpd_request *request = *ref;

	(void)context;
	(void)connection;
	(void)url;
	(void)version;
	if (!request)
		return MHD_NO;
	if (!request->headed)
		return take_head(request, method);
	if (*size > 0)
		return take_body(request, bytes, size);
	return take_end(request);
}

void httpd_on_completed(void *context, struct MHD_Connection *connection,
	void **ref, enum MHD_RequestTerminationCode how)
{
	struct httpd *httpd = context;
	struct httpd_request *request = *ref;

	(void)connection;
	(void)how;
	if (!request)
		return;
	*ref = NULL;
	if (request->seen)
		httpd->user.done(httpd->user.context, request);
	httpd_link_phase(request->link, PHASE_WAITING);
	if (request->response)
		MHD_destroy_response(request->response);
	memory_free(request->path);
	memory_free(request);
}

/* What was already said stays; only a server that closes may say it first. */
static void answer(struct httpd_request *request, struct MHD_Response *response,
	unsigned code, bool drop)
{
	struct httpd *httpd = request->httpd;
	struct MHD_Connection *connection = NULL;

	pthread_mutex_lock(&httpd->lock);
	if (atomic_load(&request->answered)) {
		MUST(httpd->closing);
		pthread_mutex_unlock(&httpd->lock);
		if (response)
			MHD_destroy_response(response);
		return;
	}
	request->response = response;
	request->code = code;
	request->drop = drop;
	if (request->suspended) {
		take(httpd, request);
		connection = request->connection;
	}
	atomic_store(&request->answered, true);
	pthread_mutex_unlock(&httpd->lock);
	/* Suspended and off the list: nobody but us can resume it. */
	if (connection)
		MHD_resume_connection(connection);
}

static struct MHD_Response *response_of(const struct httpd_answer *answer)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		answer->size,
		answer->size ? (void *)(uintptr_t)answer->body : (void *)"",
		MHD_RESPMEM_MUST_COPY);
	char seconds[12];

	if (!response)
		BUG("no memory for an answer");
	if (answer->type)
		MHD_add_response_header(response, "Content-Type", answer->type);
	if (answer->retry_after) {
		snprintf(seconds, sizeof(seconds), "%u", answer->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (answer->close)
		MHD_add_response_header(response, "Connection", "close");
	return response;
}

void httpd_reply(struct httpd_request *request, const struct httpd_answer *said)
{
	MUST(said->code >= 200 && said->code <= 599);
	answer(request, response_of(said), said->code, false);
}

void httpd_drop(struct httpd_request *request)
{
	answer(request, NULL, 0, true);
}

const char *httpd_method(const struct httpd_request *request)
{
	return request->method;
}

const char *httpd_path(const struct httpd_request *request)
{
	return request->path;
}

const char *httpd_query(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(
		request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *httpd_header(const struct httpd_request *request, const char *name)
{
	return MHD_lookup_connection_value(
		request->connection, MHD_HEADER_KIND, name);
}

struct counting {
	const char *name;
	unsigned count;
};

static enum MHD_Result count_one(void *context, enum MHD_ValueKind kind,
	const char *name, const char *value)
{
	struct counting *counting = context;

	(void)kind;
	(void)value;
	counting->count += strcasecmp(name, counting->name) == 0;
	return MHD_YES;
}

unsigned httpd_header_count(
	const struct httpd_request *request, const char *name)
{
	struct counting counting = {name, 0};

	MHD_get_connection_values(
		request->connection, MHD_HEADER_KIND, count_one, &counting);
	return counting.count;
}

struct walking {
	void (*each)(void *context, const char *name, const char *value);
	void *context;
};

static enum MHD_Result walk_one(void *context, enum MHD_ValueKind kind,
	const char *name, const char *value)
{
	struct walking *walking = context;

	(void)kind;
	walking->each(walking->context, name, value ? value : "");
	return MHD_YES;
}

void httpd_each_header(const struct httpd_request *request,
	void (*each)(void *context, const char *name, const char *value),
	void *context)
{
	struct walking walking = {each, context};

	MHD_get_connection_values(
		request->connection, MHD_HEADER_KIND, walk_one, &walking);
}

long long httpd_declared(const struct httpd_request *request)
{
	return request->declared;
}

const char *httpd_peer(const struct httpd_request *request)
{
	return request->peer;
}

enum httpd_client httpd_client(
	const struct httpd_request *request, const char **ret_name)
{
	return httpd_link_client(
		request->httpd, request->link, request->connection, ret_name);
}

void httpd_set_state(struct httpd_request *request, void *state)
{
	request->state = state;
}

void *httpd_state(const struct httpd_request *request)
{
	return request->state;
}
