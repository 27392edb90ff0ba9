/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GitHub and GitHub Enterprise Server webhooks, as JSON or as a form. The
 * signature covers the body only: whoever replays one may change the event's
 * name and the delivery id. So the id is no part of the evidence's identity,
 * and a body that lacks what its event's name demands is refused.
 */
#include "adapter.h"
#include "formats/form.h"
#include "formats/member.h"
#include "model/subject.h"
#include "wire/crypto.h"

#include <string.h>
#include <strings.h>

/* One delivery on its way to one event. */
struct reading {
	const struct delivery *delivery;
	struct event_list *list;
	struct members payload;
	struct event *event;
};

static void set_text(struct reading *r, const char *key, const char *text)
{
	json_set_text(r->list->maker, r->event->body, key, text);
}

/* Copies a text member of the payload that may be missing. */
static void set_from(struct reading *r, const char *key, const char *path)
{
	set_text(r, key, member_text_if(&r->payload, path));
}

static void set_flag(struct reading *r, const char *key, const char *path)
{
	json_set_bool(r->list->maker, r->event->body, key,
		member_flag_if(&r->payload, path));
}

static bool is_commit_id(const char *text)
{
	size_t length = strlen(text);

	return strspn(text, "0123456789abcdef") == length &&
	       (length == 40 || length == 64);
}

/* NULL where absent; nothing but a whole commit id passes. */
static const char *commit_id(struct reading *r, const char *path)
{
	const char *text = member_text_if(&r->payload, path);

	if (text && !is_commit_id(text))
		member_refuse(&r->payload, path,
			"expected a commit id of 40 or 64 hex digits");
	return text;
}

static const char *commit_id_required(struct reading *r, const char *path)
{
	member_text(&r->payload, path);
	return commit_id(r, path);
}

/* How Git says that there is no commit: the ref was made or deleted. */
static bool is_no_commit(const char *id)
{
	return id && id[strspn(id, "0")] == '\0';
}

static void add_repository(struct reading *r)
{
	const char *address = member_text(&r->payload, "repository.html_url");
	const char *name = member_text(&r->payload, "repository.full_name");
	const char *owner =
		member_text_if(&r->payload, "repository.owner.login");
	struct reason why;

	if (r->payload.fault->status != OK)
		return;
	/* "acme/shop" would read as a host and a path. */
	if (!strstr(address, "://") ||
		subject_repo(r->delivery->arena, r->delivery->tenant, address,
			&r->event->subject, &why) != OK) {
		member_refuse(&r->payload, "repository.html_url",
			"expected an address, found \"%s\"", address);
		return;
	}
	set_text(r, "repository", r->event->subject);
	event_match(r->list, r->event, "repository", name);
	if (owner)
		event_match(r->list, r->event, "owner", owner);
}

/* `actor_path`: who acted, where that says more than the sender. */
static void begin(struct reading *r, const char *action, const char *actor_path)
{
	const char *actor = NULL;

	r->event = event_add(r->list);
	r->event->class = CLASS_CHANGE;
	r->event->body = json_object(r->list->maker);
	set_text(r, "action", action);
	if (actor_path)
		actor = member_text_if(&r->payload, actor_path);
	if (!actor)
		actor = member_text_if(&r->payload, "sender.login");
	set_text(r, "actor", actor);
}

/*
 * No time of the tool: the payload has none but the commit's, which its author
 * sets at will. It is kept as what it is.
 */
static enum status read_push(struct reading *r)
{
	const char *ref = member_text(&r->payload, "ref");
	const char *before = commit_id_required(r, "before");
	const char *after = commit_id_required(r, "after");

	begin(r, "push", NULL);
	add_repository(r);
	set_text(r, "ref", ref);
	if (!is_no_commit(after)) {
		set_text(r, "revision", after);
		set_text(r, "head_revision", after);
	}
	if (!is_no_commit(before))
		set_text(r, "before", before);
	set_from(r, "author", "head_commit.author.username");
	set_flag(r, "created", "created");
	set_flag(r, "deleted", "deleted");
	set_flag(r, "forced", "forced");
	json_set_instant(r->list->maker, r->event->body, "committed_at",
		member_time_if(&r->payload, "head_commit.timestamp"));
	return OK;
}

