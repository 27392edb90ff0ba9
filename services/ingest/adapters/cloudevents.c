/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own schema, for what no other adapter speaks for: CloudEvents 1.0 in
 * structured, batch and binary mode, type dev.postern.evidence.<class>.v1.
 * docs/sources.md says what `data` holds. A bad event spoils its whole
 * delivery: the sender mends and sends again.
 */
#include "adapter.h"
#include "formats/envelope.h"
#include "model/cloudevent.h"
#include "model/evidence_body.h"
#include "model/subject.h"

#include <stdio.h>
#include <string.h>

#define STEM "dev.postern.evidence."
#define MATCH_MAX 20
#define RELATED_MAX 10000
#define PLACE_ROOM 180

struct work {
	const struct delivery *delivery;
	struct event_list *list;
	struct reason *reterr;
};

static enum status refuse(struct reason *reterr, const char *base,
	const char *member, const char *sentence)
{
	char place[PLACE_ROOM];

	snprintf(place, sizeof(place), "%s%s", base, member);
	reason_set(reterr, place, "%s", sentence);
	return REJECT;
}

/* IGNORED: another vocabulary's event. */
static enum status class_of(const struct delivery *delivery,
	const struct envelope *event, enum evidence_class *ret,
	struct reason *reterr)
{
	size_t stem = 0;
	unsigned version;

	if (strncmp(event->type, STEM, strlen(STEM)) != 0)
		return IGNORED;
	version = cloudevent_version(event->type, &stem);
	if (version == 0 || stem <= strlen(STEM))
		return refuse(reterr, event->base, "type",
			"must be dev.postern.evidence.<class>.v1");
	if (version != 1)
		return refuse(reterr, event->base, "type",
			"is newer than this program: it knows v1");
	*ret = evidence_class_parse(arena_copy(delivery->arena,
		event->type + strlen(STEM), stem - strlen(STEM)));
	if (*ret == CLASSES)
		return refuse(reterr, event->base, "type",
			"names no class of evidence");
	return OK;
}

/* Replaces the "$" of a reason's place by where that value stands here. */
static enum status rebased(struct work *work, const char *path)
{
	char place[PLACE_ROOM];

	snprintf(place, sizeof(place), "%s%s", path, work->reterr->place + 1);
	reason_set(work->reterr, place, "%s",
		arena_string(work->delivery->arena, work->reterr->sentence));
	return REJECT;
}

static enum status own_tenant(
	struct work *work, const char *path, const char *subject)
{
	const char *tenant = work->delivery->tenant;
	size_t length = strlen(tenant);
	enum status status = subject_check(subject, work->reterr);

	if (status != OK) {
		reason_set(work->reterr, path, "%s",
			arena_string(
				work->delivery->arena, work->reterr->sentence));
		return status;
	}
	if (strncmp(subject, tenant, length) == 0 && subject[length] == '/')
		return OK;
	reason_set(work->reterr, path,
		"\"%.100s\" is not of the source's tenant \"%s\"", subject,
		tenant);
	return REJECT;
}

/* {kind, authority, name}; a service without authority gives NULL. */
static enum status parts_subject(struct work *work, const char *path,
	const struct json *parts, const char **ret)
{
	struct arena *arena = work->delivery->arena;
	enum subject_kind kind =
		subject_kind_parse(json_text_at(parts, "kind", ""));
	const char *authority = json_text(json_get(parts, "authority"));
	const char *name = json_text(json_get(parts, "name"));
	enum status status;

	if (kind == SUBJECT_KINDS)
		return refuse(work->reterr, path, ".kind",
			"must be service, image, cluster, repo, host, tool or "
			"org");
	if (!name || !*name)
		return refuse(work->reterr, path, ".name",
			"must be a string that is not empty");
	if (json_get(parts, "authority") && !authority)
		return refuse(
			work->reterr, path, ".authority", "must be a string");
	*ret = NULL;
	if (!authority && kind == SUBJECT_SERVICE)
		return OK;
	status = subject_make(arena, work->delivery->tenant, kind,
		authority ? authority : "-", name, ret, work->reterr);
	if (status == OK)
		return OK;
	reason_set(work->reterr, path, "%s",
		arena_string(arena, work->reterr->sentence));
	return status;
}

