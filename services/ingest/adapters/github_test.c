/* SPDX-License-Identifier: Apache-2.0 */
#include "adapters/adapter_testing.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define NONE "0000000000000000000000000000000000000000"
#define REPOSITORY                                                             \
	"\"repository\":{\"full_name\":\"acme/shop\","                         \
	"\"html_url\":\"https://github.com/acme/shop\","                       \
	"\"owner\":{\"login\":\"acme\"}},\"sender\":{\"login\":\"rita\"}"
#define REQUEST                                                                \
	"\"head\":{\"sha\":\"" A "\"},\"base\":{\"ref\":\"main\"},"            \
	"\"user\":{\"login\":\"ada\"},"                                        \
	"\"created_at\":\"2026-11-02T08:00:00Z\","                             \
	"\"updated_at\":\"2026-11-02T09:00:00Z\","

static struct told *hook(const char *event, const char *body)
{
	struct told *told = tell_new("github");

	if (event)
		tell_header(told, "x-github-event", event);
	tell(told, body);
	return told;
}

static void test_github__a_push_has_no_time_of_the_tool(void **state)
{
	struct told *told = hook("push",
		"{\"ref\":\"refs/heads/main\",\"before\":\"" B
		"\",\"after\":\"" A "\",\"forced\":true,\"head_commit\":{"
		"\"timestamp\":\"2026-11-02T10:00:00+02:00\",\"author\":"
		"{\"username\":\"ada\"}}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told->list.events[0].subject,
		"default/repo/github.com/acme/shop");
	assert_string_equal(told_time(told, 0), "never");
	assert_string_equal(told_body(told, 0),
		"{\"action\":\"push\",\"actor\":\"rita\",\"repository\":"
		"\"default/repo/github.com/acme/shop\",\"ref\":"
		"\"refs/heads/main\",\"revision\":\"" A
		"\",\"head_revision\":\"" A "\",\"before\":\"" B
		"\",\"author\":\"ada\",\"created\":false,\"deleted\":false,"
		"\"forced\":true,\"committed_at\":\"2026-11-02T08:00:00Z\"}");
	tell_free(told);
}

static void test_github__a_deleted_ref_has_no_revision(void **state)
{
	struct told *told = hook("push",
		"{\"ref\":\"refs/tags/v1\",\"before\":\"" B
		"\",\"after\":\"" NONE "\",\"deleted\":true,\"head_commit\":"
		"null," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "revision"), "");
	assert_true(json_true(json_get(told_json(told, 0), "deleted")));
	tell_free(told);
}

