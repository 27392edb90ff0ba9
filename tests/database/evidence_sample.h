/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of what intake makes of evidence: records as translate writes
 * them, made from a few words. All live in one arena.
 */
#pragma once

#include "base/bug.h"
#include "model/evidence.h"
#include "model/punctuation.h"
#include "model/snapshot.h"

#include <stdio.h>
#include <string.h>

/* 2026-11-24T08:00:00Z */
#define SAMPLE_DAY ((instant)1795507200 * INSTANT_SECOND)
#define SAMPLE_IMAGE(c)                                                        \
	"default/image/oci/sha256:" c c c c c c c c c c c c c c c c c c c c c  \
		c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c  \
			c c c c c c c c c c c c

struct sample {
	struct arena *arena;
	struct json_maker *maker;
	struct crypto *crypto;
	struct kafka_record records[400];
	size_t count;
};

static inline struct sample *sample_new(void)
{
	struct arena *arena = arena_new(64 << 20);
	struct sample *sample = arena_alloc(arena, sizeof(*sample));

	sample->arena = arena;
	sample->maker = json_maker_new(arena);
	sample->crypto = crypto_new();
	return sample;
}

static inline void sample_free(struct sample **sample)
{
	struct arena *arena = (*sample)->arena;

	crypto_free(&(*sample)->crypto);
	arena_free(&arena);
	*sample = NULL;
}

/* Everything but body, labels and neighbours; `word` makes the id. */
static inline struct evidence sample_evidence(struct sample *sample,
	const char *word, enum evidence_class class, const char *subject,
	instant at)
{
	char *id = arena_alloc(sample->arena, EVIDENCE_ID);
	struct evidence evidence = {.id = id,
		.tenant = "default",
		.source = "source-1",
		.tool = "tool",
		.kind = "event",
		.class = class,
		.subject = subject,
		.adapter = "tool/1",
		.delivery_id = "0123456789abcdef0123456789abcdef",
		.tool_time = at,
		.effective_time = at,
		.recorded_time = at + INSTANT_SECOND};
	uint8_t digest[SHA256_SIZE];

	sha256(sample->crypto, word, strlen(word), digest);
	hex_encode(digest, sizeof(digest), id);
	evidence.delivery_digest = arena_printf(sample->arena, "sha256:%s", id);
	return evidence;
}

static inline void sample_add(
	struct sample *sample, const struct evidence *evidence)
{
	struct kafka_record *record = &sample->records[sample->count];
	struct reason reason = {0};

	if (sample->count == 400)
		BUG("the sample is full");
	if (evidence_encode(sample->arena, sample->maker, evidence, record,
		    &reason) != OK)
		fail_msg("%s", reason.sentence);
	record->topic = "postern.evidence";
	record->offset = (int64_t)sample->count++;
}

/* A body from JSON text. */
static inline struct json_node *sample_body(
	struct sample *sample, const char *text)
{
	struct json_node *node = json_object(sample->maker);
	const struct json *json = NULL;
	struct reason reason = {0};

	if (json_read(sample->arena, text, strlen(text), &json, &reason) != OK)
		fail_msg("%s: %s", text, reason.sentence);
	JSON_EACH (json, walk)
		json_set_copy(sample->maker, node, walk.key, walk.value);
	return node;
}

/* Findings "a:high" in words: {"findings": [...]}; a trailing '+' has a fix. */
static inline const char *sample_findings(
	struct sample *sample, const char *words)
{
	char text[12000] = "{\"findings\":[";
	size_t n = strlen(text);

	for (const char *word = words; *word;) {
		size_t length = strcspn(word, " ");
		size_t key = strcspn(word, ":");
		bool fixed = length && word[length - 1] == '+';

		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"%s{\"key\":\"%.*s\",\"vulnerability\":\"CVE-%.*s\","
			"\"package\":\"pkg:deb/%.*s\",\"severity\":\"%.*s\","
			"\"aliases\":[\"z\",\"a\"],\"known_exploited\":true%s}",
			word == words ? "" : ",", (int)key, word, (int)key,
			word, (int)key, word,
			(int)(length - key - 1 - (fixed ? 1 : 0)),
			word + key + 1,
			fixed ? ",\"fixed_version\":\"2\"" : "");
		word += length;
		word += strspn(word, " ");
	}
	snprintf(text + n, sizeof(text) - n, "]}");
	return arena_string(sample->arena, text);
}

struct sample_scan {
	const char *word; /* makes id and snapshot id */
	const char *subject;
	const char *target; /* NULL: none */
	instant at;
	bool partial;
	const char *findings[4]; /* of each part */
	const char *digest;      /* NULL: the right one */
};

static inline void sample_scan_part(struct sample *sample,
	const struct sample_scan *scan, unsigned part, unsigned parts,
	const char *digest)
{
	struct evidence evidence = sample_evidence(sample,
		arena_printf(sample->arena, "%s/%u", scan->word, part),
		CLASS_SCAN, scan->subject, scan->at);
	struct evidence whole = sample_evidence(
		sample, scan->word, CLASS_SCAN, scan->subject, scan->at);

	evidence.snapshot = (struct snapshot){.id = whole.id,
		.part = part,
		.parts = parts,
		.complete = !scan->partial,
		.digest = parts > 1 ? digest : NULL,
		.target = scan->target};
	evidence.body_node = sample_body(
		sample, sample_findings(sample, scan->findings[part - 1]));
	sample_add(sample, &evidence);
}

static inline void sample_scan_add(
	struct sample *sample, const struct sample_scan *scan)
{
	char digest[SNAPSHOT_DIGEST];
	unsigned parts = 0;

	snapshot_digest_begin(sample->crypto);
	for (; parts < 4 && scan->findings[parts]; parts++) {
		const struct json *body = NULL;
		const char *text =
			sample_findings(sample, scan->findings[parts]);
		struct reason reason = {0};

		if (json_read(sample->arena, text, strlen(text), &body,
			    &reason) != OK)
			fail_msg("%s: %s", text, reason.sentence);
		snapshot_digest_add(sample->crypto, sample->arena,
			json_get(body, "findings"));
	}
	snapshot_digest_end(sample->crypto, digest);
	for (unsigned part = 1; part <= parts; part++)
		sample_scan_part(sample, scan, part, parts,
			scan->digest ? scan->digest : digest);
}

static inline void sample_punctuation(struct sample *sample, int partition,
	instant received_to, instant spool_oldest)
{
	const struct punctuation said = {partition, received_to, spool_oldest};
	struct kafka_record *record = &sample->records[sample->count];

	punctuation_encode(sample->arena, &said, record);
	record->topic = "postern.evidence";
	record->offset = (int64_t)sample->count++;
}
