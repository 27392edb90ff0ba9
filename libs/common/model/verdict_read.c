/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a verdict record, every member typed, every list bounded. */
#include "model/verdict.h"

#include "model/cloudevent.h"
#include "model/trace.h"

#include <stdio.h>
#include <string.h>

struct reading {
	struct arena *arena;
	const struct json *root;
	enum status status; /* the first failure stays */
	struct reason *reterr;
};

static void refuse(struct reading *in, const char *path, const char *want,
	const struct json *got)
{
	char place[120];

	if (in->status != OK)
		return;
	snprintf(place, sizeof(place), "$.%s", path);
	reason_set(
		in->reterr, place, "must be %s, is %s", want, json_type(got));
	in->status = REJECT;
}

static const char *optional_text(struct reading *in, const char *path)
{
	const struct json *value = json_path(in->root, path);

	if (value && !json_text(value))
		refuse(in, path, "a string", value);
	return value ? json_text(value) : NULL;
}

static const char *text(struct reading *in, const char *path)
{
	const char *value = optional_text(in, path);

	if (!value)
		refuse(in, path, "a string", NULL);
	return value ? value : "";
}

static int64_t integer(struct reading *in, const char *path)
{
	const struct json *value = json_path(in->root, path);
	int64_t number = 0;

	if (!json_integer(value, &number))
		refuse(in, path, "a whole number", value);
	return number;
}

static instant optional_time(struct reading *in, const char *path)
{
	const char *value = optional_text(in, path);
	struct reason why;
	instant at;

	if (!value)
		return INSTANT_NEVER;
	if (instant_parse(value, strlen(value), &at, &why) == OK)
		return at;
	refuse(in, path, "an RFC 3339 time", json_path(in->root, path));
	return INSTANT_NEVER;
}

static instant time_of(struct reading *in, const char *path)
{
	instant at = optional_time(in, path);

	if (at == INSTANT_NEVER)
		refuse(in, path, "an RFC 3339 time", NULL);
	return at;
}

static size_t list_size(struct reading *in, const char *path)
{
	const struct json *list = json_path(in->root, path);
	size_t count = json_count(list);

	if (!json_is_array(list) || count > VERDICT_LIST_MAX) {
		refuse(in, path, "an array of at most 50", list);
		return 0;
	}
	return count;
}

static const char *item_text(struct reading *in, const char *list,
	const struct json *item, const char *key, bool needed)
{
	const struct json *value = json_get(item, key);

	if (!json_text(value) && (needed || value)) {
		refuse(in, list, "a list of objects with string members",
			value);
		return "";
	}
	return json_text(value);
}

static const char *const *texts(
	struct reading *in, const char *path, size_t *ret_count)
{
	size_t count = list_size(in, path);
	const char **rows = arena_array(in->arena, count, sizeof(*rows));

	for (size_t i = 0; i < count; i++) {
		char at[80];

		snprintf(at, sizeof(at), "%s.%zu", path, i);
		rows[i] = text(in, at);
	}
	*ret_count = count;
	return rows;
}

static void read_deciding(struct reading *in, struct verdict_record *ret)
{
	size_t count = list_size(in, "deciding");
	struct deciding *rows = arena_array(in->arena, count, sizeof(*rows));

	if (count == 0)
		return;
	JSON_EACH (json_get(in->root, "deciding"), walk) {
		rows[walk.index].name =
			item_text(in, "deciding", walk.value, "name", true);
		rows[walk.index].value =
			item_text(in, "deciding", walk.value, "value", true);
		rows[walk.index].evidence = item_text(
			in, "deciding", walk.value, "evidence", false);
	}
	ret->deciding = rows;
	ret->deciding_count = count;
}

static void read_observables(struct reading *in, struct verdict_record *ret)
{
	size_t count = list_size(in, "observables");
	struct observable *rows = arena_array(in->arena, count, sizeof(*rows));

	if (count == 0)
		return;
	JSON_EACH (json_get(in->root, "observables"), walk) {
		rows[walk.index].kind =
			item_text(in, "observables", walk.value, "kind", true);
		rows[walk.index].value =
			item_text(in, "observables", walk.value, "value", true);
	}
	ret->observables = rows;
	ret->observable_count = count;
}