static void test_github__merging_is_closing_with_a_commit(void **state)
{
	struct told *told = hook("pull_request",
		"{\"action\":\"closed\",\"number\":7,\"pull_request\":{" REQUEST
		"\"merged\":true,\"merged_at\":\"2026-11-02T09:30:00Z\","
		"\"merged_by\":{\"login\":\"mel\"},\"merge_commit_sha\":\"" B
		"\"}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_time(told, 0), "2026-11-02T09:30:00Z");
	assert_string_equal(told_body(told, 0),
		"{\"action\":\"merged\",\"actor\":\"mel\",\"repository\":"
		"\"default/repo/github.com/acme/shop\",\"number\":7,"
		"\"head_revision\":\"" A "\",\"ref\":\"refs/heads/main\","
		"\"author\":\"ada\",\"revision\":\"" B
		"\",\"merge_revision\":\"" B "\"}");
	tell_free(told);
}

/* Before a merge the same member names a commit that nobody will see. */
static void test_github__a_trial_merge_is_not_read(void **state)
{
	struct told *told = hook("pull_request",
		"{\"action\":\"opened\",\"number\":7,\"pull_request\":{" REQUEST
		"\"merged\":false,\"merge_commit_sha\":\"" B "\"}," REPOSITORY
		"}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "revision"), A);
	assert_string_equal(told_text(told, 0, "merge_revision"), "");
	assert_string_equal(told_time(told, 0), "2026-11-02T08:00:00Z");
	tell_free(told);
}

static void test_github__an_approval_names_reviewer_and_commit(void **state)
{
	struct told *told = hook("pull_request_review",
		"{\"action\":\"submitted\",\"review\":{\"id\":9,\"state\":"
		"\"APPROVED\",\"commit_id\":\"" A
		"\",\"submitted_at\":\"2026-11-02T09:10:00Z\",\"user\":{"
		"\"login\":\"rita\",\"type\":\"User\"}},\"pull_request\":"
		"{\"number\":7," REQUEST "\"draft\":false}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "action"), "approved");
	assert_string_equal(told_text(told, 0, "actor"), "rita");
	assert_string_equal(told_text(told, 0, "author"), "ada");
	assert_string_equal(told_text(told, 0, "revision"), A);
	assert_string_equal(told_time(told, 0), "2026-11-02T09:10:00Z");
	tell_free(told);
}

static void test_github__a_dismissal_is_the_senders(void **state)
{
	struct told *told = hook("pull_request_review",
		"{\"action\":\"dismissed\",\"review\":{\"id\":9,\"state\":"
		"\"dismissed\",\"commit_id\":null,\"user\":{\"login\":"
		"\"olga\"}},\"pull_request\":{\"number\":7," REQUEST
		"\"draft\":false}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_text(told, 0, "action"), "dismissed");
	assert_string_equal(told_text(told, 0, "actor"), "rita");
	assert_string_equal(told_text(told, 0, "reviewer"), "olga");
	assert_string_equal(told_time(told, 0), "never");
	tell_free(told);
}

/* The name of the event is not signed: a review sent again as something else
 * lacks what that demands. */
static void test_github__a_renamed_body_is_refused(void **state)
{
	static const char review[] =
		"{\"action\":\"opened\",\"review\":{\"id\":9,\"state\":"
		"\"approved\"},\"pull_request\":{\"number\":7," REQUEST
		"\"draft\":false}," REPOSITORY "}";
	struct told *told = hook("pull_request", review);

	(void)state;
	assert_refused(told, "$.number", "absent");
	tell_free(told);
	told = hook("push", review);
	assert_refused(told, "$.ref", "absent");
	tell_free(told);
	told = hook("release", review);
	assert_refused(told, "$.release.tag_name", "absent");
	tell_free(told);
	told = hook("ping", review);
	assert_refused(told, "$.hook_id", "absent");
	tell_free(told);
}

static void test_github__types_are_never_trusted(void **state)
{
	struct told *told =
		hook("push", "{\"ref\":7,\"before\":\"" B "\",\"after\":\"" A
			     "\"," REPOSITORY "}");

	(void)state;
	assert_refused(told, "$.ref", "found number");
	tell_free(told);
	told = hook("push", "{\"ref\":\"x\",\"before\":\"main\",\"after\":\"" A
			    "\"," REPOSITORY "}");
	assert_refused(told, "$.before", "commit id");
	tell_free(told);
	told = hook("push", "{\"ref\":\"x\",\"before\":\"" B "\",\"after\":\"" A
			    "\",\"repository\":\"acme/shop\"}");
	assert_refused(told, "$.repository", "found string");
	tell_free(told);
	told = hook("push",
		"{\"ref\":\"x\",\"before\":\"" B "\",\"after\":\"" A
		"\",\"repository\":{\"html_url\":\"shop\",\"full_name\":"
		"\"shop\"}}");
	assert_refused(told, "$.repository.html_url", "");
	tell_free(told);
	told = hook("push", "[]");
	assert_refused(told, "$", "found array");
	tell_free(told);
	told = hook("pull_request",
		"{\"action\":\"opened\",\"number\":9007199254740993,"
		"\"pull_request\":{" REQUEST "\"merged\":false}," REPOSITORY
		"}");
	assert_refused(told, "$.number", "2^53");
	tell_free(told);
	told = hook("pull_request_review",
		"{\"action\":\"submitted\",\"review\":{\"id\":9,\"state\":"
		"\"blessed\"},\"pull_request\":{\"number\":7," REQUEST
		"\"draft\":false}," REPOSITORY "}");
	assert_refused(told, "$.review.state", "approved");
	tell_free(told);
}

static void test_github__what_is_not_used_is_ignored(void **state)
{
	static const char *const kinds[] = {"installation", "meta",
		"installation_repositories", "check_run", "star"};
	struct told *told;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		told = hook(kinds[i], "not even JSON");
		assert_int_equal(told->status, IGNORED);
		assert_string_equal(told->identity.kind, kinds[i]);
		tell_free(told);
	}
	told = hook("pull_request",
		"{\"action\":\"labeled\",\"number\":7,\"pull_request\":"
		"{" REQUEST "\"merged\":false}," REPOSITORY "}");
	assert_int_equal(told->status, IGNORED);
	tell_free(told);
	told = hook("release", "{\"action\":\"created\",\"release\":{\"tag_"
			       "name\":\"v1\"}," REPOSITORY "}");
	assert_int_equal(told->status, IGNORED);
	tell_free(told);
	told = hook(NULL, "{}");
	assert_refused(told, "header x-github-event", "missing");
	tell_free(told);
}

static void test_github__a_release_is_of_a_tag(void **state)
{
	struct told *told = hook("release",
		"{\"action\":\"published\",\"release\":{\"tag_name\":\"v1.0\","
		"\"target_commitish\":\"main\",\"published_at\":"
		"\"2026-11-02T11:00:00Z\",\"prerelease\":false,\"author\":"
		"{\"login\":\"ada\"}}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_body(told, 0),
		"{\"action\":\"released\",\"actor\":\"rita\",\"repository\":"
		"\"default/repo/github.com/acme/shop\",\"ref\":"
		"\"refs/tags/v1.0\",\"target\":\"main\",\"author\":\"ada\","
		"\"prerelease\":false}");
	assert_string_equal(told_time(told, 0), "2026-11-02T11:00:00Z");
	tell_free(told);
}

static void test_github__a_protection_tells_what_it_demands(void **state)
{
	struct told *told = hook("branch_protection_rule",
		"{\"action\":\"edited\",\"rule\":{\"name\":\"main\","
		"\"required_approving_review_count\":1,\"updated_at\":"
		"\"2026-11-02T08:16:32.000-04:00\",\"secret\":\"x\"},"
		"\"changes\":{\"required_approving_review_count\":"
		"{\"from\":2}}," REPOSITORY "}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(told_body(told, 0),
		"{\"action\":\"protection_edited\",\"actor\":\"rita\","
		"\"repository\":\"default/repo/github.com/acme/shop\","
		"\"protection\":{\"pattern\":\"main\","
		"\"required_approving_review_count\":1},\"changes\":"
		"{\"required_approving_review_count\":{\"from\":2}}}");
	assert_string_equal(told_time(told, 0), "2026-11-02T12:16:32Z");
	tell_free(told);
}

static void test_github__a_hook_of_an_organisation_pings_too(void **state)
{
	struct told *told = hook("ping",
		"{\"zen\":\"x\",\"hook_id\":12,\"hook\":{\"type\":"
		"\"Organization\",\"events\":[\"push\"]},\"sender\":"
		"{\"login\":\"rita\"}}");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(
		told->list.events[0].subject, "default/tool/postern/here");
	assert_string_equal(told_text(told, 0, "action"), "ping");
	tell_free(told);
	told = hook("ping",
		"{\"zen\":\"x\",\"hook_id\":12,\"hook\":{}," REPOSITORY "}");
	assert_told(told, 1);
	assert_string_equal(told->list.events[0].subject,
		"default/repo/github.com/acme/shop");
	tell_free(told);
}

static struct told *form(const char *type, const char *body)
{
	struct told *told = tell_new("github");

	tell_header(told, "x-github-event", "ping");
	tell_header(told, "content-type", type);
	tell(told, body);
	return told;
}

static void test_github__a_form_holds_the_same(void **state)
{
	static const char type[] =
		"application/x-www-form-urlencoded; charset=utf-8";
	struct told *told = form(
		type, "payload=%7B%22hook_id%22%3A1%2C%22hook%22%3A+%7B%7D%7D");

	(void)state;
	assert_told(told, 1);
	assert_string_equal(
		told_body(told, 0), "{\"action\":\"ping\",\"hook_id\":1}");
	tell_free(told);
	told = form(type, "{\"hook_id\":1,\"hook\":{}}");
	assert_refused(told, "byte 0", "payload");
	tell_free(told);
	told = form(type, "payload=%7B%2");
	assert_refused(told, "byte 11", "hex");
	tell_free(told);
	told = form(type, "payload=%7B");
	assert_int_equal(told->status, REJECT);
	assert_non_null(strstr(told->why.place, "field payload: byte 1"));
	tell_free(told);
}
