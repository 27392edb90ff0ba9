/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/adapter_testing.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccc"
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SPEC                                                                   \
	"\"metadata\":{\"name\":\"shop-prod\",\"namespace\":\"argocd\"},"      \
	"\"spec\":{\"project\":\"shop\",\"source\":{\"repoURL\":"              \
	"\"https://github.com/acme/deploy.git\",\"path\":\"shop\"},"           \
	"\"destination\":{\"name\":\"prod-eu\",\"namespace\":\"shop\"}}"
#define OPERATION                                                              \
	"\"operationState\":{\"phase\":\"Succeeded\","                         \
	"\"startedAt\":\"2026-11-02T10:00:00Z\","                              \
	"\"finishedAt\":\"2026-11-02T10:00:07Z\","                             \
	"\"operation\":{\"initiatedBy\":{\"username\":\"rita\"},"              \
	"\"sync\":{\"revision\":\"" A "\"}},"                                  \
	"\"syncResult\":{\"revision\":\"" A "\"}}"
#define MESSAGE(about, status)                                                 \
	"{\"about\":\"" about "\",\"trigger\":\"on-" about "\","               \
	"\"observed_at\":\"2026-11-02T11:00:00Z\",\"app\":{" SPEC              \
	",\"status\":{" status "}}}"

static struct told *app(const char *body)
{
	struct told *told = tell_new("argocd");

	tell(told, body);
	return told;
}

static const char *matched(struct told *told, const char *name)
{
	const struct event *event = &told->list.events[0];

	for (size_t i = 0; i < event->match_count; i++)
		if (strcmp(event->match[i].name, name) == 0)
			return event->match[i].value;
	return "";
}

static void test_argocd__an_operation_happened_when_it_finished(void **state)
{
	struct told *told = app(MESSAGE("operation",
		"\"sync\":{\"status\":\"Synced\",\"revision\":\"" A
		"\"},\"health\":{\"status\":\"Healthy\"}," OPERATION));

	(void)state;
	assert_told(told, 1);
	assert_null(told->list.events[0].subject);
	assert_string_equal(told_time(told, 0), "2026-11-02T10:00:07Z");
	assert_string_equal(told_body(told, 0),
		"{\"application\":\"shop-prod\",\"phase\":\"succeeded\","
		"\"sync\":\"synced\",\"health\":\"healthy\",\"repository\":"
		"\"default/repo/github.com/acme/deploy\",\"revision\":\"" A
		"\",\"target_revision\":\"" A
		"\",\"automated\":false,\"initiator\":\"rita\","
		"\"started_at\":\"2026-11-02T10:00:00Z\",\"finished_at\":"
		"\"2026-11-02T10:00:07Z\",\"trigger\":\"on-operation\"}");
	assert_string_equal(matched(told, "application"), "shop-prod");
	assert_string_equal(matched(told, "project"), "shop");
	assert_string_equal(matched(told, "namespace"), "shop");
	assert_string_equal(matched(told, "cluster"), "prod-eu");
	assert_int_equal(told->list.events[0].related_count, 1);
	assert_string_equal(
		told->list.events[0].related[0].relation, "built-from");
	tell_free(told);
}

/* Drift after a deployment must not be dated back to the deployment. */
static void test_argocd__an_observation_is_of_its_own_moment(void **state)
{
	struct told *told = app(MESSAGE("observation",
		"\"sync\":{\"status\":\"OutOfSync\",\"revision\":\"" B
		"\"},\"history\":[{\"id\":4,\"revision\":\"" A
		"\",\"deployedAt\":\"2026-11-02T10:00:07Z\"}]," OPERATION));

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_time(told, 0), "2026-11-02T11:00:00Z");
	assert_string_equal(told_text(told, 0, "sync"), "out-of-sync");
	assert_string_equal(told_text(told, 0, "revision"), A);
	assert_string_equal(told_text(told, 0, "target_revision"), B);
	assert_string_equal(told_text(told, 0, "history.0.deployed_at"),
		"2026-11-02T10:00:07Z");
	tell_free(told);
}

