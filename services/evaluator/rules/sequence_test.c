/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_testing.h"

#define SHOP "default/service/prod/shop"
#define REPO "default/repo/github.com/acme/shop"
#define STEPS                                                                  \
	"steps:\n"                                                             \
	"- name: merged pull request\n"                                        \
	"  evidence: change\n"                                                 \
	"  relation: built-from\n"                                             \
	"  where: {all: [{field: change.action, equals: merged}, {any: "       \
	"[{field: change.merge_revision, same_as: $revision}, {field: "        \
	"change.head_revision, same_as: $revision}]}]}\n"                      \
	"  bind: {number: change.number, author: change.author}\n"             \
	"- name: approval by another\n"                                        \
	"  evidence: change\n"                                                 \
	"  relation: built-from\n"                                             \
	"  where: {all: [{field: change.action, equals: approved}, {field: "   \
	"change.number, same_as: $number}, {field: $author, exists: true}, "   \
	"{not: {field: change.actor, same_as: $author}}]}\n"                   \
	"  distinct: change.actor\n"                                           \
	"  at_least: APPROVALS\n"                                              \
	"  withdrawn_by: {where: {field: change.action, in: [dismissed, "      \
	"changes_requested]}, same: [change.number, change.reviewer]}\n"
#define THEN                                                                   \
	"then: {evidence: deployment, where: {field: deployment.phase, "       \
	"equals: succeeded}, bind: {revision: deployment.revision}}\n"
#define REST                                                                   \
	"known_by: {evidence: change, relation: built-from, where: {field: "   \
	"change.revision, same_as: $revision}}\n"                              \
	"allowed: {any: [{field: deployment.automated, equals: true}, "        \
	"{field: deployment.initiator, in: [ann, bob]}]}\n"                    \
	"settle: 20s\n"                                                        \
	"look_back: 85s\n"                                                     \
	"judge_for: 100s\n"                                                    \
	"observe: [{kind: revision, field: deployment.revision}, {kind: "      \
	"user, field: change.actor}]\n"                                        \
	"remedy: have it reviewed\n"

static void begin(struct bench *b, unsigned approvals, const char *more)
{
	char text[4000];
	char *place;

	snprintf(text, sizeof(text), "%s%s%s%s", THEN, STEPS, REST, more);
	place = strstr(text, "APPROVALS");
	assert_non_null(place);
	memcpy(place, "         ", 9);
	place[0] = (char)('0' + approvals);
	bench_begin(b, SHOP);
	bench_rule(b, "sequence", text);
	bench_relation(b, "built-from", REPO, 1, -1);
}

static void deployed(struct bench *b, int64_t at, const char *revision)
{
	bench_evidence(b, at, CLASS_DEPLOYMENT, "sync",
		arena_printf(b->arena,
			"{\"phase\": \"succeeded\", \"revision\": \"%s\", "
			"\"automated\": true}",
			revision));
}

static void changed(
	struct bench *b, int64_t at, const char *kind, const char *body)
{
	bench_neighbour(b, at, "built-from", REPO, CLASS_CHANGE, kind,
		arena_printf(b->arena, "{%s}", body));
}

static void merged(struct bench *b, int64_t at, const char *revision)
{
	changed(b, at, "pull_request",
		arena_printf(b->arena,
			"\"action\": \"merged\", \"merge_revision\": "
			"\"%s\", \"revision\": \"%s\", \"number\": 7, "
			"\"author\": \"zoe\"",
			revision, revision));
}

static void reviewed(struct bench *b, int64_t at, const char *action,
	const char *by, int number)
{
	changed(b, at, "pull_request_review",
		arena_printf(b->arena,
			"\"action\": \"%s\", \"actor\": \"%s\", "
			"\"reviewer\": \"%s\", \"number\": %d",
			action, by, by, number));
}

static void test_sequence__passes_what_was_reviewed_before(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	bench_wants(&b, 30, VERDICT_PASS, 130);
	bench_says(&b, "revision r1, number 7, author zoe", "");
	assert_true(bench_observes(&b, "revision", "r1"));
	assert_int_equal(b.said.deciding_count, 3);
	assert_string_equal(b.said.deciding[0].name, "merged pull request");
	assert_string_equal(b.said.deciding[2].name, "deployment");
	assert_string_equal(b.said.deciding[2].value, "revision r1");
	bench_end(&b);
}

static void test_sequence__takes_the_head_of_the_request_too(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	changed(&b, 20, "pull_request",
		"\"action\": \"merged\", \"head_revision\": \"r1\", "
		"\"number\": 7, \"author\": \"zoe\"");
	deployed(&b, 30, "r1");
	bench_wants(&b, 30, VERDICT_PASS, 130);
	bench_end(&b);
}

