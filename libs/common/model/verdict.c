/* SPDX-License-Identifier: Apache-2.0 */
/* Words, the episode's id, and writing; reading lives in verdict_read.c. */
#include "model/verdict.h"

#include "base/bug.h"
#include "model/cloudevent.h"

#include <string.h>

static const char *const verdict_names[VERDICTS] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_STALE] = "stale",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_ERROR] = "error",
	[VERDICT_EXCEPTED] = "excepted",
	[VERDICT_NOT_APPLICABLE] = "not-applicable",
};

static const char *const severity_names[SEVERITIES] = {
	"low", "medium", "high", "critical"};

static const char *const policy_names[] = {
	[CASE_NEVER] = "never",
	[CASE_AT_ONCE] = "at-once",
	[CASE_AFTER] = "after",
};

const char *verdict_name(enum verdict verdict)
{
	MUST(verdict < VERDICTS);
	return verdict_names[verdict];
}

enum verdict verdict_parse(const char *word)
{
	for (int i = 0; i < VERDICTS; i++)
		if (strcmp(word, verdict_names[i]) == 0)
			return (enum verdict)i;
	return VERDICTS;
}

bool verdict_good(enum verdict verdict)
{
	return verdict == VERDICT_PASS || verdict == VERDICT_EXCEPTED ||
	       verdict == VERDICT_NOT_APPLICABLE;
}

const char *severity_name(enum severity severity)
{
	MUST(severity < SEVERITIES);
	return severity_names[severity];
}

enum severity severity_parse(const char *word)
{
	for (int i = 0; i < SEVERITIES; i++)
		if (strcmp(word, severity_names[i]) == 0)
			return (enum severity)i;
	return SEVERITIES;
}

const char *case_policy_name(enum case_policy policy)
{
	MUST(policy <= CASE_AFTER);
	return policy_names[policy];
}

bool case_policy_parse(const char *word, enum case_policy *ret)
{
	for (int i = CASE_NEVER; i <= CASE_AFTER; i++)
		if (strcmp(word, policy_names[i]) == 0) {
			*ret = (enum case_policy)i;
			return true;
		}
	return false;
}

static void add_sized(struct crypto *crypto, const char *text)
{
	uint64_t n = strlen(text);
	uint8_t size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)(n >> (8 * (7 - i)));
	sha256_add(crypto, size, sizeof(size));
	sha256_add(crypto, text, n);
}

void verdict_episode_id(struct crypto *crypto, const char *tenant,
	const char *criterion, const char *subject, instant since,
	char ret[EVIDENCE_ID])
{
	uint8_t digest[SHA256_SIZE];
	char at[INSTANT_TEXT];

	instant_format(since, at);
	sha256_begin(crypto);
	add_sized(crypto, "postern-episode-v1");
	add_sized(crypto, tenant);
	add_sized(crypto, criterion);
	add_sized(crypto, subject);
	add_sized(crypto, at);
	sha256_end(crypto, digest);
	hex_encode(digest, sizeof(digest), ret);
}

static void write_version(struct json_maker *maker, struct json_node *root,
	const struct verdict_record *in)
{
	struct json_node *version = json_object(maker);

	json_set_integer(maker, version, "generation", in->generation);
	json_set_integer(maker, version, "n", in->n);
	json_set_node(maker, root, "version", version);
}

static void write_why(struct json_maker *maker, struct json_node *root,
	const struct verdict_record *in)
{
	struct json_node *deciding = json_array(maker);
	struct json_node *evidence = json_array(maker);
	struct json_node *payloads = json_array(maker);

	for (size_t i = 0; i < in->deciding_count; i++) {
		struct json_node *row = json_object(maker);

		json_set_text(maker, row, "name", in->deciding[i].name);
		json_set_text(maker, row, "value", in->deciding[i].value);
		json_set_text(maker, row, "evidence", in->deciding[i].evidence);
		json_add_node(maker, deciding, row);
	}
	for (size_t i = 0; i < in->evidence_count; i++)
		json_add_text(maker, evidence, in->evidence[i]);
	for (size_t i = 0; i < in->payload_count; i++)
		json_add_text(maker, payloads, in->payloads[i]);
	json_set_text(maker, root, "summary", in->summary);
	json_set_text(maker, root, "would_change", in->would_change);
	json_set_node(maker, root, "deciding", deciding);
	json_set_node(maker, root, "evidence", evidence);
	json_set_node(maker, root, "payloads", payloads);
}