static void read_labels(struct reading *in, struct verdict_record *ret)
{
	const struct json *labels = json_get(in->root, "labels");
	size_t count = json_count(labels);
	struct label *rows;

	if (!json_is_object(labels) || count > VERDICT_LIST_MAX) {
		refuse(in, "labels", "an object of at most 50", labels);
		return;
	}
	rows = arena_array(in->arena, count, sizeof(*rows));
	JSON_EACH (labels, walk) {
		rows[walk.index].name = walk.key;
		rows[walk.index].value = json_text(walk.value);
		if (!rows[walk.index].value)
			refuse(in, "labels", "strings", walk.value);
	}
	ret->labels = rows;
	ret->label_count = count;
}

static void read_words(struct reading *in, struct verdict_record *ret)
{
	const char *previous = optional_text(in, "previous");

	ret->verdict = verdict_parse(text(in, "verdict"));
	if (ret->verdict == VERDICTS)
		refuse(in, "verdict", "a verdict",
			json_get(in->root, "verdict"));
	ret->previous = previous ? verdict_parse(previous) : VERDICTS;
	ret->severity = severity_parse(text(in, "severity"));
	if (ret->severity == SEVERITIES)
		refuse(in, "severity", "a severity",
			json_get(in->root, "severity"));
	if (!case_policy_parse(text(in, "case"), &ret->case_policy))
		refuse(in, "case", "never, at-once or after",
			json_get(in->root, "case"));
}

static void read_episode(struct reading *in, struct verdict_record *ret)
{
	ret->episode_closed = INSTANT_NEVER;
	ret->episode_opened = INSTANT_NEVER;
	if (!json_get(in->root, "episode"))
		return;
	ret->episode = text(in, "episode.id");
	ret->episode_kind = strcmp(text(in, "episode.kind"), "fail") == 0
				    ? EPISODE_FAIL
				    : EPISODE_DOUBT;
	ret->episode_opened = time_of(in, "episode.opened");
	ret->episode_closed = optional_time(in, "episode.closed");
}

static void read_times(struct reading *in, struct verdict_record *ret)
{
	ret->since = time_of(in, "since");
	ret->judged_at = time_of(in, "judged_at");
	ret->known_at = time_of(in, "known_at");
	ret->next_change = optional_time(in, "next_change");
	ret->case_after = integer(in, "case_after_seconds") * INSTANT_SECOND;
}

enum status verdict_read(struct arena *arena, const char *bytes, size_t size,
	struct verdict_record *ret, struct reason *reterr)
{
	struct reading in = {.arena = arena, .status = OK, .reterr = reterr};
	enum status status = json_read(arena, bytes, size, &in.root, reterr);

	if (status != OK)
		return status;
	*ret = (struct verdict_record){
		.tenant = text(&in, "tenant"),
		.criterion = text(&in, "criterion"),
		.subject = text(&in, "subject"),
		.generation = integer(&in, "version.generation"),
		.n = integer(&in, "version.n"),
		.sentence = text(&in, "sentence"),
		.task = text(&in, "task"),
		.role = text(&in, "role"),
		.summary = text(&in, "summary"),
		.would_change = optional_text(&in, "would_change"),
		.suppressed_by = optional_text(&in, "suppressed_by"),
		.pack_name = text(&in, "pack.name"),
		.pack_version = text(&in, "pack.version"),
		.pack_digest = text(&in, "pack.digest"),
		.profile = optional_text(&in, "profile"),
		.traceparent = trace_parent(
			arena, json_text(json_get(in.root, "traceparent"))),
	};
	read_words(&in, ret);
	read_times(&in, ret);
	read_deciding(&in, ret);
	ret->evidence = texts(&in, "evidence", &ret->evidence_count);
	ret->payloads = texts(&in, "payloads", &ret->payload_count);
	read_labels(&in, ret);
	read_observables(&in, ret);
	read_episode(&in, ret);
	return in.status;
}

enum status verdict_decode(struct arena *arena,
	const struct kafka_record *record, struct verdict_record *ret,
	struct reason *reterr)
{
	static const char stem[] = "dev.postern.verdict";
	struct cloudevent event;
	enum status status = cloudevent_decode(arena, record, &event, reterr);
	unsigned version;
	size_t length;

	if (status != OK)
		return status;
	version = cloudevent_version(event.type, &length);
	if (length != sizeof(stem) - 1 || memcmp(event.type, stem, length)) {
		reason_set(reterr, "ce_type", "\"%.80s\" is no verdict",
			event.type);
		return REJECT;
	}
	if (version != 1) {
		reason_set(reterr, "ce_type",
			"\"%.80s\" is newer than this program: upgrade it",
			event.type);
		return RETRY;
	}
	return verdict_read(
		arena, record->value, record->value_length, ret, reterr);
}
