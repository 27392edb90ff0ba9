/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TheHive 4: one alert per episode. It is created, rewritten as the episode
 * goes on, promoted to a case where the criterion says so, and marked as read
 * when it is over. What was imported into a case is described there; a case
 * that we opened is resolved. Each step can be done twice.
 */
#include "hive.h"

#include "base/memory.h"
#include "wire/crypto.h"

#define ANSWER_MAX (4u << 20)
#define SHORT_DESCRIPTION (HIVE_DESCRIPTION_MAX / 4)

struct sink_line {
	struct hive hive;
};

static char *header_of(const char *secret)
{
	size_t room = strlen(secret) + 32;
	char *header = memory_new(room);

	snprintf(header, room, "Authorization: Bearer %s", secret);
	return header;
}

static void thehive_close(struct sink_line **line)
{
	struct hive *hive;

	if (!*line)
		return;
	hive = &(*line)->hive;
	for (size_t i = 0; i < hive->key_count; i++) {
		char *header = hive->keys[i].authorization;

		crypto_wipe(header, strlen(header));
		memory_free(header);
		memory_free((char *)(uintptr_t)hive->keys[i].name);
	}
	memory_free(hive->keys);
	memory_free(hive->url);
	memory_free(hive->source);
	httpc_close(&hive->httpc);
	memory_free(*line);
	*line = NULL;
}

static void add_key(struct hive *hive, const char *name, const char *secret)
{
	hive->keys[hive->key_count++] =
		(struct hive_key){.name = memory_string(name),
			.authorization = header_of(secret)};
}

static enum status thehive_open(const struct sink_settings *settings,
	struct sink_line **ret, struct reason *reterr)
{
	struct httpc_settings client = {
		.ca = settings->ca,
		.certificate = settings->certificate,
		.key = settings->key,
		.connect_deadline = settings->timeout,
		.deadline = settings->timeout,
		.answer_max = ANSWER_MAX,
		.user_agent = "postern-notifier/" POSTERN_VERSION,
	};
	struct sink_line *line = memory_new(sizeof(*line));
	struct hive *hive = &line->hive;
	enum status status = httpc_open(&client, &hive->httpc, reterr);

	if (status != OK) {
		memory_free(line);
		return status;
	}
	hive->url = memory_string(settings->url);
	hive->source = memory_string(settings->source);
	hive->timeout = settings->timeout;
	hive->keys = memory_array(settings->key_count + 1, sizeof(*hive->keys));
	if (settings->bearer)
		add_key(hive, "", settings->bearer);
	for (size_t i = 0; i < settings->key_count; i++)
		add_key(hive, settings->keys[i].name, settings->keys[i].secret);
	*ret = line;
	return OK;
}

static const char *alert_path(
	struct hive_talk *talk, const char *id, const char *rest)
{
	return arena_printf(talk->arena, "/api/alert/%s%s",
		url_encode(talk->arena, id), rest);
}

static const char *create_body(
	struct hive_talk *talk, size_t max, bool artifacts, size_t *ret_size)
{
	const struct sink_notice *notice = talk->notice;
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *root = json_object(maker);
	struct json_node *list = artifacts ? hive_artifacts(maker, talk->arena,
						     notice->verdict, NULL)
					   : NULL;

	json_set_text(maker, root, "type", HIVE_TYPE);
	json_set_text(maker, root, "source", talk->hive->source);
	json_set_text(maker, root, "sourceRef", talk->ref);
	json_set_text(
		maker, root, "title", hive_title(talk->arena, notice->verdict));
	json_set_text(maker, root, "description",
		hive_description(talk->arena, notice, talk->ref, max));
	json_set_integer(maker, root, "severity",
		hive_severity(notice->verdict->severity));
	json_set_integer(maker, root, "date", notice->opened / 1000);
	json_set_integer(maker, root, "tlp", 2);
	json_set_integer(maker, root, "pap", 2);
	json_set_node(maker, root, "tags",
		hive_tags(maker, talk->arena, notice, NULL));
	if (list)
		json_set_node(maker, root, "artifacts", list);
	return json_write(maker, root, ret_size);
}

