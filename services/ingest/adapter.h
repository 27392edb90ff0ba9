/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of an adapter: one verified delivery becomes zero or more
 * events. An adapter does no I/O, reads no clock, keeps no state, logs nothing
 * and allocates only from the delivery's arena. Its whole surface is one const
 * descriptor at the foot of its file.
 *
 * To add a tool: adapters/<tool>.c with `const struct adapter adapter_<tool>`,
 * tests/samples/<tool>/, a row in docs/sources.md. Nothing else.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "model/evidence.h"
#include "wire/json.h"

#include <stddef.h>

/* How a sender proves who it is. Carried out by edge/authenticate.c. */
enum verify_scheme {
	VERIFY_NOTHING, /* never from outside: internal deliveries only */
	VERIFY_HMAC,  /* header holds prefix + hex or base64 of an HMAC over the
			 body */
	VERIFY_TOKEN, /* header holds prefix + the secret itself */
	VERIFY_BASIC, /* Authorization: Basic, secret is user:password */
	VERIFY_PATH,  /* the secret is the last segment of the path */
	VERIFY_STANDARD_WEBHOOKS, /* webhook-id, -timestamp, -signature */
	VERIFY_CERTIFICATE, /* TLS client certificate of the source's subject */
};

struct verify_spec {
	const char
		*name; /* how sources.yaml names it (`scheme:`); unique here */
	enum verify_scheme scheme;
	const char *header; /* "X-Hub-Signature-256", "Authorization" */
	const char *prefix; /* "sha256=", "Bearer ", "" */
	int hash;           /* enum crypto_hash, VERIFY_HMAC only */
	bool base64;        /* else hex */
	const char
		*signed_id; /* header whose value the signature covers; NULL */
};

/* One delivery as translate sees it: bytes are whole, sender is proven. */
struct delivery {
	struct arena *arena;
	const char *id;
	const char *source;
	const char *tool;
	const char *tenant;
	const char *digest; /* "sha256:..." of the body */
	instant received;
	const char *body;
	size_t size;
	/* Lower-case names; credentials are never among them. */
	const struct kafka_header *headers;
	size_t header_count;
	/* Body as JSON, read by shared code before `classify` where
	 * descriptor.json is set; else NULL. */
	const struct json *json;
};
/* NULL where absent. */
const char *delivery_header(
	const struct delivery *delivery, const char *lower_name);

struct identity {
	const char *kind; /* the tool's own word for the event */
	const char *
		signed_id; /* sender's id, only where the signature covers it */
};

/* What an adapter says; shared code adds ids, times, labels and mapping. */
struct event {
	enum evidence_class class;
	const char *kind; /* NULL: the identity's */
	const char
		*subject;  /* canonical; NULL: a service, from `match` below */
	instant tool_time; /* INSTANT_NEVER: none */
	const char *traceparent; /* its own; NULL: that of the delivery */
	struct json_node *body;  /* the member named like the class */
	/* What subjects.yaml may match: "application", "repository", ... */
	const struct label *match;
	size_t match_count;
	const struct related *related;
	size_t related_count;
	bool snapshot;      /* scan, assessment, inventory */
	bool complete;      /* false: partial, resolves nothing */
	const char *target; /* of the snapshot */
	/* Where a snapshot may be too large for one record: the array inside
	 * `body` that shared code splits over parts ("findings"); NULL: none.
	 */
	const char *split;
};

struct event_list {
	struct arena *arena;
	struct json_maker *maker; /* for bodies */
	struct event *events;
	size_t count, room;
};
#define EVENTS_MAX 10000
/* Appends a zeroed event (tool_time INSTANT_NEVER); BUG over EVENTS_MAX. */
struct event *event_add(struct event_list *list);
/* Appends to event->match / event->related. */
void event_match(struct event_list *list, struct event *event, const char *name,
	const char *value);
void event_relate(struct event_list *list, struct event *event,
	const char *subject, const char *relation);

struct adapter {
	const char *name;  /* = file, tool in sources.yaml, samples folder */
	unsigned revision; /* raised when the same bytes give other events */
	const struct verify_spec *verify; /* name NULL ends; first is default */
	bool json;                        /* the body is one JSON document */
	unsigned repeat_window; /* seconds; 0 unless the body has no time */
	unsigned answer_code;   /* 0 means 200 */
	const char *answer_type, *answer_body; /* NULL: empty */
	bool drain_oversized; /* header credentials: drain, dead-letter, 200 */
	bool drop_when_full;  /* close without an answer instead of 503 */
	/* IGNORED: a kind we do not use. REJECT: not what the tool sends. */
	enum status (*classify)(const struct delivery *delivery,
		struct identity *ret, struct reason *reterr);
	/* May assume classify said OK. REJECT with the JSON path. */
	enum status (*translate)(const struct delivery *delivery,
		const struct identity *identity, struct event_list *ret,
		struct reason *reterr);
};

/* Generated from adapters/. */
extern const struct adapter *const adapter_table[];
extern const size_t adapter_table_size;
/* NULL where there is none. */
const struct adapter *adapter_find(const char *name);
/* CONFIG naming the first descriptor that lacks a mandatory field. */
enum status adapter_check_all(struct reason *reterr) MUST_CHECK;