/* What both kinds of pull request events tell of the request itself. */
static void set_request(struct reading *r, int64_t number)
{
	const char *base = member_text(&r->payload, "pull_request.base.ref");

	json_set_integer(r->list->maker, r->event->body, "number", number);
	set_text(r, "head_revision",
		commit_id_required(r, "pull_request.head.sha"));
	set_text(r, "ref",
		arena_printf(r->delivery->arena, "refs/heads/%s", base));
	/* Null once the account is gone. */
	set_from(r, "author", "pull_request.user.login");
}

static enum status read_pull_request(struct reading *r)
{
	static const struct {
		const char *action, *time;
	} rows[] = {
		{"opened", "pull_request.created_at"},
		{"closed", "pull_request.closed_at"},
		{"reopened", "pull_request.updated_at"},
		{"synchronize", "pull_request.updated_at"},
	};
	const char *action = member_text(&r->payload, "action");
	/* At the top of this event only: tells it from a review's body. */
	int64_t number = member_integer(&r->payload, "number");
	bool merged = member_flag_if(&r->payload, "pull_request.merged");
	size_t row = 0;

	member_object(&r->payload, "pull_request");
	while (row < sizeof(rows) / sizeof(rows[0]) &&
		strcmp(rows[row].action, action) != 0)
		row++;
	if (row == sizeof(rows) / sizeof(rows[0]))
		return IGNORED;
	merged = merged && strcmp(action, "closed") == 0;
	begin(r, merged ? "merged" : action,
		merged ? "pull_request.merged_by.login" : NULL);
	add_repository(r);
	set_request(r, number);
	r->event->tool_time = member_time_if(&r->payload,
		merged ? "pull_request.merged_at" : rows[row].time);
	if (!merged) {
		/* merge_commit_sha is a trial merge until then: not read. */
		set_from(r, "revision", "pull_request.head.sha");
		return OK;
	}
	set_text(r, "revision",
		commit_id_required(r, "pull_request.merge_commit_sha"));
	set_from(r, "merge_revision", "pull_request.merge_commit_sha");
	return OK;
}

/* NULL: a state that no review of GitHub has. */
static const char *review_state(struct reading *r)
{
	static const char *const states[] = {
		"approved", "changes_requested", "commented", "dismissed"};
	const char *state = member_text(&r->payload, "review.state");

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcasecmp(states[i], state) == 0)
			return states[i];
	member_refuse(&r->payload, "review.state",
		"expected approved, changes_requested, commented or dismissed");
	return NULL;
}

static enum status read_review(struct reading *r)
{
	const char *action = member_text(&r->payload, "action");
	const char *state = review_state(r);
	bool dismissed = strcmp(action, "dismissed") == 0;
	int64_t number = member_integer(&r->payload, "pull_request.number");

	/* An edit changes a review's words, never its state. */
	if (strcmp(action, "submitted") != 0 && !dismissed)
		return IGNORED;
	/* The sender of a dismissal is whoever dismissed. */
	begin(r, dismissed ? "dismissed" : state,
		dismissed ? NULL : "review.user.login");
	add_repository(r);
	set_request(r, number);
	set_text(r, "revision", commit_id(r, "review.commit_id"));
	json_set_integer(r->list->maker, r->event->body, "review",
		member_integer(&r->payload, "review.id"));
	set_from(r, "reviewer", "review.user.login");
	set_from(r, "reviewer_type", "review.user.type");
	set_from(r, "author_association", "review.author_association");
	/* A dismissal tells no time: submitted_at stays the review's. */
	if (!dismissed)
		r->event->tool_time =
			member_time_if(&r->payload, "review.submitted_at");
	return OK;
}

static enum status read_release(struct reading *r)
{
	/* Publishing is told as `published` and again as `released` or
	 * `prereleased`: same action, same time, harmless twice. */
	static const struct {
		const char *tool, *action, *time;
	} rows[] = {
		{"published", "released", "release.published_at"},
		{"released", "released", "release.published_at"},
		{"prereleased", "released", "release.published_at"},
		{"unpublished", "release_unpublished", "release.updated_at"},
		{"edited", "release_edited", "release.updated_at"},
		{"deleted", "release_deleted", "release.updated_at"},
	};
	const char *action = member_text(&r->payload, "action");
	const char *tag = member_text(&r->payload, "release.tag_name");
	const char *target;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].tool, action) != 0)
			continue;
		begin(r, rows[i].action, NULL);
		add_repository(r);
		set_text(r, "ref",
			arena_printf(r->delivery->arena, "refs/tags/%s", tag));
		target =
			member_text_if(&r->payload, "release.target_commitish");
		/* Else a branch, which names no commit. */
		if (target && is_commit_id(target))
			set_text(r, "revision", target);
		set_text(r, "target", target);
		set_from(r, "author", "release.author.login");
		set_flag(r, "prerelease", "release.prerelease");
		r->event->tool_time = member_time_if(&r->payload, rows[i].time);
		return OK;
	}
	return IGNORED; /* a draft was saved */
}

