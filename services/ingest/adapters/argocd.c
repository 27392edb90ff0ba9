/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argo CD, told by the template of docs/argocd/postern-notifications.yaml, or a
 * bare Application as its API gives it. The time of the evidence is that of
 * what the message is about: a message about an operation happened when the
 * operation finished (or began, while it runs); one about what is there now,
 * when it was looked at, because its sync and health are of that moment.
 */
#include "adapter.h"
#include "formats/member.h"
#include "model/subject.h"

#include <ctype.h>
#include <string.h>

#define HISTORY_MAX 50
#define IMAGES_MAX 1000
#define WORD_MAX 40

struct reading {
	const struct delivery *delivery;
	struct event_list *list;
	struct members message; /* what the template made */
	struct members app;     /* the Application in it */
	struct event *event;
	bool observation;
	/* Which of several sources names the revision; SIZE_MAX: only one. */
	size_t source;
};

static void set_text(struct reading *r, const char *key, const char *text)
{
	json_set_text(r->list->maker, r->event->body, key, text);
}

static void set_time(struct reading *r, const char *key, const char *path)
{
	json_set_instant(r->list->maker, r->event->body, key,
		member_time_if(&r->app, path));
}

static void match(struct reading *r, const char *name, const char *value)
{
	if (value)
		event_match(r->list, r->event, name, value);
}

/* An enumeration of Argo CD in ours; what we do not know is "unknown". */
static const char *word_of(const char *text, const char *const (*words)[2])
{
	for (; (*words)[0]; words++)
		if (text && strcmp((*words)[0], text) == 0)
			return (*words)[1];
	return "unknown";
}

static void set_states(struct reading *r)
{
	static const char *const phases[][2] = {{"Succeeded", "succeeded"},
		{"Failed", "failed"}, {"Error", "error"},
		{"Running", "running"}, {"Terminating", "terminating"},
		{NULL, NULL}};
	static const char *const syncs[][2] = {{"Synced", "synced"},
		{"OutOfSync", "out-of-sync"}, {NULL, NULL}};
	const char *phase =
		member_text_if(&r->app, "status.operationState.phase");
	const char *health = member_text_if(&r->app, "status.health.status");
	char lower[WORD_MAX] = "";

	/* No phase: no operation ever ran. */
	if (phase)
		set_text(r, "phase", word_of(phase, phases));
	set_text(r, "sync",
		word_of(member_text_if(&r->app, "status.sync.status"), syncs));
	for (size_t i = 0; health && health[i] && i < WORD_MAX - 1; i++) {
		lower[i] = (char)tolower((unsigned char)health[i]);
		lower[i + 1] = '\0';
	}
	set_text(r, "health", health ? lower : NULL);
}

/* An empty initiator says nothing; the controller has no user name. */
static void set_initiator(struct reading *r)
{
	static const char by[] = "status.operationState.operation.initiatedBy";
	const char *path = arena_printf(r->delivery->arena, "%s.username", by);
	const char *username = member_text_if(&r->app, path);
	bool automated = member_flag_if(
		&r->app, arena_printf(r->delivery->arena, "%s.automated", by));

	if (username || automated)
		json_set_bool(
			r->list->maker, r->event->body, "automated", automated);
	set_text(r, "initiator", username);
}

/*
 * The first source that is a repository, not a chart of a Helm registry, whose
 * versions are no commits. NULL: there is none.
 */
static const char *repository_address(struct reading *r)
{
	const struct json *sources = member_list_if(&r->app, "spec.sources");
	const char *ret = NULL;

	if (json_count(sources) == 0)
		return member_text_if(&r->app, "spec.source.chart")
			       ? NULL
			       : member_text_if(&r->app, "spec.source.repoURL");
	r->source = 0;
	JSON_EACH (sources, walk) {
		struct members source = members_item(
			&r->app, "spec.sources", walk.index, walk.value);
		const char *address = member_text_if(&source, "repoURL");

		if (ret || !address || member_text_if(&source, "chart"))
			continue;
		ret = address;
		r->source = walk.index;
	}
	return ret;
}

static void set_repository(struct reading *r)
{
	const char *address = repository_address(r);
	const char *subject;
	struct reason why;

	match(r, "repository", address);
	/* A registry of charts or a path on the server is no repository. */
	if (!address || subject_repo(r->delivery->arena, r->delivery->tenant,
				address, &subject, &why) != OK)
		return;
	set_text(r, "repository", subject);
	event_relate(r->list, r->event, subject, "built-from");
}