/* A subject in either form; NULL only for a service that is to be mapped. */
static enum status read_subject(struct work *work, const char *path,
	const struct json *value, const char **ret)
{
	if (json_text(value)) {
		*ret = json_text(value);
		return own_tenant(work, path, *ret);
	}
	if (json_is_object(value))
		return parts_subject(work, path, value, ret);
	reason_set(work->reterr, path,
		"must be a canonical subject or {kind, authority, name}, is %s",
		json_type(value));
	return REJECT;
}

/* Sources of Postern speak for themselves, see toolstate. */
static enum status check_reserved(
	struct work *work, const char *path, const char *subject)
{
	struct arena *arena = work->delivery->arena;

	if (!subject || subject_kind_of(subject) != SUBJECT_TOOL ||
		strcmp(subject_authority_of(arena, subject), "postern") != 0)
		return OK;
	return refuse(work->reterr, path, "",
		"tool/postern/ is what Postern says of its own sources");
}

static enum status set_subject(
	struct work *work, const struct envelope *from, struct event *event)
{
	struct arena *arena = work->delivery->arena;
	const char *path = arena_printf(arena, "%s.subject", from->path);
	const struct json *value = json_get(from->data, "subject");
	enum status status;

	if (!value && from->subject) {
		path = arena_printf(arena, "%ssubject", from->base);
		event->subject = from->subject;
		status = own_tenant(work, path, event->subject);
	} else {
		status = read_subject(work, path, value, &event->subject);
	}
	if (status != OK)
		return status;
	/* What a rule may match: the name where it is still to be mapped. */
	if (!event->subject)
		event_match(work->list, event, "service",
			json_text_at(value, "name", ""));
	else
		event_match(work->list, event, "subject", event->subject);
	return check_reserved(work, path, event->subject);
}

static enum status set_match(
	struct work *work, const struct envelope *from, struct event *event)
{
	const struct json *match = json_get(from->data, "match");

	if (!match)
		return OK;
	if (!json_is_object(match) || json_count(match) > MATCH_MAX)
		return refuse(work->reterr, from->path, ".match",
			"must be an object of at most 20 strings");
	JSON_EACH (match, walk) {
		if (!json_text(walk.value))
			return refuse(work->reterr, from->path, ".match",
				"must be an object of strings");
		event_match(work->list, event, walk.key, json_text(walk.value));
	}
	return OK;
}

static enum status set_related(
	struct work *work, const struct envelope *from, struct event *event)
{
	const struct json *related = json_get(from->data, "related");

	if (!related)
		return OK;
	if (!json_is_array(related) || json_count(related) > RELATED_MAX)
		return refuse(work->reterr, from->path, ".related",
			"must be an array of at most 10000");
	JSON_EACH (related, walk) {
		const char *path = arena_printf(work->delivery->arena,
			"%s.related[%zu]", from->path, walk.index);
		const char *relation =
			json_text(json_get(walk.value, "relation"));
		const char *subject;
		enum status status;

		if (!relation || !*relation)
			return refuse(work->reterr, path, ".relation",
				"must be a string");
		status = read_subject(work,
			arena_printf(work->delivery->arena, "%s.subject", path),
			json_get(walk.value, "subject"), &subject);
		if (status != OK)
			return status;
		if (!subject)
			return refuse(work->reterr, path, ".subject.authority",
				"a related service needs its authority");
		event_relate(work->list, event, subject, relation);
	}
	return OK;
}

static enum status set_snapshot(
	struct work *work, const struct envelope *from, struct event *event)
{
	const struct json *snapshot = json_get(from->data, "snapshot");
	const struct json *complete = json_get(snapshot, "complete");
	const struct json *target = json_get(snapshot, "target");

	event->snapshot = evidence_class_snapshot(event->class);
	if (!event->snapshot)
		return OK;
	/* Guessing here would close findings that nobody fixed. */
	if (!json_is_bool(complete))
		return refuse(work->reterr, from->path, ".snapshot.complete",
			"must be true (it replaces the one before) or false");
	if (target && !json_text(target))
		return refuse(work->reterr, from->path, ".snapshot.target",
			"must be a string");
	event->complete = json_true(complete);
	event->target = json_text(target);
	event->split = evidence_class_split(event->class);
	return OK;
}

static enum status set_body(
	struct work *work, const struct envelope *from, struct event *event)
{
	struct json_maker *maker = work->list->maker;
	const struct json *body =
		json_get(from->data, evidence_class_name(event->class));

