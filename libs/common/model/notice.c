/* SPDX-License-Identifier: Apache-2.0 */
#include "model/notice.h"

#include "base/bug.h"
#include "model/cloudevent.h"
#include "model/trace.h"
#include "wire/json.h"

#define TYPE_STEM "dev.postern.notice"

static const char *const action_names[NOTICE_ACTIONS] = {
	[NOTICE_FIRE] = "fire",
	[NOTICE_REFRESH] = "refresh",
	[NOTICE_RESOLVE] = "resolve",
	[NOTICE_CREATE] = "create",
	[NOTICE_UPDATE] = "update",
	[NOTICE_PROMOTE] = "promote",
	[NOTICE_CLOSE] = "close",
};

static const char *const outcome_names[NOTICE_OUTCOMES] = {
	[NOTICE_DELIVERED] = "delivered",
	[NOTICE_RETRYING] = "retrying",
	[NOTICE_FAILED] = "failed",
	[NOTICE_MUTED] = "muted",
};

static int word_number(const char *const *words, int count, const char *word)
{
	int i = 0;

	while (i < count && strcmp(words[i], word) != 0)
		i++;
	return i;
}

const char *notice_action_name(enum notice_action action)
{
	MUST(action < NOTICE_ACTIONS);
	return action_names[action];
}

enum notice_action notice_action_parse(const char *word)
{
	return (enum notice_action)word_number(
		action_names, NOTICE_ACTIONS, word);
}

const char *notice_outcome_name(enum notice_outcome outcome)
{
	MUST(outcome < NOTICE_OUTCOMES);
	return outcome_names[outcome];
}

enum notice_outcome notice_outcome_parse(const char *word)
{
	return (enum notice_outcome)word_number(
		outcome_names, NOTICE_OUTCOMES, word);
}

static const char *write_value(
	struct arena *arena, const struct notice_record *in, size_t *ret_length)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *root = json_object(maker);
	struct json_node *version = json_object(maker);

	json_set_integer(maker, version, "generation", in->generation);
	json_set_integer(maker, version, "n", in->n);
	json_set_integer(maker, root, "notice", in->notice);
	json_set_text(maker, root, "episode", in->episode);
	json_set_text(maker, root, "criterion", in->criterion);
	json_set_text(maker, root, "subject", in->subject);
	json_set_text(maker, root, "tenant", in->tenant);
	json_set_node(maker, root, "verdict_version", version);
	json_set_text(maker, root, "verdict", in->verdict);
	json_set_text(maker, root, "role", in->role);
	json_set_text(maker, root, "party", in->party);
	json_set_text(maker, root, "sink", in->sink);
	json_set_text(maker, root, "target", in->target);
	json_set_text(maker, root, "action", notice_action_name(in->action));
	json_set_text(maker, root, "outcome", notice_outcome_name(in->outcome));
	json_set_integer(maker, root, "attempt", in->attempt);
	if (in->code > 0)
		json_set_integer(maker, root, "code", in->code);
	json_set_text(maker, root, "why", in->why);
	json_set_instant(maker, root, "at", in->at);
	json_set_text(maker, root, "traceparent", in->traceparent);
	return json_write(maker, root, ret_length);
}

void notice_encode(struct arena *arena, const struct notice_record *in,
	struct kafka_record *ret)
{
	size_t length;
	const char *value = write_value(arena, in, &length);
	struct cloudevent event = {
		.id = arena_printf(arena, "notice %lld.%lld",
			(long long)in->notice, (long long)in->attempt),
		.source = "/postern/notifier",
		.type = TYPE_STEM ".v1",
		.subject = in->subject,
		.time = in->at,
		.recorded = in->at,
		.tenant = in->tenant,
		.schema = "https://postern.dev/schemas/events/"
			  "notice.v1.schema.json",
		.traceparent = in->traceparent,
	};

	*ret = (struct kafka_record){.partition = -1};
	cloudevent_encode(arena, &event, value, length, ret);
	ret->key = in->episode;
	ret->key_length = strlen(in->episode);
}

struct reading {
	const struct json *root;
	enum status status; /* the first failure stays */
	struct reason *reterr;
};

static void refuse(struct reading *in, const char *path, const char *want)
{
	char place[100];

	if (in->status != OK)
		return;
	snprintf(place, sizeof(place), "$.%s", path);
	reason_set(in->reterr, place, "must be %s, is %s", want,
		json_type(json_path(in->root, path)));
	in->status = REJECT;
}

static const char *text(struct reading *in, const char *path)
{
	const char *value = json_text(json_path(in->root, path));

	if (!value)
		refuse(in, path, "a string");
	return value ? value : "";
}

static int64_t integer(struct reading *in, const char *path)
{
	int64_t number = 0;

	if (!json_integer(json_path(in->root, path), &number))
		refuse(in, path, "a whole number");
	return number;
}

static void read_words(struct reading *in, struct notice_record *ret)
{
	const char *at = text(in, "at");
	struct reason why;

	ret->action = notice_action_parse(text(in, "action"));
	if (ret->action == NOTICE_ACTIONS)
		refuse(in, "action", "a known action");
	ret->outcome = notice_outcome_parse(text(in, "outcome"));
	if (ret->outcome == NOTICE_OUTCOMES)
		refuse(in, "outcome", "a known outcome");
	if (instant_parse(at, strlen(at), &ret->at, &why) != OK)
		refuse(in, "at", "an RFC 3339 time");
}

static enum status read_value(
	const struct json *root, struct notice_record *ret, struct reason *err)
{
	struct reading in = {.root = root, .status = OK, .reterr = err};

	*ret = (struct notice_record){
		.notice = integer(&in, "notice"),
		.episode = text(&in, "episode"),
		.criterion = text(&in, "criterion"),
		.subject = text(&in, "subject"),
		.tenant = text(&in, "tenant"),
		.generation = integer(&in, "verdict_version.generation"),
		.n = integer(&in, "verdict_version.n"),
		.verdict = json_text(json_get(root, "verdict")),
		.role = text(&in, "role"),
		.party = text(&in, "party"),
		.sink = text(&in, "sink"),
		.target = text(&in, "target"),
		.attempt = integer(&in, "attempt"),
		.why = json_text(json_get(root, "why")),
	};
	if (json_get(root, "code"))
		ret->code = integer(&in, "code");
	read_words(&in, ret);
	return in.status;
}

enum status notice_decode(struct arena *arena,
	const struct kafka_record *record, struct notice_record *ret,
	struct reason *reterr)
{
	struct cloudevent event;
	const struct json *root;
	size_t stem;
	enum status status = cloudevent_decode(arena, record, &event, reterr);
	unsigned version;

	if (status != OK)
		return status;
	version = cloudevent_version(event.type, &stem);
	if (stem != strlen(TYPE_STEM) || memcmp(event.type, TYPE_STEM, stem)) {
		reason_set(reterr, "ce_type", "\"%.80s\" is no notice",
			event.type);
		return REJECT;
	}
	if (version != 1) {
		reason_set(reterr, "ce_type",
			"\"%.80s\" is newer than this program: upgrade it",
			event.type);
		return RETRY;
	}
	status = json_read(
		arena, record->value, record->value_length, &root, reterr);
	if (status == OK)
		status = read_value(root, ret, reterr);
	if (status == OK)
		ret->traceparent = event.traceparent;
	return status;
}
