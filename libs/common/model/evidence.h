/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One normalised observation, as schemas/README.md describes it: made by
 * translate, carried on <prefix>.evidence as a CloudEvent in binary mode, read
 * by intake. Immutable. No I/O here.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/crypto.h"
#include "wire/json.h"
#include "wire/kafka.h"

enum evidence_class {
	CLASS_CHANGE,
	CLASS_DEPLOYMENT,
	CLASS_SCAN,
	CLASS_ASSESSMENT,
	CLASS_POLICY,
	CLASS_DETECTION,
	CLASS_INVENTORY,
	CLASS_ATTESTATION,
	CLASS_OWNERSHIP,
	CLASS_ACCESS,
	CLASS_EXCEPTION,
	CLASS_CASE,
	CLASS_TOOLSTATE,
	CLASS_REGISTER,
	CLASSES /* how many; also "no class" */
};
const char *evidence_class_name(enum evidence_class class);
enum evidence_class evidence_class_parse(const char *word);

struct label {
	const char *name;
	const char *value;
};

struct related {
	const char *subject;
	const char *relation; /* "runs", "built-from", "deploys-to" */
};

struct snapshot {
	const char *id;       /* NULL: this evidence is no snapshot */
	unsigned part, parts; /* from 1 */
	bool complete;        /* false resolves nothing */
	/* Of the set of parts, see model/snapshot.h; NULL where parts is 1. */
	const char *digest;
	const char *target;
};

/* At most this much later than receipt is a clock's business, not skew. */
#define EVIDENCE_SKEW (5 * INSTANT_MINUTE)

struct evidence {
	const char *id;
	const char *tenant;
	const char *source;
	const char *tool;
	const char *kind; /* the tool's own word for the event */
	enum evidence_class class;
	const char *subject;
	const char *adapter; /* "github/1": name and revision */
	const char *delivery_id;
	const char *delivery_digest;
	unsigned ordinal;
	instant tool_time; /* INSTANT_NEVER: the tool gave none */
	instant effective_time;
	instant recorded_time;
	bool skewed;
	const struct label *labels;
	size_t label_count;
	const char *unmapped; /* NULL: a rule maps it, or none is needed */
	const struct related *related;
	size_t related_count;
	struct snapshot snapshot;
	const char *traceparent; /* NULL: none */
	/* Sending: the member named like the class. Receiving: NULL. */
	struct json_node *body_node;
	/* Receiving: the same, read. Sending: NULL. */
	const struct json *body;
};

#define EVIDENCE_ID 65
/*
 * Identity of an observation: SHA-256 over "postern-evidence-v1" and each of
 * the parts behind its length (8 bytes, big-endian). `signed_id` is the
 * sender's id only where the signature covers it, else NULL. `window` is the
 * repeat window's number, -1 where the tool's body carries a time.
 */
void evidence_id(struct crypto *crypto, const char *source,
	const char *delivery_digest, const char *signed_id, int64_t window,
	unsigned ordinal, char ret[EVIDENCE_ID]);

/* Sets effective_time and skewed from tool_time and recorded_time. */
void evidence_settle_time(struct evidence *evidence);

/*
 * The record for <prefix>.evidence, in `arena`, topic and partition unset.
 * REJECT where it would be over KAFKA_RECORD_MAX.
 */
enum status evidence_encode(struct arena *arena, struct json_maker *maker,
	const struct evidence *evidence, struct kafka_record *ret,
	struct reason *reterr) MUST_CHECK;
/*
 * From a record. REJECT with a JSON path where it is not as the schema says;
 * RETRY for a major version we do not know; IGNORED for a punctuation.
 */
enum status evidence_decode(struct arena *arena,
	const struct kafka_record *record, struct evidence *ret,
	struct reason *reterr) MUST_CHECK;

/* Value of a label, NULL where absent. */
const char *evidence_label(const struct evidence *evidence, const char *name);

/*
 * The leaf of the ledger for this evidence: SHA-256(0x00 || encoding v1), see
 * schemas/leaf.md. `content` are the record's value bytes.
 */
void evidence_leaf(struct crypto *crypto, const struct evidence *evidence,
	const void *content, size_t size, uint8_t ret[SHA256_SIZE]);