	if (evidence_body_check(event->class, body, work->reterr) != OK)
		return rebased(work, from->path);
	event->body = json_object(maker);
	JSON_EACH (body, walk)
		json_set_copy(maker, event->body, walk.key, walk.value);
	return OK;
}

static enum status set_words(
	struct work *work, const struct envelope *from, struct event *event)
{
	const struct json *kind = json_get(from->data, "kind");

	if (kind && (!json_text(kind) || !*json_text(kind)))
		return refuse(
			work->reterr, from->path, ".kind", "must be a string");
	event->kind =
		kind ? json_text(kind) : evidence_class_name(event->class);
	if (!from->time)
		return OK;
	if (instant_parse(from->time, strlen(from->time), &event->tool_time,
		    work->reterr) == OK)
		return OK;
	return refuse(work->reterr, from->base, "time",
		arena_string(work->delivery->arena, work->reterr->sentence));
}

static enum status take(struct work *work, const struct envelope *from)
{
	enum evidence_class class = CLASSES;
	struct event *event;
	enum status status = envelope_check(from, work->reterr);

	if (status == OK)
		status = class_of(work->delivery, from, &class, work->reterr);
	if (status != OK)
		return status;
	if (!json_is_object(from->data))
		return refuse(
			work->reterr, from->path, "", "data must be an object");
	event = event_add(work->list);
	event->class = class;
	event->traceparent = from->traceparent;
	status = set_words(work, from, event);
	if (status == OK)
		status = set_subject(work, from, event);
	if (status == OK)
		status = set_match(work, from, event);
	if (status == OK)
		status = set_related(work, from, event);
	if (status == OK)
		status = set_snapshot(work, from, event);
	if (status == OK)
		status = set_body(work, from, event);
	return status;
}

static enum status take_batch(struct work *work)
{
	const struct json *events = work->delivery->json;
	struct arena *arena = work->delivery->arena;
	bool any = false;

	if (!json_is_array(events) || json_count(events) > EVENTS_MAX)
		return refuse(work->reterr, "$", "",
			"a batch is an array of at most 10000 events");
	JSON_EACH (events, walk) {
		struct envelope event;
		enum status status = envelope_json(walk.value,
			arena_printf(arena, "$[%zu]", walk.index), arena,
			&event, work->reterr);

		if (status == OK)
			status = take(work, &event);
		if (status != OK && status != IGNORED)
			return status;
		any = any || status == OK;
	}
	return any ? OK : IGNORED;
}

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	/* Kept by the edge only where it was what proved the sender. */
	if (delivery_header(delivery, "webhook-signature"))
		ret->signed_id = delivery_header(delivery, "webhook-id");
	ret->kind = envelope_mode(delivery);
	if (!ret->kind)
		return refuse(reterr, "content-type", "",
			"must be application/cloudevents+json or "
			"application/cloudevents-batch+json, or the event's "
			"attributes be ce- headers");
	/* A signature of the body says nothing about headers. */
	if (strcmp(ret->kind, "binary") == 0 && ret->signed_id)
		return refuse(reterr, "ce-specversion", "",
			"binary mode needs a bearer token or a client "
			"certificate: a signature of the body does not cover "
			"the attributes");
	return OK;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	struct work work = {delivery, ret, reterr};
	struct envelope event;
	enum status status;

	if (strcmp(identity->kind, "batch") == 0)
		return take_batch(&work);
	if (strcmp(identity->kind, "binary") == 0) {
		event = envelope_headers(delivery);
		return take(&work, &event);
	}
	status = envelope_json(
		delivery->json, "$", delivery->arena, &event, reterr);
	return status == OK ? take(&work, &event) : status;
}

static const struct verify_spec verify[] = {
	{.name = "standard-webhooks",
		.scheme = VERIFY_STANDARD_WEBHOOKS,
		.signed_id = "webhook-id"},
	{.name = "bearer",
		.scheme = VERIFY_TOKEN,
		.header = "Authorization",
		.prefix = "Bearer "},
	{.name = "certificate", .scheme = VERIFY_CERTIFICATE},
	{0},
};

const struct adapter adapter_cloudevents = {
	.name = "cloudevents",
	.revision = 1,
	.verify = verify,
	.json = true,
	.classify = classify,
	.translate = translate,
};