static enum status post_alert(struct hive_talk *talk, size_t max,
	bool artifacts, struct hive_answer *ret)
{
	size_t size;
	const char *body = create_body(talk, max, artifacts, &size);

	return hive_call(talk, "POST", "/api/alert", body, size, ret);
}

static void link_to(struct hive_talk *talk, const struct hive_alert *alert)
{
	struct sink_link *link = &talk->notice->link;

	link->alert = alert->id;
	if (alert->case_id &&
		(!link->case_id || strcmp(link->case_id, alert->case_id))) {
		link->case_id = alert->case_id;
		link->case_number = 0;
	}
}

static const char *patch_body(struct hive_talk *talk,
	const struct hive_alert *alert, const char *ours, size_t *ret_size)
{
	const struct sink_notice *notice = talk->notice;
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *root = json_object(maker);
	const struct json *tags = json_get(alert->json, "tags");

	json_set_text(maker, root, "description", ours);
	if (notice->ended != INSTANT_NEVER)
		json_set_bool(maker, root, "read", true);
	else
		json_set_integer(maker, root, "severity",
			hive_severity(notice->verdict->severity));
	/* The set is replaced, people's own tags must stay. */
	if (!hive_tagged(talk->arena, notice, tags))
		json_set_node(maker, root, "tags",
			hive_tags(maker, talk->arena, notice, tags));
	return json_write(maker, root, ret_size);
}

/* A 200 says little: what it shows must be what we asked for. */
static bool kept(
	struct hive_talk *talk, const struct json *json, const char *ours)
{
	const struct sink_notice *notice = talk->notice;
	int64_t severity = 0;

	if (strcmp(json_text_at(json, "description", ""), ours) != 0)
		return false;
	if (notice->ended != INSTANT_NEVER)
		return strcmp(json_text_at(json, "status", ""), "New") != 0;
	return json_integer(json_get(json, "severity"), &severity) &&
	       severity == hive_severity(notice->verdict->severity);
}

/* Observables that came with later verdicts; those that are there already do
 * no harm, whatever the server says of them. */
static enum status add_observables(
	struct hive_talk *talk, const struct hive_alert *alert)
{
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *list = hive_artifacts(maker, talk->arena,
		talk->notice->verdict, json_get(alert->json, "artifacts"));
	const struct json *read = NULL;
	const char *text;
	struct reason reason;
	size_t size;

	if (!list)
		return OK;
	text = json_write(maker, list, &size);
	if (json_read(talk->arena, text, size, &read, &reason) != OK)
		return OK;
	JSON_EACH (read, walk) {
		struct hive_answer answer;
		const char *one = json_rewrite(talk->arena, walk.value, &size);
		enum status status = hive_call(talk, "POST",
			alert_path(talk, alert->id, "/artifact"), one, size,
			&answer);

		if (status != OK || answer.came == HIVE_AWAY)
			return status; /* the next update tries again */
	}
	return OK;
}

static enum status tell_alert(struct hive_talk *talk,
	const struct hive_alert *alert, const char *ours)
{
	struct hive_answer answer;
	size_t size;
	const char *body = patch_body(talk, alert, ours, &size);
	enum status status = hive_call(talk, "PATCH",
		alert_path(talk, alert->id, ""), body, size, &answer);

	if (status != OK)
		return status;
	hive_give_up(talk, &answer);
	if (answer.came != HIVE_WELL)
		return OK;
	if (!kept(talk, answer.json, ours)) {
		sink_say(&talk->notice->outcome, SINK_AGAIN, answer.code,
			"answered %ld, yet the alert is not as it was to be",
			answer.code);
		return OK;
	}
	return talk->notice->ended == INSTANT_NEVER
		       ? add_observables(talk, alert)
		       : OK;
}

static enum status tell(struct hive_talk *talk, const struct hive_alert *alert)
{
	const char *ours = hive_description(
		talk->arena, talk->notice, talk->ref, HIVE_DESCRIPTION_MAX);