static void test_argocd__a_failed_operation_tells_what_it_tried(void **state)
{
	struct told *told = app(MESSAGE("operation",
		"\"history\":[{\"id\":4,\"revision\":\"" A
		"\"}],\"operationState\":{\"phase\":\"Failed\",\"startedAt\":"
		"\"2026-11-02T10:00:00Z\",\"operation\":{\"initiatedBy\":"
		"{\"automated\":true},\"sync\":{\"revision\":\"" B "\"}}}"));

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_time(told, 0), "2026-11-02T10:00:00Z");
	assert_string_equal(told_text(told, 0, "phase"), "failed");
	assert_string_equal(told_text(told, 0, "revision"), B);
	assert_string_equal(told_text(told, 0, "sync"), "unknown");
	assert_true(json_true(json_get(told_json(told, 0), "automated")));
	assert_string_equal(told_text(told, 0, "initiator"), "");
	tell_free(told);
}

static void test_argocd__images_are_named_by_digest_only(void **state)
{
	struct told *told = app(MESSAGE("observation",
		"\"summary\":{\"images\":[\"reg.acme.example/shop@sha256:" HEX64
		"\",\"mirror.acme.example/shop:1@sha256:" HEX64
		"\",\"nginx:1.27\"]}"));
	const struct event *event;

	(void)state;
	assert_told(told, 1);
	event = &told->list.events[0];
	assert_int_equal(event->related_count, 2);
	assert_string_equal(event->related[1].relation, "runs");
	assert_string_equal(
		event->related[1].subject, "default/image/oci/sha256:" HEX64);
	assert_int_equal(json_count(json_get(told_json(told, 0), "images")), 1);
	assert_string_equal(
		told_text(told, 0, "unpinned_images.0"), "nginx:1.27");
	tell_free(told);
	told = app(
		MESSAGE("observation", "\"summary\":{\"images\":[\"a\",7]}"));
	assert_refused(told, "$.app.status.summary.images", "number at 1");
	tell_free(told);
}

static void test_argocd__too_many_images_are_refused(void **state)
{
	struct told *told = tell_new("argocd");
	char *body = arena_alloc(told->arena, 100000), *at = body;

	(void)state;
	at += snprintf(at, 1000, "%s",
		"{\"about\":\"observation\",\"app\":{" SPEC
		",\"status\":{\"summary\":{\"images\":[\"x\"");
	for (int i = 0; i < 1000; i++)
		at += snprintf(at, 100, ",\"nginx:%d\"", i);
	snprintf(at, 100, "]}}}}");
	tell(told, body);
	assert_refused(told, "$.app.status.summary.images", "1000");
	tell_free(told);
}

static bool is_rollback(const char *one, const char *two, const char *three)
{
	struct told *told = tell_new("argocd");
	bool ret;

	tell(told, arena_printf(told->arena,
			   "{\"about\":\"observation\",\"app\":{" SPEC
			   ",\"status\":{\"history\":[{\"id\":1,\"revision\":"
			   "\"%s\"},{\"id\":2,\"revision\":\"%s\"},{\"id\":3,"
			   "\"revision\":\"%s\"}]}}}",
			   one, two, three));
	assert_told(told, 1);
	ret = json_true(json_get(told_json(told, 0), "rollback"));
	tell_free(told);
	return ret;
}

static void test_argocd__a_rollback_goes_back_over_another(void **state)
{
	(void)state;
	assert_true(is_rollback(A, B, A));
	assert_false(is_rollback(A, B, C));
	assert_false(is_rollback(A, A, A));
	assert_false(is_rollback(B, A, A));
	assert_false(is_rollback(A, B, ""));
}

