/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided at the head, in the body and at the end of a request. */
#include "edge/listener.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/strbuf.h"
#include "edge/listener_private.h"
#include "model/topics.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* An oversized body is read this far, to please a sender that would switch us
 * off; its deadline bounds it, too. */
#define DRAIN_MAX ((size_t)256 << 20)
/* A head is smaller than that, all values of one header included. */
#define CHAIN_MAX ((size_t)128 << 10)

static void turn_away(struct listener *listener, struct httpd_request *request,
	unsigned code, const char *text)
{
	metric_add(listener->settings.metrics, METER_REFUSED,
		code == 405 ? "method" : "path", 1);
	httpd_reply(request, &(struct httpd_answer){.code = code,
				     .type = "text/plain; charset=utf-8",
				     .body = text,
				     .size = strlen(text),
				     .close = atomic_load(&listener->ending)});
}

static const char *show_header(void *request, const char *name)
{
	return httpd_header(request, name);
}

static unsigned show_count(void *request, const char *name)
{
	return httpd_header_count(request, name);
}

/* What the source will be told by, and the certificate's worth. */
static void show_client(struct visit *visit, struct presented *presented)
{
	switch (httpd_client(visit->request, &presented->client)) {
	case HTTPD_CLIENT_EXPIRED:
		presented->doubt = REFUSAL_EXPIRED;
		break;
	case HTTPD_CLIENT_UNTRUSTED:
		presented->doubt = REFUSAL_UNTRUSTED;
		break;
	case HTTPD_CLIENT_NONE:
	case HTTPD_CLIENT_VERIFIED:
		break;
	}
}

static enum proof prove(
	struct visit *visit, const struct route *route, enum refusal *ret)
{
	struct httpd_request *request = visit->request;
	struct presented presented = {.header = show_header,
		.header_count = show_count,
		.context = request,
		.peer = visit->client,
		.token = route->token[0] ? route->token : NULL,
		.now = clock_now(visit->listener->settings.clock)};
	const struct source *stand_in;
	enum proof proof;

	stand_in = authenticate_stand_in(
		visit->verifier, visit->sources, route->source);
	visit->source = sources_find(visit->sources, route->source);
	visit->unknown = !visit->source;
	snprintf(visit->named, sizeof(visit->named), "%s", route->source);
	if (visit->unknown)
		visit->source = stand_in;
	if (!visit->source) {
		*ret = REFUSAL_SOURCE;
		return PROOF_REFUSED;
	}
	if (visit->source->verify->scheme == VERIFY_CERTIFICATE)
		show_client(visit, &presented);
	proof = authenticate_head(
		visit->verifier, visit->source, &presented, ret);
	if (!visit->unknown)
		return proof;
	*ret = REFUSAL_SOURCE;
	return proof == PROOF_IN_BODY ? PROOF_IN_BODY : PROOF_REFUSED;
}

/* Drained where the sender is known already and must not be told. */
static void oversized(struct visit *visit)
{
	if (!visit->unknown)
		metric_add(visit->listener->settings.metrics, METER_OVERSIZED,
			visit->source->name, 1);
	if (visit->in_body || !visit->source->adapter->drain_oversized) {
		visit_reject(visit, 413, "oversized");
		return;
	}
	visit->draining = true;
	budget_release(visit->listener->budget, &visit->hold);
	memory_free(visit->body);
	visit->body = NULL;
	visit->room = 0;
}

/* All that is declared is reserved at once, so that bodies under way can't
 * wait for each other's room. */
static bool reserve(struct visit *visit)
{
	long long declared = httpd_declared(visit->request);
	char peer[NETWORK_KEY];

	network_peer_key(visit->client, peer);
	budget_begin(&visit->hold, visit->in_body ? peer : visit->source->name,
		visit->in_body);
	return declared <= 0 || budget_grow(visit->listener->budget,
					&visit->hold, (size_t)declared);
}

static void begin(struct visit *visit, const struct route *route)
{
	enum refusal refusal;
	enum proof proof = prove(visit, route, &refusal);
	long long declared = httpd_declared(visit->request);

	if (proof == PROOF_REFUSED) {
		visit_refuse(visit, refusal);
		return;
	}
	visit->in_body = proof == PROOF_IN_BODY;
	if (declared > (long long)visit->source->body_limit)
		oversized(visit);
	else if (!reserve(visit))
		visit_reject(visit, 503, "no-room");
}

struct chain {
	const char *name;
	struct strbuf text;
};

static void add_to_chain(void *context, const char *name, const char *value)
{
	struct chain *chain = context;

	if (strcasecmp(name, chain->name) == 0)
		strbuf_addf(&chain->text, "%s%s", chain->text.length ? "," : "",
			value);
}

/* All values of a header that may be repeated, as if it stood there once. */
static void chain_of(
	struct httpd_request *request, const char *name, struct chain *ret)
{
	ret->name = name;
	strbuf_init(&ret->text, CHAIN_MAX);
	httpd_each_header(request, add_to_chain, ret);
}

/* False where a proxy of ours took it over without TLS. */
static bool name_client(struct visit *visit)
{
	const struct proxies *proxies = &visit->listener->settings.proxies;
	const char *peer = httpd_peer(visit->request);
	struct chain through, proto;
	bool plain;

	snprintf(visit->client, sizeof(visit->client), "%s", peer);
	if (!proxies_hold(proxies, peer))
		return true;
	chain_of(visit->request, "X-Forwarded-For", &through);
	chain_of(visit->request, "X-Forwarded-Proto", &proto);
	forwarded_client(proxies, peer, through.text.text, visit->client);
	plain = forwarded_plain(proxies, peer, proto.text.text);
	strbuf_release(&through.text);
	strbuf_release(&proto.text);
	return !plain;
}

