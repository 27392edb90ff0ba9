/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of (criterion, subject) and the record that announces it, as
 * schemas/README.md describes it. The words only; how one is reached is the
 * evaluator's business, whom it concerns the notifier's. No I/O here.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "model/evidence.h"
#include "wire/kafka.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_STALE,
	VERDICT_UNKNOWN,
	VERDICT_ERROR,
	VERDICT_EXCEPTED,
	VERDICT_NOT_APPLICABLE,
	VERDICTS /* how many; also "none yet" */
};
const char *verdict_name(enum verdict verdict);
enum verdict verdict_parse(const char *word);
/* pass, excepted and not-applicable. */
bool verdict_good(enum verdict verdict);

enum severity {
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
	SEVERITIES
};
const char *severity_name(enum severity severity);
enum severity severity_parse(const char *word); /* SEVERITIES for another */

enum episode_kind { EPISODE_NONE, EPISODE_FAIL, EPISODE_DOUBT };

enum case_policy { CASE_NEVER, CASE_AT_ONCE, CASE_AFTER };
const char *case_policy_name(enum case_policy policy);
/* False for another word. */
bool case_policy_parse(const char *word, enum case_policy *ret);

struct deciding {
	const char *name;
	const char *value;
	const char *evidence; /* id; NULL: none */
};

struct observable {
	const char *kind; /* vulnerability, digest, host, user, revision, url */
	const char *value;
};

#define VERDICT_LIST_MAX 50

struct verdict_record {
	const char *tenant;
	const char *criterion;
	const char *subject;
	int64_t generation, n; /* the version */
	enum verdict verdict;
	enum verdict previous; /* VERDICTS: this is the first */
	instant since;
	instant judged_at;
	instant known_at;
	instant next_change; /* INSTANT_NEVER: none by time alone */
	const char *sentence;
	const char *task;
	enum severity severity;
	const char *role;
	enum case_policy case_policy;
	instant case_after;
	const char *summary;
	const char *would_change;
	const struct deciding *deciding;
	size_t deciding_count;
	const char *const *evidence;
	size_t evidence_count;
	const char *const *payloads;
	size_t payload_count;
	const struct label *labels;
	size_t label_count;
	const struct observable *observables;
	size_t observable_count;
	enum episode_kind episode_kind;
	const char *episode; /* id; NULL: none */
	instant episode_opened;
	instant episode_closed;    /* INSTANT_NEVER: open */
	const char *suppressed_by; /* NULL: not suppressed */
	const char *pack_name;
	const char *pack_version;
	const char *pack_digest;
	const char *profile;     /* NULL: no clock involved */
	const char *traceparent; /* of the newest deciding evidence; NULL */
};

/* episode id = SHA-256 over length-prefixed tenant, criterion, subject, since.
 */
void verdict_episode_id(struct crypto *crypto, const char *tenant,
	const char *criterion, const char *subject, instant since,
	char ret[EVIDENCE_ID]);
/* The value of the record as JSON, in the arena. */
const char *verdict_write(struct arena *arena,
	const struct verdict_record *verdict, size_t *ret_length);
enum status verdict_read(struct arena *arena, const char *bytes, size_t size,
	struct verdict_record *ret, struct reason *reterr) MUST_CHECK;
/* The record, topic unset. */
void verdict_encode(struct arena *arena, const struct verdict_record *verdict,
	struct kafka_record *ret);
enum status verdict_decode(struct arena *arena,
	const struct kafka_record *record, struct verdict_record *ret,
	struct reason *reterr) MUST_CHECK;