static void test_argocd__long_histories_keep_their_newest(void **state)
{
	struct told *told = tell_new("argocd");
	char *body = arena_alloc(told->arena, 100000), *at = body;

	(void)state;
	at += snprintf(at, 1000, "%s",
		"{\"about\":\"observation\",\"app\":{" SPEC
		",\"status\":{\"history\":[{\"id\":0}");
	for (int i = 1; i <= 60; i++)
		at += snprintf(
			at, 100, ",{\"id\":%d,\"revision\":\"%d\"}", i, i);
	snprintf(at, 100, "]}}}");
	tell(told, body);
	assert_told(told, 1);
	assert_int_equal(
		json_count(json_get(told_json(told, 0), "history")), 50);
	assert_string_equal(told_text(told, 0, "history.0.revision"), "11");
	assert_string_equal(told_text(told, 0, "revision"), "60");
	tell_free(told);
}

/* The revisions stand in the order of the sources; charts have versions. */
static void test_argocd__of_many_sources_a_repository_counts(void **state)
{
	struct told *told = app(
		"{\"about\":\"observation\",\"app\":{\"metadata\":{\"name\":"
		"\"x\"},\"spec\":{\"sources\":[{\"repoURL\":"
		"\"https://charts.acme.example\",\"chart\":\"redis\"},"
		"{\"repoURL\":\"git@github.com:acme/deploy.git\"}]},"
		"\"status\":{\"sync\":{\"status\":\"Synced\",\"revisions\":"
		"[\"1.2.3\",\"" A "\"]}}}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "repository"),
		"default/repo/github.com/acme/deploy");
	assert_string_equal(told_text(told, 0, "revision"), A);
	assert_string_equal(told_text(told, 0, "revisions.0"), "1.2.3");
	tell_free(told);
	told = app("{\"metadata\":{\"name\":\"x\"},\"spec\":{\"source\":{"
		   "\"repoURL\":\"https://charts.acme.example\",\"chart\":"
		   "\"redis\"}}}");
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "repository"), "");
	tell_free(told);
}

static void test_argocd__a_new_application_has_no_status(void **state)
{
	struct told *told = app("{\"about\":\"observation\",\"observed_at\":"
				"\"2026-11-02T11:00:00Z\",\"app\":{" SPEC "}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_body(told, 0),
		"{\"application\":\"shop-prod\",\"sync\":\"unknown\","
		"\"repository\":\"default/repo/github.com/acme/deploy\"}");
	tell_free(told);
}

static void test_argocd__a_bare_application_is_an_observation(void **state)
{
	struct told *told = app("{" SPEC ",\"status\":{\"reconciledAt\":"
				"\"2026-11-02T12:00:00Z\"," OPERATION "}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told->identity.kind, "observation");
	assert_string_equal(told_time(told, 0), "2026-11-02T12:00:00Z");
	tell_free(told);
}

static void test_argocd__refuses_what_is_not_its_template(void **state)
{
	static const struct {
		const char *body, *place, *word;
	} rows[] = {
		{"[]", "$", "found array"},
		{"{\"app\":\"guestbook\"}", "$.app", "found string"},
		{"{}", "$.app", "found absent"},
		{"{\"app\":{}}", "$.about", "found absent"},
		{"{\"app\":{},\"about\":\"weather\"}", "$.about", "operation"},
		{"{\"app\":{},\"about\":\"observation\"}",
			"$.app.metadata.name", "found absent"},
		{"{\"app\":{\"metadata\":{\"name\":\"x\"}},\"about\":"
		 "\"observation\"}",
			"$.app.spec", "found absent"},
		{"{\"app\":{" SPEC "},\"about\":\"operation\"}",
			"$.app.status.operationState", "found absent"},
		{MESSAGE("observation", "\"sync\":\"Synced\""),
			"$.app.status.sync", "found string"},
		{MESSAGE("observation", "\"history\":[1]"),
			"$.app.status.history[0]", "found number"},
		{MESSAGE("observation",
			 "\"history\":[{\"deployedAt\":\"yesterday\"}]"),
			"$.app.status.history[0].deployedAt", ""},
		{MESSAGE("operation", "\"operationState\":{\"startedAt\":7}"),
			"$.app.status.operationState.startedAt",
			"found number"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told *told = app(rows[i].body);

		assert_refused(told, rows[i].place, rows[i].word);
		tell_free(told);
	}
}