	link_to(talk, alert);
	return alert->case_id ? hive_tell_case(talk, ours)
			      : tell_alert(talk, alert, ours);
}

/* It is there, or may be: find it, settle its twins, bring it up to date. */
static enum status adopt(
	struct hive_talk *talk, const struct hive_answer *exists)
{
	struct hive_alert alert;
	struct hive_answer answer;
	bool found = false;
	enum status status = hive_look(talk, true, &alert, &found, &answer);

	if (status != OK)
		return status;
	if (answer.came != HIVE_WELL)
		hive_give_up(talk, &answer);
	else if (!found)
		hive_give_up(talk, exists); /* said to exist, not yet seen */
	if (answer.came != HIVE_WELL || !found) {
		talk->notice->outcome.doubtful = true;
		return OK;
	}
	return tell(talk, &alert);
}

static enum status create(struct hive_talk *talk)
{
	struct hive_answer answer;
	struct hive_alert alert;
	enum status status =
		post_alert(talk, HIVE_DESCRIPTION_MAX, true, &answer);

	if (status == OK && answer.came == HIVE_LARGE)
		status = post_alert(talk, SHORT_DESCRIPTION, true, &answer);
	/* An observable of a type that was taken away; all was rolled back. */
	if (status == OK && answer.came == HIVE_MISSING)
		status = post_alert(talk, HIVE_DESCRIPTION_MAX, false, &answer);
	if (status != OK)
		return status;
	if (answer.came == HIVE_EXISTS || answer.came == HIVE_MISSING)
		return adopt(talk, &answer);
	hive_give_up(talk, &answer);
	if (answer.came != HIVE_WELL)
		return OK;
	if (!hive_read_alert(answer.json, &alert) || talk->notice->doubtful) {
		answer.came = HIVE_AWAY;
		answer.why = "created, and not found afterwards";
		return adopt(talk, &answer);
	}
	link_to(talk, &alert);
	return OK;
}

static enum status promote(
	struct hive_talk *talk, const struct hive_alert *alert)
{
	struct sink_link *link = &talk->notice->link;
	struct hive_answer answer;
	enum status status;

	link_to(talk, alert);
	if (alert->case_id) {
		sink_say(&talk->notice->outcome, SINK_DELIVERED, 200,
			"it was in a case already");
		return OK;
	}
	status = hive_call(talk, "POST",
		alert_path(talk, alert->id, "/createCase"), "{}", 2, &answer);
	if (status != OK)
		return status;
	hive_give_up(talk, &answer);
	if (answer.came != HIVE_WELL)
		return OK;
	link->case_id = json_text(json_get(answer.json, "_id"));
	link->case_number = 0;
	(void)json_integer(json_get(answer.json, "caseId"), &link->case_number);
	if (!link->case_id)
		sink_say(&talk->notice->outcome, SINK_AGAIN, answer.code,
			"answered %ld without a case", answer.code);
	return OK;
}

/* There is none: nothing to close, nothing to update, unless it never was. */
static enum status without(struct hive_talk *talk)
{
	struct sink_outcome *outcome = &talk->notice->outcome;
	bool known = talk->notice->link.alert != NULL;

	if (talk->notice->action == NOTICE_CLOSE)
		sink_say(outcome, SINK_DELIVERED, 0,
			known ? "the alert was deleted" : "there is no alert");
	else if (known)
		sink_say(outcome, SINK_FAILED, 404,
			"the alert was deleted over there");
	else
		return create(talk);
	return OK;
}

static enum status talk_about(struct hive_talk *talk)
{
	struct hive_alert alert;
	struct hive_answer answer;
	bool found = false;
	enum status status;