/* `revision` beside `revisions`, as sync, history and results have them. */
static const char *revision_in(
	struct reading *r, const struct members *of, const char *path)
{
	struct arena *arena = r->delivery->arena;
	const char *one = member_text_if(of,
		path ? arena_printf(arena, "%s.revision", path) : "revision");
	const struct json *several;

	if (one)
		return one;
	several = member_list_if(of,
		path ? arena_printf(arena, "%s.revisions", path) : "revisions");
	JSON_EACH (several, walk)
		if (walk.index == (r->source == SIZE_MAX ? 0 : r->source) &&
			json_text_length(walk.value) > 0)
			return json_text(walk.value);
	return NULL;
}

/* Back to a revision that was there before another one. */
static bool is_rollback(const char *const *revisions, size_t count)
{
	const char *newest = count > 0 ? revisions[count - 1] : NULL;

	if (!newest || count < 3 || !revisions[count - 2] ||
		strcmp(revisions[count - 2], newest) == 0)
		return false;
	for (size_t i = 0; i + 2 < count; i++)
		if (revisions[i] && strcmp(revisions[i], newest) == 0)
			return true;
	return false;
}

/* Sets the newest entries, oldest first; answers the running revision. */
static const char *set_history(struct reading *r)
{
	const struct json *history = member_list_if(&r->app, "status.history");
	struct json_maker *maker = r->list->maker;
	struct json_node *kept = json_array(maker);
	const char *revisions[HISTORY_MAX];
	size_t total = json_count(history), count = 0;

	JSON_EACH (history, walk) {
		struct members entry;
		struct json_node *node;
		int64_t id;

		if (walk.index + HISTORY_MAX < total)
			continue;
		entry = members_item(
			&r->app, "status.history", walk.index, walk.value);
		node = json_object(maker);
		if (member_integer_if(&entry, "id", &id))
			json_set_integer(maker, node, "id", id);
		revisions[count] = revision_in(r, &entry, NULL);
		json_set_text(maker, node, "revision", revisions[count++]);
		json_set_instant(maker, node, "deployed_at",
			member_time_if(&entry, "deployedAt"));
		json_add_node(maker, kept, node);
	}
	if (count == 0)
		return NULL;
	json_set_node(maker, r->event->body, "history", kept);
	json_set_bool(maker, r->event->body, "rollback",
		is_rollback(revisions, count));
	return revisions[count - 1];
}

/*
 * status.sync.revision is what should run. What was or will be applied is the
 * operation's; what does run, the newest of the history.
 */
static void set_revisions(struct reading *r)
{
	const char *wanted = revision_in(r, &r->app, "status.sync");
	const char *running = set_history(r);
	const char *applied =
		revision_in(r, &r->app, "status.operationState.syncResult");

	if (!applied)
		applied = revision_in(
			r, &r->app, "status.operationState.operation.sync");
	if (!running || (!r->observation && applied))
		running = applied;
	set_text(r, "revision", running ? running : wanted);
	set_text(r, "target_revision", wanted);
	json_set_copy(r->list->maker, r->event->body, "revisions",
		member_list_if(&r->app, "status.sync.revisions"));
}

/* Two names of one digest are one image. */
static void add_image(
	struct reading *r, struct json_node *pinned, const char *subject)
{
	for (size_t i = 0; i < r->event->related_count; i++)
		if (strcmp(r->event->related[i].subject, subject) == 0)
			return;
	json_add_text(r->list->maker, pinned, subject);
	event_relate(r->list, r->event, subject, "runs");
}

static void set_images(struct reading *r)
{
	static const char path[] = "status.summary.images";
	const struct json *images = member_list_if(&r->app, path);
	struct json_node *pinned = json_array(r->list->maker);
	struct json_node *unpinned = json_array(r->list->maker);

	if (json_count(images) > IMAGES_MAX) {
		member_refuse(&r->app, path, "more than %d images", IMAGES_MAX);
		return;
	}
	JSON_EACH (images, walk) {
		const char *text = json_text(walk.value), *subject;
		struct reason why;

		if (!text) {
			member_refuse(&r->app, path,
				"expected strings, found %s at %zu",
				json_type(walk.value), walk.index);
			return;
		}
		if (subject_image(r->delivery->arena, r->delivery->tenant, text,
			    &subject, &why) == OK)
			add_image(r, pinned, subject);
		else
			json_add_text(r->list->maker, unpinned, text);
	}
	if (!images)
		return;
	json_set_node(r->list->maker, r->event->body, "images", pinned);
	json_set_node(
		r->list->maker, r->event->body, "unpinned_images", unpinned);
}