/* A deletion has no time, and updated_at would be that of an older edit. */
static enum status read_protection(struct reading *r)
{
	static const char *const kept[] = {"required_approving_review_count",
		"pull_request_reviews_enforcement_level",
		"dismiss_stale_reviews_on_push", "require_code_owner_review",
		"require_last_push_approval", "admin_enforced",
		"allow_force_pushes_enforcement_level",
		"allow_deletions_enforcement_level",
		"signature_requirement_enforcement_level",
		"linear_history_requirement_enforcement_level",
		"required_status_checks_enforcement_level",
		"required_status_checks"};
	const char *action = member_text(&r->payload, "action");
	const struct json *rule = member_object(&r->payload, "rule");
	struct json_node *protection = json_object(r->list->maker);

	if (strcmp(action, "created") != 0 && strcmp(action, "edited") != 0 &&
		strcmp(action, "deleted") != 0)
		return IGNORED;
	begin(r, arena_printf(r->delivery->arena, "protection_%s", action),
		NULL);
	add_repository(r);
	json_set_text(r->list->maker, protection, "pattern",
		member_text(&r->payload, "rule.name"));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		json_set_copy(r->list->maker, protection, kept[i],
			json_get(rule, kept[i]));
	json_set_node(r->list->maker, r->event->body, "protection", protection);
	json_set_copy(r->list->maker, r->event->body, "changes",
		member_object_if(&r->payload, "changes"));
	if (strcmp(action, "deleted") != 0)
		r->event->tool_time =
			member_time_if(&r->payload, "rule.updated_at");
	return OK;
}

/* A hook of an organisation has no repository: then it is about the source. */
static enum status read_ping(struct reading *r)
{
	int64_t hook = member_integer(&r->payload, "hook_id");
	struct reason why;

	member_object(&r->payload, "hook");
	begin(r, "ping", NULL);
	json_set_integer(r->list->maker, r->event->body, "hook_id", hook);
	json_set_copy(r->list->maker, r->event->body, "events",
		member_list_if(&r->payload, "hook.events"));
	if (member_object_if(&r->payload, "repository"))
		add_repository(r);
	else if (subject_make(r->delivery->arena, r->delivery->tenant,
			 SUBJECT_TOOL, "postern", r->delivery->source,
			 &r->event->subject, &why) != OK)
		member_refuse(&r->payload, "repository", "%s", why.sentence);
	return OK;
}

static const struct row {
	const char *kind;
	enum status (*read)(struct reading *r);
} kinds[] = {
	{"push", read_push},
	{"pull_request", read_pull_request},
	{"pull_request_review", read_review},
	{"release", read_release},
	{"branch_protection_rule", read_protection},
	{"ping", read_ping},
};

static const struct row *find_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return &kinds[i];
	return NULL;
}

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	const char *kind = delivery_header(delivery, "x-github-event");

	if (!kind || !kind[0]) {
		reason_set(reterr, "header x-github-event",
			"the header that names the event is missing");
		return REJECT;
	}
	ret->kind = kind;
	return find_kind(kind) ? OK : IGNORED;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	struct member_fault fault = {OK, reterr};
	struct reading reading = {.delivery = delivery, .list = ret};
	const struct json *root = NULL;
	enum status status = form_or_json(delivery->arena,
		delivery_header(delivery, "content-type"), delivery->body,
		delivery->size, "payload", &root, reterr);

	if (status != OK)
		return status;
	reading.payload = members_of(root, &fault);
	status = find_kind(identity->kind)->read(&reading);
	return fault.status != OK ? fault.status : status;
}

static const struct verify_spec verify[] = {
	{"signature", VERIFY_HMAC, "X-Hub-Signature-256",
		"sha256=", HASH_SHA256, false, NULL},
	{.name = NULL},
};

const struct adapter adapter_github = {
	.name = "github",
	.revision = 1,
	.verify = verify,
	/* Read here: a hook may be told to send a form. */
	.json = false,
	.classify = classify,
	.translate = translate,
};