	if (talk->notice->action == NOTICE_CREATE)
		return create(talk);
	status = hive_look(
		talk, talk->notice->doubtful, &alert, &found, &answer);
	if (status != OK)
		return status;
	if (answer.came != HIVE_WELL) {
		hive_give_up(talk, &answer);
		return OK;
	}
	if (!found)
		status = without(talk);
	if (!found && talk->notice->action == NOTICE_PROMOTE &&
		talk->notice->outcome.result == SINK_DELIVERED)
		sink_say(&talk->notice->outcome, SINK_AGAIN, answer.code,
			"the alert was missing and is there now");
	if (!found)
		return status;
	return talk->notice->action == NOTICE_PROMOTE ? promote(talk, &alert)
						      : tell(talk, &alert);
}

static struct hive_key *key_of(struct hive *hive, const char *name)
{
	for (size_t i = 0; i < hive->key_count; i++)
		if (strcmp(hive->keys[i].name, name) == 0)
			return &hive->keys[i];
	return NULL;
}

static enum status thehive_send(struct sink_line *line,
	const struct sink_permit *permit, struct arena *arena, instant now,
	struct sink_notice *notices, size_t count, struct reason *reterr)
{
	struct hive *hive = &line->hive;
	enum status status = OK;

	(void)now;
	for (size_t i = 0; i < hive->key_count; i++)
		hive->keys[i].refused = false;
	for (size_t i = 0; status == OK && i < count; i++) {
		struct hive_talk talk = {.hive = hive,
			.key = key_of(hive, notices[i].party_key),
			.permit = permit,
			.arena = arena,
			.notice = &notices[i],
			.reterr = reterr};

		hive_ref(notices[i].episode, talk.ref);
		if (!talk.key)
			sink_say(&notices[i].outcome, SINK_AGAIN, 0,
				"routes.yaml names no key \"%.60s\" any more",
				notices[i].party_key);
		else if (!talk.key->refused)
			status = talk_about(&talk);
		if (notices[i].outcome.result == SINK_AWAY)
			break; /* the others would only wait as long */
	}
	return status;
}

static enum status always(void *context, instant limit, struct reason *reterr)
{
	(void)context;
	(void)limit;
	(void)reterr;
	return OK;
}

/* Where it says what a user may do, that is looked at. */
static bool may_write(const struct json *user)
{
	const struct json *list = json_get(user, "permissions");

	JSON_EACH (list, walk) {
		const char *word = json_text(walk.value);

		if (word && strcmp(word, "manageAlert") == 0)
			return true;
	}
	return list == NULL;
}

/* Each key is tried. */
static void thehive_look(
	struct sink_line *line, struct arena *arena, struct sink_outcome *ret)
{
	struct hive *hive = &line->hive;
	struct sink_permit permit = {always, NULL};
	struct sink_notice nothing = {.verdict = NULL};
	struct reason reason = {0};

	sink_say(ret, SINK_DELIVERED, 200, "%s", "");
	for (size_t i = 0; i < hive->key_count; i++) {
		const char *name = hive->keys[i].name;
		struct hive_talk talk = {.hive = hive,
			.key = &hive->keys[i],
			.permit = &permit,
			.arena = arena,
			.notice = &nothing,
			.reterr = &reason};
		struct hive_answer answer;

		if (hive_call(&talk, "GET", "/api/v1/user/current", NULL, 0,
			    &answer) != OK)
			continue; /* the permit above never refuses */
		if (answer.came != HIVE_WELL) {
			hive_give_up(&talk, &answer);
			sink_say(ret, nothing.outcome.result, answer.code,
				"key \"%.60s\": %.200s", name, answer.why);
			return;
		}
		if (!may_write(answer.json)) {
			sink_say(ret, SINK_BARRED, answer.code,
				"key \"%.60s\": its user lacks manageAlert",
				name);
			return;
		}
	}
}

static const char *const thehive_options[] = {
	"key_file", "keys", "source", "ca", "certificate", "key", NULL};

const struct sink sink_thehive = {
	.name = "thehive",
	.options = thehive_options,
	.has_urls = true,
	.cases = true,
	.batch = 16,
	.timeout = 30 * INSTANT_SECOND,
	.open = thehive_open,
	.send = thehive_send,
	.look = thehive_look,
	.close = thehive_close,
};
