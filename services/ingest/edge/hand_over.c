/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a whole, proven body to records on their way. What a sender proves
 * itself with never comes along: credentials stay here, signatures go on.
 */
#include "base/log.h"
#include "edge/listener_private.h"
#include "model/trace.h"
#include "rejection.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A head has 64 KiB in all; each chunk of a large body repeats it. */
#define ARENA_MAX ((size_t)64 << 20)
#define HEADERS_KEPT 200

struct keeping {
	struct visit *visit;
	struct kafka_header *headers;
	size_t count;
	bool too_many;
};

/* Of the connection, not of what is sent. */
static bool is_of_the_hop(const char *name)
{
	static const char *const names[] = {"connection", "keep-alive",
		"transfer-encoding", "te", "trailer", "upgrade", "expect",
		"host", "content-length", "traceparent"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void keep(void *context, const char *name, const char *value)
{
	struct keeping *keeping = context;
	struct arena *arena = keeping->visit->arena;
	char *lower = arena_string(arena, name);

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (is_of_the_hop(lower) ||
		authenticate_is_credential(keeping->visit->source, lower))
		return;
	if (keeping->count == HEADERS_KEPT) {
		keeping->too_many = true;
		return;
	}
	keeping->headers[keeping->count++] = (struct kafka_header){
		lower, arena_string(arena, value), strlen(value)};
}

/* Two of them say nothing, like a malformed one. */
static const char *traceparent_of(struct visit *visit)
{
	if (httpd_header_count(visit->request, "traceparent") != 1)
		return NULL;
	return trace_parent(
		visit->arena, httpd_header(visit->request, "traceparent"));
}

static bool fill_parcel(struct visit *visit)
{
	struct keeping keeping = {.visit = visit};

	keeping.headers = arena_array(
		visit->arena, HEADERS_KEPT, sizeof(*keeping.headers));
	httpd_each_header(visit->request, keep, &keeping);
	parcel_id(visit->id);
	authenticate_digest(visit->verifier, visit->digest);
	visit->parcel = (struct parcel){.id = visit->id,
		.source = visit->source->name,
		.tool = visit->source->tool,
		.tenant = visit->source->tenant,
		.digest = visit->digest,
		/* Last before it is sent: punctuation counts on that. */
		.received = clock_now(visit->listener->settings.clock),
		.headers = keeping.headers,
		.header_count = keeping.count,
		.traceparent = traceparent_of(visit)};
	return !keeping.too_many;
}

/* It was drained: what is left to keep is that it came, and what it was. */
static void encode_rejection(struct visit *visit, struct kafka_record *ret)
{
	const struct source *source = visit->source;
	char reason[120];

	snprintf(reason, sizeof(reason),
		"the body of %zu bytes is over the source's limit of %zu",
		visit->size, source->body_limit);
	rejection_encode(visit->arena,
		&(struct rejection){.stage = "edge",
			.source = source->name,
			.tool = source->tool,
			.tenant = source->tenant,
			.delivery = visit->id,
			.digest = visit->digest,
			.size = visit->size,
			.received = visit->parcel.received,
			.reason = reason,
			.adapter = arena_printf(visit->arena, "%s/%u",
				source->adapter->name,
				source->adapter->revision),
			.oversized = true,
			.traceparent = visit->parcel.traceparent},
		ret);
	ret->topic = visit->listener->rejected;
	ret->timestamp = visit->parcel.received;
}

static enum status encode(struct visit *visit, struct reason *reterr)
{
	struct kafka_record *records;
	size_t count = 1;
	enum status status;

	if (visit->draining) {
		records = arena_alloc(visit->arena, sizeof(*records));
		encode_rejection(visit, records);
	} else {
		status = parcel_encode(visit->arena, &visit->parcel,
			visit->body, visit->size, &records, &count, reterr);
		if (status != OK)
			return status;
		for (size_t i = 0; i < count; i++)
			records[i].topic = visit->listener->deliveries;
	}
	visit->outgoing.records = records;
	visit->outgoing.count = count;
	return OK;
}

static void count(struct visit *visit)
{
	const struct listener_settings *settings = &visit->listener->settings;
	const char *source = visit->source->name;

	if (visit->draining) {
		tally_rejected(settings->tally, source);
		return;
	}
	tally_accepted(settings->tally, source, visit->parcel.received);
	metric_add(settings->metrics, METER_ACCEPTED, source, 1);
	metric_set(settings->metrics, METER_LAST_ACCEPTED, source,
		visit->parcel.received / INSTANT_SECOND);
	metric_add(settings->metrics, METER_BODY_BYTES, NULL,
		(int64_t)visit->size);
	log_line(LOG_DEBUG, "INGEST-ACCEPTED", LOG_TEXT("source", source),
		LOG_TEXT("delivery", visit->id),
		LOG_TEXT("digest", visit->digest),
		LOG_NUMBER("size", visit->size));
}

static void accepted(struct visit *visit)
{
	const struct adapter *adapter = visit->source->adapter;
	struct httpd_answer answer = {
		.code = adapter->answer_code ? adapter->answer_code : 200,
		.type = adapter->answer_type,
		.body = adapter->answer_body,
	};

	answer.size = answer.body ? strlen(answer.body) : 0;
	visit_answer(visit, &answer);
}

static void durable(void *context, enum outcome outcome)
{
	struct visit *visit = context;

	if (outcome != OUTCOME_FULL)
		count(visit);
	/* Before the answer: whoever got one may send the next body. */
	visit_empty(visit);
	if (outcome != OUTCOME_FULL)
		accepted(visit);
	else if (visit->source->adapter->drop_when_full)
		visit_drop(visit);
	else
		visit_reject(visit, 503, "spool-full");
	visit_unref(visit);
}

void hand_over(struct visit *visit)
{
	struct reason reason;

	visit->arena = arena_new(ARENA_MAX);
	if (!fill_parcel(visit) || encode(visit, &reason) != OK) {
		visit_reject(visit, 431, "headers");
		return;
	}
	if (visit->in_body)
		budget_prove(visit->listener->budget, &visit->hold,
			visit->source->name);
	visit->over = true;
	atomic_fetch_add(&visit->references, 1);
	visit->outgoing.lane = visit->source->name;
	visit->outgoing.durable = durable;
	visit->outgoing.context = visit;
	publish_send(visit->listener->settings.publish, &visit->outgoing);
}