static void on_head(void *context, struct httpd_request *request)
{
	struct listener *listener = context;
	struct visit *visit;
	struct route route;

	if (!route_read(httpd_path(request), &route)) {
		turn_away(listener, request, 404, "POST /v1/hooks/<source>\n");
		return;
	}
	if (strcmp(httpd_method(request), "POST") != 0) {
		turn_away(listener, request, 405, "only POST\n");
		return;
	}
	visit = visit_new(listener, request);
	httpd_set_state(request, visit);
	if (name_client(visit))
		begin(visit, &route);
	else
		visit_plain(visit);
}

static void on_body(void *context, struct httpd_request *request,
	const void *bytes, size_t size)
{
	struct visit *visit = httpd_state(request);

	(void)context;
	if (!visit || visit->over)
		return;
	if (!visit->draining && size > visit->source->body_limit - visit->size)
		oversized(visit);
	if (visit->over)
		return;
	authenticate_body(visit->verifier, bytes, size);
	if (!visit->draining) {
		if (!visit_add(visit, bytes, size))
			visit_reject(visit, 503, "no-room");
		return;
	}
	visit->size += size;
	if (visit->size > DRAIN_MAX)
		visit_reject(visit, 413, "oversized-too-far");
}

static void on_end(void *context, struct httpd_request *request)
{
	struct visit *visit = httpd_state(request);
	enum refusal refusal = REFUSAL_NONE;

	(void)context;
	if (!visit || visit->over)
		return;
	if (visit->in_body)
		refusal = authenticate_end(
			visit->verifier, visit->body, visit->size);
	if (visit->unknown)
		refusal = REFUSAL_SOURCE;
	if (refusal != REFUSAL_NONE)
		visit_refuse(visit, refusal);
	else
		hand_over(visit);
}

static void on_done(void *context, struct httpd_request *request)
{
	struct listener *listener = context;
	struct visit *visit = httpd_state(request);

	if (!visit)
		return;
	pthread_mutex_lock(&visit->lock);
	visit->request = NULL;
	pthread_mutex_unlock(&visit->lock);
	if (!visit->over)
		metric_add(listener->settings.metrics, METER_REFUSED,
			"broken-off", 1);
	visit_unref(visit);
}

/* A counter that appears with its first event hides that event from a rate. */
static void show_from_zero(struct metrics *metrics)
{
	metric_add(metrics, METER_REFUSED, "spool-full", 0);
	metric_add(metrics, METER_REFUSED, "no-room", 0);
	for (int i = REFUSAL_NONE + 1; i < REFUSALS; i++)
		metric_add(metrics, METER_UNAUTHENTICATED,
			refusal_word((enum refusal)i), 0);
}

enum status listener_open(const struct listener_settings *settings,
	struct listener **ret, struct reason *reterr)
{
	struct listener *listener = memory_new(sizeof(*listener));
	struct httpd_user user = {on_head, on_body, on_end, on_done, listener};
	enum status status;

	listener->settings = *settings;
	listener->arena = arena_new(1u << 16);
	listener->deliveries = topic_name(
		listener->arena, settings->topic_prefix, TOPIC_DELIVERIES);
	listener->rejected = topic_name(
		listener->arena, settings->topic_prefix, TOPIC_REJECTED);
	listener->budget = budget_new(&settings->budget);
	pthread_mutex_init(&listener->lock, NULL);
	show_from_zero(settings->metrics);
	status = httpd_open(&settings->httpd, &user, &listener->httpd, reterr);
	if (status != OK) {
		listener_free(&listener);
		return status;
	}
	if (settings->httpd.certificate)
		listener->identity = identity_new(listener->httpd,
			settings->httpd.certificate, settings->health,
			settings->metrics);
	publish_hold(settings->publish);
	*ret = listener;
	return OK;
}

unsigned listener_port(const struct listener *listener)
{
	return httpd_port(listener->httpd);
}

void listener_renew(struct listener *listener)
{
	identity_renew(listener->identity);
}

static void show_load(struct listener *listener)
{
	metric_set(listener->settings.metrics, METER_IN_FLIGHT, NULL,
		atomic_load(&listener->visits));
	metric_set(listener->settings.metrics, METER_IN_FLIGHT_BYTES, NULL,
		(int64_t)budget_used(listener->budget));
}

enum status listener_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct listener *listener = context;
	instant until;

	(void)reterr;
	while (!service_stopping(service)) {
		show_load(listener);
		identity_look(listener->identity);
		service_sleep(service, INSTANT_SECOND / 2);
	}
	httpd_quiesce(listener->httpd);
	atomic_store(&listener->ending, true);
	until = clock_monotonic() + listener->settings.farewell;
	while (atomic_load(&listener->visits) > 0 && clock_monotonic() < until)
		clock_sleep(10000);
	httpd_close(&listener->httpd);
	publish_let_go(listener->settings.publish);
	return OK;
}

void listener_free(struct listener **ref)
{
	struct listener *listener = *ref;

	if (!listener)
		return;
	httpd_close(&listener->httpd);
	MUST(atomic_load(&listener->visits) == 0);
	for (int i = 0; i < listener->verifier_count; i++)
		verifier_free(&listener->verifiers[i]);
	identity_free(&listener->identity);
	budget_free(&listener->budget);
	arena_free(&listener->arena);
	pthread_mutex_destroy(&listener->lock);
	memory_free(listener);
	*ref = NULL;
}
