/* SPDX-License-Identifier: Apache-2.0 */
/* Reading evidence from a record: every member typed, every list bounded. */
#include "model/evidence.h"

#include "model/cloudevent.h"
#include "model/evidence_body.h"
#include "model/subject.h"

#include <stdio.h>
#include <string.h>

#define LABELS_MAX 50
#define RELATED_MAX 10000
#define PARTS_MAX 1000000
#define STEM "dev.postern.evidence."

struct reading {
	struct arena *arena;
	const struct json *root;
	enum status status; /* the first failure stays */
	struct reason *reterr;
};

static void refuse(struct reading *in, const char *path, const char *want)
{
	char place[160];

	if (in->status != OK)
		return;
	snprintf(place, sizeof(place), "$.%s", path);
	reason_set(in->reterr, place, "must be %s, is %s", want,
		json_type(json_path(in->root, path)));
	in->status = REJECT;
}

static const char *optional_text(struct reading *in, const char *path)
{
	const struct json *value = json_path(in->root, path);

	if (value && !json_text(value))
		refuse(in, path, "a string");
	return json_text(value);
}

static const char *text(struct reading *in, const char *path)
{
	const char *value = optional_text(in, path);

	if (!value)
		refuse(in, path, "a string");
	return value ? value : "";
}

static bool is_hex(const char *text, size_t digits)
{
	return strlen(text) == digits &&
	       strspn(text, "0123456789abcdef") == digits;
}

static const char *id_of(struct reading *in, const char *path)
{
	const char *value = text(in, path);

	if (!is_hex(value, EVIDENCE_ID - 1))
		refuse(in, path, "64 lower-case hex digits");
	return value;
}

static const char *digest_of(
	struct reading *in, const char *path, bool required)
{
	const char *value = optional_text(in, path);

	if (!value && !required)
		return NULL;
	if (!value || strncmp(value, "sha256:", 7) != 0 ||
		!is_hex(value + 7, 2 * SHA256_SIZE))
		refuse(in, path, "sha256: and 64 lower-case hex digits");
	return value;
}

static instant time_of(struct reading *in, const char *path, bool required)
{
	const char *value = optional_text(in, path);
	struct reason ignored;
	instant at;

	if (!value && !required)
		return INSTANT_NEVER;
	if (value && evidence_time_is(value) &&
		instant_parse(value, strlen(value), &at, &ignored) == OK)
		return at;
	refuse(in, path, "an RFC 3339 time in UTC");
	return INSTANT_NEVER;
}

static unsigned integer(
	struct reading *in, const char *path, int64_t least, int64_t most)
{
	int64_t number = 0;

	if (!json_integer(json_path(in->root, path), &number) ||
		number < least || number > most) {
		refuse(in, path, "a whole number in its bounds");
		return 0;
	}
	return (unsigned)number;
}

static const char *subject_of(struct reading *in, const char *path)
{
	const char *value = text(in, path);
	struct reason why;

	if (in->status == OK && subject_check(value, &why) != OK)
		refuse(in, path, "a canonical subject");
	return value;
}

static void read_labels(struct reading *in, struct evidence *ret)
{
	const struct json *labels = json_get(in->root, "labels");
	size_t count = json_count(labels);
	struct label *rows;

	if (!labels)
		return;
	if (!json_is_object(labels) || count > LABELS_MAX) {
		refuse(in, "labels", "an object of at most 50 strings");
		return;
	}
	rows = arena_array(in->arena, count, sizeof(*rows));
	JSON_EACH (labels, walk) {
		rows[walk.index].name = walk.key;
		rows[walk.index].value = json_text(walk.value);
		if (!rows[walk.index].value)
			refuse(in, "labels", "an object of strings");
	}
	ret->labels = rows;
	ret->label_count = count;
}

static void read_related(struct reading *in, struct evidence *ret)
{
	const struct json *related = json_get(in->root, "related");
	size_t count = json_count(related);
	struct related *rows;

	if (!related)
		return;
	if (!json_is_array(related) || count > RELATED_MAX) {
		refuse(in, "related", "an array of at most 10000");
		return;
	}
	rows = arena_array(in->arena, count, sizeof(*rows));
	JSON_EACH (related, walk) {
		struct related *row = &rows[walk.index];
		struct reason why;
		char at[60];

		snprintf(at, sizeof(at), "related.%zu", walk.index);
		row->subject = json_text(json_get(walk.value, "subject"));
		row->relation = json_text(json_get(walk.value, "relation"));
		if (!row->subject || !row->relation ||
			subject_check(row->subject, &why) != OK)
			refuse(in, at, "a canonical subject and a relation");
		if (in->status != OK)
			return;
	}
	ret->related = rows;
	ret->related_count = count;
}