static void write_about(struct json_maker *maker, struct json_node *root,
	const struct verdict_record *in)
{
	struct json_node *labels = json_object(maker);
	struct json_node *observables = json_array(maker);

	for (size_t i = 0; i < in->label_count; i++)
		json_set_text(
			maker, labels, in->labels[i].name, in->labels[i].value);
	for (size_t i = 0; i < in->observable_count; i++) {
		struct json_node *row = json_object(maker);

		json_set_text(maker, row, "kind", in->observables[i].kind);
		json_set_text(maker, row, "value", in->observables[i].value);
		json_add_node(maker, observables, row);
	}
	json_set_node(maker, root, "labels", labels);
	json_set_node(maker, root, "observables", observables);
}

static void write_episode(struct json_maker *maker, struct json_node *root,
	const struct verdict_record *in)
{
	struct json_node *episode;

	if (in->episode_kind == EPISODE_NONE)
		return;
	episode = json_object(maker);
	json_set_text(maker, episode, "id", in->episode);
	json_set_text(maker, episode, "kind",
		in->episode_kind == EPISODE_FAIL ? "fail" : "doubt");
	json_set_instant(maker, episode, "opened", in->episode_opened);
	json_set_instant(maker, episode, "closed", in->episode_closed);
	json_set_node(maker, root, "episode", episode);
}

static void write_pack(struct json_maker *maker, struct json_node *root,
	const struct verdict_record *in)
{
	struct json_node *pack = json_object(maker);

	json_set_text(maker, pack, "name", in->pack_name);
	json_set_text(maker, pack, "version", in->pack_version);
	json_set_text(maker, pack, "digest", in->pack_digest);
	json_set_node(maker, root, "pack", pack);
	json_set_text(maker, root, "profile", in->profile);
}

const char *verdict_write(struct arena *arena, const struct verdict_record *in,
	size_t *ret_length)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *root = json_object(maker);

	json_set_text(maker, root, "tenant", in->tenant);
	json_set_text(maker, root, "criterion", in->criterion);
	json_set_text(maker, root, "subject", in->subject);
	write_version(maker, root, in);
	json_set_text(maker, root, "verdict", verdict_name(in->verdict));
	if (in->previous != VERDICTS)
		json_set_text(
			maker, root, "previous", verdict_name(in->previous));
	json_set_instant(maker, root, "since", in->since);
	json_set_instant(maker, root, "judged_at", in->judged_at);
	json_set_instant(maker, root, "known_at", in->known_at);
	json_set_instant(maker, root, "next_change", in->next_change);
	json_set_text(maker, root, "sentence", in->sentence);
	json_set_text(maker, root, "task", in->task);
	json_set_text(maker, root, "severity", severity_name(in->severity));
	json_set_text(maker, root, "role", in->role);
	json_set_text(maker, root, "case", case_policy_name(in->case_policy));
	json_set_integer(maker, root, "case_after_seconds",
		in->case_after / INSTANT_SECOND);
	write_why(maker, root, in);
	write_about(maker, root, in);
	write_episode(maker, root, in);
	json_set_text(maker, root, "suppressed_by", in->suppressed_by);
	write_pack(maker, root, in);
	json_set_text(maker, root, "traceparent", in->traceparent);
	return json_write(maker, root, ret_length);
}

void verdict_encode(struct arena *arena, const struct verdict_record *in,
	struct kafka_record *ret)
{
	size_t length;
	const char *value = verdict_write(arena, in, &length);
	struct cloudevent event = {
		.id = arena_printf(arena, "%s %s %lld.%lld", in->subject,
			in->criterion, (long long)in->generation,
			(long long)in->n),
		.source = "/postern/evaluator",
		.type = "dev.postern.verdict.v1",
		.subject = in->subject,
		.time = in->since,
		.recorded = in->known_at,
		.tenant = in->tenant,
		.schema = "https://postern.dev/schemas/events/"
			  "verdict.v1.schema.json",
		.traceparent = in->traceparent,
	};

	cloudevent_encode(arena, &event, value, length, ret);
	ret->key = arena_printf(arena, "%s %s", in->subject, in->criterion);
	ret->key_length = strlen(ret->key);
	ret->partition = -1;
}
