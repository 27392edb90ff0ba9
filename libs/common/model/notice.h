/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of one attempt to tell a sink, and the record that says so on
 * <prefix>.notices, as schemas/README.md describes it. The words only. No I/O.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/kafka.h"

#include <stdbool.h>

enum notice_action {
	NOTICE_FIRE,    /* an alert that refreshes is said for the first time */
	NOTICE_REFRESH, /* the same again, so that the sink does not forget */
	NOTICE_RESOLVE,
	NOTICE_CREATE, /* an alert that stays where it is put */
	NOTICE_UPDATE,
	NOTICE_PROMOTE, /* to a case */
	NOTICE_CLOSE,
	NOTICE_ACTIONS
};
const char *notice_action_name(enum notice_action action);
/* NOTICE_ACTIONS for another word. */
enum notice_action notice_action_parse(const char *word);

enum notice_outcome {
	NOTICE_DELIVERED,
	NOTICE_RETRYING,
	NOTICE_FAILED, /* for good */
	NOTICE_MUTED,
	NOTICE_OUTCOMES
};
const char *notice_outcome_name(enum notice_outcome outcome);
/* NOTICE_OUTCOMES for another word. */
enum notice_outcome notice_outcome_parse(const char *word);

struct notice_record {
	int64_t notice;
	const char *episode;
	const char *criterion;
	const char *subject;
	const char *tenant;
	int64_t generation, n; /* version of the verdict that was told */
	const char *verdict;   /* its word; NULL: not said */
	const char *role;
	const char *party;
	const char *sink;
	const char *target; /* which instance of the sink */
	enum notice_action action;
	enum notice_outcome outcome;
	int64_t attempt;
	int64_t code;    /* HTTP status; 0: none */
	const char *why; /* NULL: nothing to say */
	instant at;
	const char *traceparent; /* of the verdict; NULL: none */
};

/* The record, topic unset, keyed by episode; its id is notice and attempt. */
void notice_encode(struct arena *arena, const struct notice_record *notice,
	struct kafka_record *ret);
/* REJECT with a place; RETRY for a major version we do not know. */
enum status notice_decode(struct arena *arena,
	const struct kafka_record *record, struct notice_record *ret,
	struct reason *reterr) MUST_CHECK;