static void test_sequence__waits_before_it_fails(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	bench_wants(&b, 30, VERDICT_UNKNOWN, 50);
	assert_true(b.said.pending);
	bench_wants(&b, 49, VERDICT_UNKNOWN, 50);
	bench_wants(&b, 50, VERDICT_FAIL, 130);
	assert_false(b.said.pending);
	bench_says(&b, "has 0 of 1 approval by another before it",
		"have it reviewed");
	bench_end(&b);
}

static void test_sequence__an_approval_that_comes_later_is_none(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	reviewed(&b, 31, "approved", "ann", 7);
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	bench_end(&b);
}

static void test_sequence__nobody_approves_what_is_their_own(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "zoe", 7);
	reviewed(&b, 11, "approved", "ann", 8);
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	bench_end(&b);
	/* Nor where nobody said whose it is. */
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	changed(&b, 20, "pull_request",
		"\"action\": \"merged\", \"merge_revision\": \"r1\", "
		"\"number\": 7");
	deployed(&b, 30, "r1");
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	bench_end(&b);
}

static void test_sequence__a_dismissed_approval_does_not_count(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	changed(&b, 12, "pull_request_review",
		"\"action\": \"dismissed\", \"actor\": \"zoe\", "
		"\"reviewer\": \"ann\", \"number\": 7");
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	reviewed(&b, 14, "approved", "ann", 7);
	bench_wants(&b, 60, VERDICT_PASS, 130);
	reviewed(&b, 16, "changes_requested", "bob", 7);
	reviewed(&b, 17, "changes_requested", "ann", 8);
	bench_wants(&b, 60, VERDICT_PASS, 130);
	/* Who does not say whose approval it withdraws withdraws all. */
	changed(&b, 18, "pull_request_review",
		"\"action\": \"dismissed\", \"number\": 7");
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	bench_end(&b);
}

static void test_sequence__a_dismissal_after_it_is_too_late(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	reviewed(&b, 31, "dismissed", "ann", 7);
	bench_wants(&b, 60, VERDICT_PASS, 130);
	bench_end(&b);
}

static void test_sequence__counts_different_people(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 2, "");
	reviewed(&b, 10, "approved", "ann", 7);
	reviewed(&b, 11, "approved", "ann", 7);
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	bench_wants(&b, 60, VERDICT_FAIL, 130);
	bench_says(&b, "has 1 of 2 approval by another", "");
	reviewed(&b, 12, "approved", "bob", 7);
	bench_wants(&b, 60, VERDICT_PASS, 130);
	bench_end(&b);
}

static void test_sequence__a_direct_push_names_who_and_what(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	changed(&b, 20, "push",
		"\"action\": \"push\", \"revision\": \"r1\", \"ref\": "
		"\"refs/heads/main\", \"actor\": \"mallory\"");
	deployed(&b, 30, "r1");
	bench_wants(&b, 30, VERDICT_UNKNOWN, 50);
	bench_wants(&b, 50, VERDICT_FAIL, 130);
	bench_says(&b,
		"revision r1 has no merged pull request before it (push to "
		"refs/heads/main by mallory at 1970-01-01T00:00:20Z)",
		"have it reviewed");
	assert_true(bench_observes(&b, "user", "mallory"));
	assert_true(bench_observes(&b, "revision", "r1"));
	bench_end(&b);
}

static void test_sequence__what_nobody_heard_of_is_unknown(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	merged(&b, 20, "r0");
	deployed(&b, 30, "r1");
	bench_wants(&b, 30, VERDICT_UNKNOWN, 50);
	assert_true(b.said.pending);
	bench_wants(&b, 50, VERDICT_UNKNOWN, 130);
	assert_false(b.said.pending);
	assert_string_equal(b.said.source, "source-b");
	bench_says(&b, "nobody heard of revision r1", "webhook");
	bench_end(&b);
	begin(&b, 1, "unseen: fail\n");
	deployed(&b, 30, "r1");
	bench_wants(&b, 50, VERDICT_FAIL, 130);
	bench_end(&b);
}

static void test_sequence__who_may_not_start_it_fails_at_once(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	bench_evidence(&b, 30, CLASS_DEPLOYMENT, "sync",
		"{\"phase\": \"succeeded\", \"revision\": \"r1\", "
		"\"initiator\": \"mallory\"}");
	bench_wants(&b, 30, VERDICT_FAIL, 130);
	bench_says(&b, "deployment.automated is absent", "somebody who may");
	bench_end(&b);
}

