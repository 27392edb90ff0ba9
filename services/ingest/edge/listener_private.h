/* SPDX-License-Identifier: Apache-2.0 */
/* Between listener.c, visit.c and hand_over.c; nobody else. */
#pragma once

#include "edge/authenticate.h"
#include "edge/identity.h"
#include "edge/listener.h"
#include "edge/route.h"
#include "meters.h"
#include "parcel.h"

#include <pthread.h>
#include <stdatomic.h>

#define VERIFIERS_KEPT 64

struct listener {
	struct listener_settings settings;
	struct httpd *httpd;
	struct identity *identity; /* NULL: plain HTTP */
	struct budget *budget;
	struct arena *arena;
	const char *deliveries, *rejected; /* topics */
	atomic_bool ending;
	atomic_int visits;

	pthread_mutex_t lock; /* guards all below */
	struct verifier *verifiers[VERIFIERS_KEPT];
	int verifier_count;
	instant refusals_since; /* so that a flood is few lines */
	unsigned refusals;
};

/* One request from its head to its answer; its delivery may outlive it. */
struct visit {
	struct listener *listener;
	atomic_int references;
	pthread_mutex_t lock;          /* guards the one below */
	struct httpd_request *request; /* NULL: gone */
	char client[NETWORK_KEY];      /* who sent it, through proxies or not */

	struct sources *sources;
	const struct source *source;
	/* No source has that name: another stands in for it up to the 401,
	 * with what it reads and how long it takes; none is ever it. */
	bool unknown;
	char named[SOURCE_NAME_MAX + 1]; /* in the path */
	struct verifier *verifier;
	bool in_body;     /* the proof is */
	bool draining;    /* oversized and thrown away */
	atomic_bool over; /* answered, or handed over */
	struct budget_hold hold;
	char *body;
	size_t size, room;

	struct arena *arena; /* records of the delivery, from its end on */
	struct outgoing outgoing;
	struct parcel parcel;
	char id[PARCEL_ID];
	char digest[AUTHENTICATE_DIGEST];
};

/* For the request's `done`, one reference more for whoever publishes. */
struct visit *visit_new(
	struct listener *listener, struct httpd_request *request);
void visit_unref(struct visit *visit);
/* Body, records and what they took from the budget. */
void visit_empty(struct visit *visit);
/* Adds bytes; false where the budget has no room. `limit` was looked at. */
bool visit_add(struct visit *visit, const void *bytes, size_t size) MUST_CHECK;

/* Each ends the visit by one answer. */
void visit_answer(struct visit *visit, const struct httpd_answer *answer);
void visit_drop(struct visit *visit);
void visit_refuse(struct visit *visit, enum refusal refusal);
/* 413, 503, ...: `why` is for metric and log. */
void visit_reject(struct visit *visit, unsigned code, const char *why);
/* 403: a proxy of ours took it over without TLS; before its source is known. */
void visit_plain(struct visit *visit);

/* The body is whole and proven: it takes the way to a topic, and the answer
 * comes when it is durable. */
void hand_over(struct visit *visit);