static instant newest(instant one, instant other)
{
	if (one == INSTANT_NEVER)
		return other;
	return other == INSTANT_NEVER || one > other ? one : other;
}

static instant time_of(struct reading *r)
{
	instant observed = member_time_if(&r->message, "observed_at");
	instant started =
		member_time_if(&r->app, "status.operationState.startedAt");
	instant finished =
		member_time_if(&r->app, "status.operationState.finishedAt");

	if (!r->observation)
		return finished != INSTANT_NEVER ? finished : started;
	if (observed != INSTANT_NEVER)
		return observed;
	/* A bare Application: the last moment that it speaks of. */
	return newest(newest(started, finished),
		member_time_if(&r->app, "status.reconciledAt"));
}

static void set_match(struct reading *r, const char *application)
{
	const char *cluster = member_text_if(&r->app, "spec.destination.name");

	if (!cluster)
		cluster = member_text_if(&r->app, "spec.destination.server");
	match(r, "application", application);
	match(r, "project", member_text_if(&r->app, "spec.project"));
	match(r, "namespace",
		member_text_if(&r->app, "spec.destination.namespace"));
	match(r, "cluster", cluster);
	match(r, "argocd_namespace",
		member_text_if(&r->app, "metadata.namespace"));
}

static void read_application(struct reading *r)
{
	const char *application = member_text(&r->app, "metadata.name");

	member_object(&r->app, "spec");
	r->event = event_add(r->list);
	r->event->class = CLASS_DEPLOYMENT;
	r->event->body = json_object(r->list->maker);
	set_text(r, "application", application);
	set_match(r, application);
	set_states(r);
	set_repository(r);
	set_revisions(r);
	set_initiator(r);
	set_time(r, "started_at", "status.operationState.startedAt");
	set_time(r, "finished_at", "status.operationState.finishedAt");
	set_time(r, "deleted_at", "metadata.deletionTimestamp");
	set_images(r);
	set_text(r, "trigger", member_text_if(&r->message, "trigger"));
	r->event->tool_time = time_of(r);
}

/* A bare Application has its own metadata at the top. */
static bool is_bare(const struct json *root)
{
	return !json_get(root, "app") && json_is_object(json_get(root, "spec"));
}

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	struct member_fault fault = {OK, reterr};
	struct members message = members_of(delivery->json, &fault);
	const char *about = "observation";

	if (fault.status != OK)
		return fault.status;
	if (!is_bare(delivery->json)) {
		member_object(&message, "app");
		about = member_text(&message, "about");
	}
	if (fault.status == OK && strcmp(about, "operation") != 0 &&
		strcmp(about, "observation") != 0)
		member_refuse(
			&message, "about", "expected operation or observation");
	ret->kind = about;
	return fault.status;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	struct member_fault fault = {OK, reterr};
	struct reading reading = {.delivery = delivery,
		.list = ret,
		.observation = strcmp(identity->kind, "observation") == 0,
		.source = SIZE_MAX};

	reading.message = members_of(delivery->json, &fault);
	reading.app = is_bare(delivery->json)
			      ? reading.message
			      : members_within(&reading.message, "app");
	if (!reading.observation)
		member_object(&reading.app, "status.operationState");
	read_application(&reading);
	return fault.status;
}

/* Argo CD signs nothing: headers and basic authentication are all it has. */
static const struct verify_spec verify[] = {
	{"bearer", VERIFY_TOKEN, "Authorization", "Bearer ", 0, false, NULL},
	{"basic", VERIFY_BASIC, "Authorization", "Basic ", 0, false, NULL},
	{.name = NULL},
};

const struct adapter adapter_argocd = {
	.name = "argocd",
	.revision = 1,
	.verify = verify,
	.json = true,
	/* A refusal with oncePer is never sent again, without for ever. */
	.drain_oversized = true,
	.classify = classify,
	.translate = translate,
};