static void test_sequence__repeats_are_one_happening(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	for (int64_t at = 30; at < 200; at += 10)
		deployed(&b, at, "r1");
	bench_wants(&b, 120, VERDICT_PASS, 130);
	/* Older than look_back: what was said then still holds. */
	bench_wants(&b, 130, VERDICT_UNKNOWN, -1);
	assert_true(b.said.pending);
	bench_says(&b, "older than 100s", "the next one");
	bench_end(&b);
}

static void test_sequence__looks_back_no_further_than_it_says(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	deployed(&b, 94, "r1");
	bench_wants(&b, 94, VERDICT_PASS, 194);
	deployed(&b, 95, "r2");
	deployed(&b, 96, "r1");
	bench_wants(&b, 116, VERDICT_FAIL, 196);
	bench_says(&b, "0 of 1 approval", "");
	bench_end(&b);
}

static void test_sequence__another_revision_is_judged_anew(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	reviewed(&b, 10, "approved", "ann", 7);
	merged(&b, 20, "r1");
	deployed(&b, 30, "r1");
	deployed(&b, 60, "r2");
	changed(&b, 50, "push", "\"action\": \"push\", \"revision\": \"r2\"");
	deployed(&b, 90, "r1");
	bench_wants(&b, 59, VERDICT_PASS, 130);
	bench_wants(&b, 80, VERDICT_FAIL, 160);
	bench_wants(&b, 90, VERDICT_PASS, 190);
	bench_end(&b);
}

static void test_sequence__keeps_what_was_while_nothing_happens(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 1, "");
	bench_wants(&b, 5, VERDICT_UNKNOWN, -1);
	assert_false(b.said.pending);
	bench_evidence(&b, 10, CLASS_DEPLOYMENT, "sync",
		"{\"phase\": \"failed\", \"revision\": \"r1\"}");
	bench_wants(&b, 10, VERDICT_UNKNOWN, -1);
	assert_true(b.said.pending);
	bench_evidence(&b, 20, CLASS_DEPLOYMENT, "sync",
		"{\"phase\": \"succeeded\", \"automated\": true}");
	bench_wants(&b, 20, VERDICT_UNKNOWN, 120);
	assert_false(b.said.pending);
	bench_says(&b, "names nothing", "names it");
	bench_end(&b);
}

static void test_sequence__refuses_what_it_cannot_do(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
		{"{}", ":1:1", "\"then\" is missing"},
		{"then: {}", ":1:7", "\"evidence\""},
		{"then: {evidence: scan}", ":1:7", "\"bind\" names"},
		{"then: {evidence: scan, bind: {a: 'b c'}}", ":1:34",
			"a field"},
		{"then: {evidence: scan, bind: [a]}", ":1:30", "a map"},
		{"then: {evidence: scan, relation: runs}", ":1:34", "known"},
		{"then: {evidence: scan, bind: {a: b}}", ":1:1", "\"steps\""},
		{"then: {evidence: scan, bind: {a: b}}\nsteps: []", ":2:8",
			"\"steps\""},
		{"then: {evidence: scan, bind: {a: b}}\nsteps: [{}]", ":2:9",
			"\"name\""},
		{"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		 "evidence: scan}",
			":3:3", "\"where\""},
		{"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		 "evidence: scan, relation: '<', where: {field: a, exists: "
		 "true}}",
			":3:39", "a relation"},
		{"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		 "evidence: scan, bind: {a: c}, where: {field: a, exists: "
		 "true}}",
			":3:39", "bound already"},
		{"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		 "evidence: scan, at_least: 2, where: {field: a, exists: "
		 "true}}",
			":3:3", "\"distinct\""},
		{"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		 "evidence: scan, at_least: 21, distinct: a, where: {field: "
		 "a, exists: true}}",
			":3:39", "at_least"},
	};
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bench_refuses(&b, "sequence", rows[i].text, rows[i].place,
			rows[i].sentence);
	bench_end(&b);
}

static void test_sequence__refuses_wrong_times_and_words(void **state)
{
	static const char *const whole =
		"then: {evidence: scan, bind: {a: b}}\nsteps:\n- {name: x, "
		"evidence: scan, where: {field: a, exists: true}}\n";
	static const char *const rows[][3] = {
		{"settle: 2m\njudge_for: 2m\n", ":1:1", "longer than"},
		{"unseen: pass\n", ":4:9", "unknown or fail"},
		{"known_by: {x: 1}\n", ":4:15", "not known"},
		{"allowed: {}\n", ":4:10", "a condition"},
		{"observe: x\n", ":4:10", "\"observe\""},
		{"x: 1\n", ":4:4", "not known"},
	};
	char text[1000];
	struct bench b;

	(void)state;
	bench_begin(&b, SHOP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", whole, rows[i][0]);
		bench_refuses(&b, "sequence", text, rows[i][1], rows[i][2]);
	}
	bench_end(&b);
}
