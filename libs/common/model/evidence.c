/* SPDX-License-Identifier: Apache-2.0 */
/* Words, identity, the leaf, and writing; reading is in evidence_read.c. */
#include "model/evidence.h"

#include "base/bug.h"
#include "model/cloudevent.h"

#include <string.h>

static const char *const class_names[CLASSES] = {
	[CLASS_CHANGE] = "change",
	[CLASS_DEPLOYMENT] = "deployment",
	[CLASS_SCAN] = "scan",
	[CLASS_ASSESSMENT] = "assessment",
	[CLASS_POLICY] = "policy",
	[CLASS_DETECTION] = "detection",
	[CLASS_INVENTORY] = "inventory",
	[CLASS_ATTESTATION] = "attestation",
	[CLASS_OWNERSHIP] = "ownership",
	[CLASS_ACCESS] = "access",
	[CLASS_EXCEPTION] = "exception",
	[CLASS_CASE] = "case",
	[CLASS_TOOLSTATE] = "toolstate",
	[CLASS_REGISTER] = "register",
};

const char *evidence_class_name(enum evidence_class class)
{
	MUST(class < CLASSES);
	return class_names[class];
}

enum evidence_class evidence_class_parse(const char *word)
{
	for (int i = 0; i < CLASSES; i++)
		if (strcmp(word, class_names[i]) == 0)
			return (enum evidence_class)i;
	return CLASSES;
}

static void number(uint64_t n, uint8_t ret[8])
{
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(n >> (8 * (7 - i)));
}

static void add(struct crypto *crypto, const void *bytes, size_t size)
{
	uint8_t length[8];

	number(size, length);
	sha256_add(crypto, length, sizeof(length));
	sha256_add(crypto, bytes, size);
}

static void add_text(struct crypto *crypto, const char *text)
{
	add(crypto, text, strlen(text));
}

void evidence_id(struct crypto *crypto, const char *source,
	const char *delivery_digest, const char *signed_id, int64_t window,
	unsigned ordinal, char ret[EVIDENCE_ID])
{
	uint8_t digest[SHA256_SIZE], place[8];

	sha256_begin(crypto);
	add_text(crypto, "postern-evidence-v1");
	add_text(crypto, source);
	add_text(crypto, delivery_digest);
	add_text(crypto, signed_id ? signed_id : "");
	number((uint64_t)window, place);
	add(crypto, place, window < 0 ? 0 : sizeof(place));
	number(ordinal, place);
	add(crypto, place, sizeof(place));
	sha256_end(crypto, digest);
	hex_encode(digest, sizeof(digest), ret);
}

void evidence_settle_time(struct evidence *evidence)
{
	instant tool = evidence->tool_time, receipt = evidence->recorded_time;

	evidence->effective_time = tool < receipt ? tool : receipt;
	evidence->skewed = tool != INSTANT_NEVER && tool > receipt &&
			   tool - receipt > EVIDENCE_SKEW;
}

static struct json_node *delivery_of(
	struct json_maker *maker, const struct evidence *evidence)
{
	struct json_node *delivery = json_object(maker);

	json_set_text(maker, delivery, "id", evidence->delivery_id);
	json_set_text(maker, delivery, "digest", evidence->delivery_digest);
	json_set_integer(maker, delivery, "ordinal", evidence->ordinal);
	return delivery;
}

static void write_labels(struct json_maker *maker, struct json_node *root,
	const struct evidence *evidence)
{
	struct json_node *labels;

	if (evidence->label_count == 0)
		return;
	labels = json_object(maker);
	for (size_t i = 0; i < evidence->label_count; i++)
		json_set_text(maker, labels, evidence->labels[i].name,
			evidence->labels[i].value);
	json_set_node(maker, root, "labels", labels);
}

static void write_related(struct json_maker *maker, struct json_node *root,
	const struct evidence *evidence)
{
	struct json_node *related;

	if (evidence->related_count == 0)
		return;
	related = json_array(maker);
	for (size_t i = 0; i < evidence->related_count; i++) {
		struct json_node *row = json_object(maker);

		json_set_text(
			maker, row, "subject", evidence->related[i].subject);
		json_set_text(
			maker, row, "relation", evidence->related[i].relation);
		json_add_node(maker, related, row);
	}
	json_set_node(maker, root, "related", related);
}