static void read_snapshot(struct reading *in, struct evidence *ret)
{
	const struct json *snapshot = json_get(in->root, "snapshot");
	struct snapshot *out = &ret->snapshot;

	if (!snapshot && !evidence_class_snapshot(ret->class))
		return;
	out->id = id_of(in, "snapshot.id");
	out->parts = integer(in, "snapshot.parts", 1, PARTS_MAX);
	out->part = integer(in, "snapshot.part", 1, PARTS_MAX);
	if (out->part > out->parts)
		refuse(in, "snapshot.part", "at most snapshot.parts");
	if (!json_is_bool(json_get(snapshot, "complete")))
		refuse(in, "snapshot.complete", "true or false");
	out->complete = json_true(json_get(snapshot, "complete"));
	out->digest = digest_of(in, "snapshot.digest", out->parts > 1);
	out->target = optional_text(in, "snapshot.target");
}

static void read_times(struct reading *in, struct evidence *ret)
{
	ret->tool_time = time_of(in, "tool_time", false);
	ret->effective_time = time_of(in, "effective_time", true);
	ret->recorded_time = time_of(in, "recorded_time", true);
	ret->skewed = json_true(json_get(in->root, "skewed"));
	if (ret->effective_time > ret->recorded_time)
		refuse(in, "effective_time", "no later than recorded_time");
}

static void read_names(struct reading *in, struct evidence *ret)
{
	ret->source = text(in, "source");
	ret->tool = text(in, "tool");
	ret->kind = text(in, "kind");
	ret->subject = subject_of(in, "subject");
	ret->id = id_of(in, "id");
	ret->adapter = text(in, "adapter");
	ret->delivery_id = text(in, "delivery.id");
	ret->delivery_digest = digest_of(in, "delivery.digest", true);
	ret->ordinal = integer(in, "delivery.ordinal", 0, UINT32_MAX);
	ret->unmapped = optional_text(in, "unmapped");
	if (strcmp(text(in, "class"), evidence_class_name(ret->class)) != 0)
		refuse(in, "class", "the class that ce_type names");
}

static enum status read_data(struct arena *arena,
	const struct kafka_record *record, struct evidence *ret,
	struct reason *reterr)
{
	struct reading in = {.arena = arena, .status = OK, .reterr = reterr};
	enum status status = json_read(
		arena, record->value, record->value_length, &in.root, reterr);

	if (status != OK)
		return status;
	if (!json_is_object(in.root)) {
		reason_set(reterr, "$", "must be an object, is %s",
			json_type(in.root));
		return REJECT;
	}
	read_names(&in, ret);
	read_times(&in, ret);
	read_labels(&in, ret);
	read_related(&in, ret);
	read_snapshot(&in, ret);
	if (in.status != OK)
		return in.status;
	ret->body = json_get(in.root, evidence_class_name(ret->class));
	return evidence_body_check(ret->class, ret->body, reterr);
}

/* OK: ret->class is set from the type. */
static enum status read_type(struct arena *arena,
	const struct cloudevent *event, struct evidence *ret,
	struct reason *reterr)
{
	size_t stem = 0;
	unsigned version = cloudevent_version(event->type, &stem);

	if (stem <= strlen(STEM) ||
		strncmp(event->type, STEM, strlen(STEM)) != 0) {
		reason_set(reterr, "ce_type", "\"%.80s\" is no evidence",
			event->type);
		return REJECT;
	}
	if (version != 1) {
		reason_set(reterr, "ce_type",
			"\"%.80s\" is newer than this program: upgrade it",
			event->type);
		return RETRY;
	}
	ret->class = evidence_class_parse(arena_copy(
		arena, event->type + strlen(STEM), stem - strlen(STEM)));
	if (ret->class != CLASSES)
		return OK;
	reason_set(reterr, "ce_type", "\"%.80s\" names no class we know",
		event->type);
	return REJECT;
}

static enum status read_envelope(const struct cloudevent *event,
	const struct evidence *evidence, struct reason *reterr)
{
	const char *place = NULL;

	if (strcmp(event->id, evidence->id) != 0)
		place = "ce_id";
	else if (!event->subject ||
		 strcmp(event->subject, evidence->subject) != 0)
		place = "ce_subject";
	if (!place)
		return OK;
	reason_set(reterr, place, "differs from what the data says");
	return REJECT;
}

enum status evidence_decode(struct arena *arena,
	const struct kafka_record *record, struct evidence *ret,
	struct reason *reterr)
{
	static const char other[] = "dev.postern.punctuation.v";
	struct evidence evidence = {0};
	struct cloudevent event;
	enum status status = cloudevent_decode(arena, record, &event, reterr);

	if (status != OK)
		return status;
	if (strncmp(event.type, other, sizeof(other) - 1) == 0)
		return IGNORED;
	status = read_type(arena, &event, &evidence, reterr);
	if (status == OK)
		status = read_data(arena, record, &evidence, reterr);
	if (status == OK)
		status = read_envelope(&event, &evidence, reterr);
	if (status != OK)
		return status;
	evidence.tenant = subject_tenant_of(arena, evidence.subject);
	evidence.traceparent = event.traceparent;
	*ret = evidence;
	return OK;
}