static void write_snapshot(struct json_maker *maker, struct json_node *root,
	const struct snapshot *snapshot)
{
	struct json_node *node;

	if (!snapshot->id)
		return;
	node = json_object(maker);
	json_set_text(maker, node, "id", snapshot->id);
	json_set_integer(maker, node, "part", snapshot->part);
	json_set_integer(maker, node, "parts", snapshot->parts);
	json_set_bool(maker, node, "complete", snapshot->complete);
	json_set_text(maker, node, "digest", snapshot->digest);
	json_set_text(maker, node, "target", snapshot->target);
	json_set_node(maker, root, "snapshot", node);
}

static const char *data_of(struct json_maker *maker,
	const struct evidence *evidence, size_t *ret_length)
{
	struct json_node *root = json_object(maker);

	json_set_text(maker, root, "source", evidence->source);
	json_set_text(maker, root, "tool", evidence->tool);
	json_set_text(maker, root, "kind", evidence->kind);
	json_set_text(
		maker, root, "class", evidence_class_name(evidence->class));
	json_set_text(maker, root, "subject", evidence->subject);
	json_set_text(maker, root, "id", evidence->id);
	json_set_text(maker, root, "adapter", evidence->adapter);
	json_set_node(maker, root, "delivery", delivery_of(maker, evidence));
	json_set_instant(maker, root, "tool_time", evidence->tool_time);
	json_set_instant(
		maker, root, "effective_time", evidence->effective_time);
	json_set_instant(maker, root, "recorded_time", evidence->recorded_time);
	if (evidence->skewed)
		json_set_bool(maker, root, "skewed", true);
	write_labels(maker, root, evidence);
	json_set_text(maker, root, "unmapped", evidence->unmapped);
	write_related(maker, root, evidence);
	write_snapshot(maker, root, &evidence->snapshot);
	json_set_node(maker, root, evidence_class_name(evidence->class),
		evidence->body_node);
	return json_write(maker, root, ret_length);
}

enum status evidence_encode(struct arena *arena, struct json_maker *maker,
	const struct evidence *evidence, struct kafka_record *ret,
	struct reason *reterr)
{
	const char *class = evidence_class_name(evidence->class);
	size_t length, size;
	const char *data;
	struct kafka_record record = {.partition = -1};
	const struct cloudevent event = {
		.id = evidence->id,
		.source = "/postern/ingest",
		.type = arena_printf(
			arena, "dev.postern.evidence.%s.v1", class),
		.subject = evidence->subject,
		.time = evidence->effective_time,
		.recorded = evidence->recorded_time,
		.tenant = evidence->tenant,
		.schema = arena_printf(arena,
			"https://postern.dev/schemas/events/"
			"evidence.%s.v1.schema.json",
			class),
		.traceparent = evidence->traceparent,
	};

	MUST(evidence->body_node && evidence->subject && evidence->tenant);
	data = data_of(maker, evidence, &length);
	cloudevent_encode(arena, &event, data, length, &record);
	record.key = evidence->subject;
	record.key_length = strlen(evidence->subject);
	size = kafka_record_size(&record);
	if (size > KAFKA_RECORD_MAX) {
		reason_set(reterr, NULL,
			"the evidence takes %zu bytes, a record at most %d",
			size, KAFKA_RECORD_MAX);
		return REJECT;
	}
	*ret = record;
	return OK;
}

const char *evidence_label(const struct evidence *evidence, const char *name)
{
	for (size_t i = 0; i < evidence->label_count; i++)
		if (strcmp(evidence->labels[i].name, name) == 0)
			return evidence->labels[i].value;
	return NULL;
}

static void add_time(struct crypto *crypto, instant at)
{
	char text[INSTANT_TEXT];

	instant_format(at, text);
	add_text(crypto, text);
}

void evidence_leaf(struct crypto *crypto, const struct evidence *evidence,
	const void *content, size_t size, uint8_t ret[SHA256_SIZE])
{
	static const uint8_t leaf = 0; /* RFC 6962: nodes begin with 1 */
	uint8_t digest[SHA256_SIZE];

	sha256(crypto, content, size, digest);
	sha256_begin(crypto);
	sha256_add(crypto, &leaf, 1);
	add_text(crypto, "postern-leaf-v1");
	add_text(crypto, "evidence");
	add_text(crypto, evidence->tenant);
	add_text(crypto, evidence->id);
	add_time(crypto, evidence->recorded_time);
	add_time(crypto, evidence->effective_time);
	add_text(crypto, evidence_class_name(evidence->class));
	add_text(crypto, evidence->kind);
	add_text(crypto, evidence->subject);
	add_text(crypto, evidence->source);
	add_text(crypto, evidence->tool);
	add_text(crypto, evidence->adapter);
	add_text(crypto, evidence->delivery_digest);
	add(crypto, digest, sizeof(digest));
	sha256_end(crypto, ret);
}
