/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every rule promises (rule.h), tried over windows made at random: a
 * judgement reads nothing that is later, is the same when made again, holds
 * until its next change and no longer, and needs no row that `needs` did not
 * ask for.
 */
#include "rule_testing.h"

#define ROUNDS 150
#define POINTS 20
#define HORIZON 300
#define PICK(random, list) (list)[draw(random, sizeof(list) / sizeof(*(list)))]

struct trial {
	struct bench b;
	struct arena *scratch;
	uint64_t random;
	const char *rule;
	unsigned round;
};

struct kind {
	const char *rule;
	const char *subject;
	const char *in_use_by;
	const char *parameters;
};

#define IMAGE "default/image/oci/sha256:aa"
#define SHOP "default/service/prod/shop"
#define DESK "default/service/prod/desk"
#define REPO "default/repo/github.com/acme/shop"
#define FORK "default/repo/github.com/eve/shop"

static const char clocks[] =
	"profiles:\n"
	"- {name: plain, rows: [{severity: critical, within: 10s}, {severity: "
	"info, within: never}, {within: 70s}]}\n"
	"- name: full\n"
	"  fallback: plain\n"
	"  assume: {automatable: false, total_impact: true}\n"
	"  rows:\n"
	"  - {known_exploited: true, within: 20s}\n"
	"  - {known_exploited: false, exposed: true, within: 40s}\n"
	"  - {known_exploited: false, exposed: false, next_upgrade: true}\n";

#define SEQUENCE                                                               \
	"then: {evidence: deployment, where: {field: "                         \
	"deployment.phase, equals: succeeded}, bind: {revision: "              \
	"deployment.revision}}\n"                                              \
	"steps:\n"                                                             \
	"- name: merged\n"                                                     \
	"  evidence: change\n"                                                 \
	"  relation: built-from\n"                                             \
	"  where: {all: [{field: change.action, equals: merged}, "             \
	"{field: change.revision, same_as: $revision}]}\n"                     \
	"  bind: {number: change.number, author: change.author}\n"             \
	"- name: approval\n"                                                   \
	"  evidence: change\n"                                                 \
	"  relation: built-from\n"                                             \
	"  where: {all: [{field: change.action, equals: approved}, "           \
	"{field: change.number, same_as: $number}, {not: {field: "             \
	"change.actor, same_as: $author}}]}\n"                                 \
	"  distinct: change.actor\n"                                           \
	"  withdrawn_by: {where: {field: change.action, in: "                  \
	"[dismissed]}, same: [change.number, change.actor]}\n"                 \
	"known_by: {evidence: change, relation: built-from, where: "           \
	"{field: change.revision, same_as: $revision}}\n"                      \
	"allowed: {not: {field: deployment.initiator, equals: eve}}\n"         \
	"settle: 12s\n"                                                        \
	"look_back: 100s\n"

static const struct kind kinds[] = {
	{"state", SHOP, NULL,
		"{evidence: deployment, holds: {field: deployment.sync, "
		"equals: synced}}"},
	{"state", SHOP, NULL,
		"{evidence: deployment, holds: {field: deployment.sync, "
		"equals: synced}, stale_after: 25s, grace: 40s}"},
	{"state", SHOP, NULL,
		"{evidence: deployment, where: {field: deployment.sync, in: "
		"[synced, out-of-sync]}, holds: {field: deployment.sync, "
		"equals: synced}, stale_after: 40s, grace: [{when: {field: "
		"deployment.phase, equals: succeeded}, for: 15s}, {for: "
		"60s}]}"},
	{"state", SHOP, NULL,
		"{evidence: deployment, holds: {field: deployment.sync, in: "
		"[synced, out-of-sync]}, stale_after: 40s, grace: 15s, "
		"matched_by: {name: event, shown: sync, told: operation, "
		"where: {field: deployment.phase, equals: succeeded}, same: "
		"[deployment.revision], began: {entries: deployment.history, "
		"time: deployed_at}, time: deployment.finished_at, settle: "
		"12s}}"},
	{"freshness", IMAGE, "<runs",
		"{evidence: scan, where: {field: scan.complete, equals: "
		"true}, within: 50s, settle: 20s}"},
	{"freshness", IMAGE, NULL, "{evidence: scan, within: 15s}"},
	{"silence", "default/tool/postern/a", NULL, "{interval: 30s}"},
	{"findings", IMAGE, "<runs",
		"{clock: full, stale_after: 50s, settle: 15s, exposed: "
		"{field: label.exposed, equals: 'true'}, unexposed: {field: "
		"label.exposed, equals: 'false'}, upgrades: {evidence: "
		"deployment, entries: deployment.history, time: "
		"deployed_at}}"},
	{"sequence", SHOP, NULL, SEQUENCE "judge_for: 50s\n"},
	{"sequence", SHOP, NULL, SEQUENCE "judge_for: 60s\n"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* xorshift64*: the same windows in each run. */
static uint64_t draw(struct trial *t, uint64_t below)
{
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (t->random * 0x2545f4914f6cdd1dull >> 33) % below;
}

static int64_t second(struct trial *t)
{
	return 1 + (int64_t)draw(t, HORIZON);
}

static void add_deployment(struct trial *t, const char *relation)
{
	static const char *const phases[] = {
		"succeeded", "succeeded", "succeeded", "failed"};
	static const char *const syncs[] = {
		"synced", "out-of-sync", "out-of-sync", "unknown"};
	static const char *const revisions[] = {"r1", "r1", "r2", ""};
	static const char *const people[] = {"ann", "bob", "eve"};
	static const char *const users[] = {SHOP, DESK};
	static const char *const words[] = {"sync", "sync", "operation"};
	const char *word = PICK(t, words);
	int64_t at = second(t);
	char when[INSTANT_TEXT], ended[INSTANT_TEXT], body[400];

	instant_format((at + 10 - (int64_t)draw(t, 50)) * S, when);
	instant_format((at - (int64_t)draw(t, 60)) * S, ended);
	snprintf(body, sizeof(body),
		"{\"phase\": \"%s\", \"sync\": \"%s\", \"revision\": \"%s\", "
		"\"initiator\": \"%s\", \"history\": [{\"deployed_at\": "
		"\"%s\"}], \"finished_at\": \"%s\"}",
		PICK(t, phases), PICK(t, syncs), PICK(t, revisions),
		PICK(t, people), when, ended);
	if (relation)
		bench_neighbour(&t->b, at, relation, PICK(t, users),
			CLASS_DEPLOYMENT, word, body);
	else
		bench_evidence(&t->b, at, CLASS_DEPLOYMENT, word, body);
}

static void add_change(struct trial *t)
{
	static const char *const actions[] = {
		"merged", "approved", "approved", "dismissed", "push"};
	static const char *const people[] = {"ann", "bob", "zoe"};
	static const char *const repos[] = {REPO, REPO, FORK};
	const char *action = PICK(t, actions);
	char body[300];

	snprintf(body, sizeof(body),
		"{\"action\": \"%s\", \"revision\": \"r%d\", \"number\": %d, "
		"\"author\": \"zoe\", \"actor\": \"%s\"}",
		action, 1 + (int)draw(t, 2), 1 + (int)draw(t, 2),
		PICK(t, people));
	bench_neighbour(&t->b, second(t), "built-from", PICK(t, repos),
		CLASS_CHANGE, action, body);
}

static void add_toolstate(struct trial *t)
{
	static const char *const states[] = {"counts", "counts", "counts",
		"counts", "declared", "changed", "heartbeat", "removed"};
	const char *state = PICK(t, states);
	int accepted = (int)draw(t, 3);
	int64_t at = second(t);
	char when[INSTANT_TEXT], body[300];

	instant_format((at - (int64_t)draw(t, 5)) * S, when);
	snprintf(body, sizeof(body),
		"{\"state\": \"%s\", \"accepted\": %d, \"last_delivery\": "
		"\"%s\", \"interval_seconds\": %d}",
		state, accepted, when, 5 + (int)draw(t, 30));
	bench_evidence(&t->b, at, CLASS_TOOLSTATE,
		strcmp(state, "counts") == 0 && accepted == 0 ? "counts-refused"
							      : state,
		body);
}

static void add_finding(struct trial *t)
{
	static const char *const severities[] = {
		"critical", "high", "low", "info"};
	static const char *const details[] = {"{}",
		"{\"known_exploited\": true}", "{\"known_exploited\": false}",
		"{\"kev_date\": \"1970-01-01T00:00:30Z\"}",
		"{\"exposed\": true, \"known_exploited\": false}"};
	static const char *const names[] = {"CVE-1", "CVE-2", "CVE-3"};
	int64_t from = second(t);
	int64_t until = draw(t, 2) ? -1 : from + second(t);
	struct window_finding *row = bench_finding(&t->b, PICK(t, names),
		PICK(t, severities), from, until, PICK(t, details));

	row->since = (from - (int64_t)draw(t, (uint64_t)from)) * S;
	if (draw(t, 2)) {
		row->fixed_version = "2.0";
		row->fixed_since = row->from;
	}
}

static void add_relation(struct trial *t)
{
	static const struct label exposures[] = {
		{"exposed", "true"}, {"exposed", "false"}, {"other", "x"}};
	static const char *const rows[][2] = {{"<runs", SHOP}, {"<runs", DESK},
		{"built-from", REPO}, {"built-from", FORK}};
	uint64_t i = draw(t, 4);
	int64_t from = second(t) / 2;
	struct window_relation *row = bench_relation(&t->b, rows[i][0],
		rows[i][1], from, draw(t, 2) ? -1 : from + second(t));

	row->labels = &exposures[draw(t, 3)];
	row->label_count = 1;
}

static void begin(struct trial *t, const struct kind *kind, unsigned round)
{
	memset(t, 0, sizeof(*t));
	t->random = 0x9e3779b97f4a7c15ull * (round + 1) +
		    (uint64_t)(kind - kinds) * 77;
	t->rule = kind->rule;
	t->round = round;
	t->scratch = arena_new(64 << 20);
	bench_begin(&t->b, kind->subject);
	bench_clocks(&t->b, clocks);
	t->b.criterion.in_use_by = kind->in_use_by;
	bench_rule(&t->b, kind->rule, kind->parameters);
	bench_relation(&t->b, "built-from", REPO, 0, -1);
	for (uint64_t n = draw(t, 12); n > 0; n--) {
		add_deployment(t, draw(t, 2) ? "<runs" : NULL);
		add_change(t);
		add_change(t);
		add_toolstate(t);
		bench_evidence(&t->b, second(t), CLASS_SCAN, "report",
			draw(t, 3) ? "{\"complete\": true}" : "{}");
	}
	for (uint64_t n = draw(t, 6); n > 0; n--) {
		add_finding(t);
		add_relation(t);
		bench_scan(&t->b, second(t));
	}
}

static void end(struct trial *t)
{
	bench_end(&t->b);
	arena_free(&t->scratch);
}

static struct judgement *judge(
	struct trial *t, const struct window *window, instant at)
{
	struct judgement *ret = arena_alloc(t->scratch, sizeof(*ret));

	t->b.criterion.rule->judge(&t->b.criterion, t->b.criterion.plan, window,
		at, t->scratch, ret);
	bench_check(ret, at);
	return ret;
}

static void same_text(struct trial *t, instant at, const char *what,
	const char *one, const char *other)
{
	if ((one == NULL) != (other == NULL) || (one && strcmp(one, other)))
		fail_msg("%s, round %u, at %lld: %s: \"%s\" and \"%s\"",
			t->rule, t->round, (long long)at, what, one ? one : "-",
			other ? other : "-");
}

static void same(struct trial *t, instant at, const char *what,
	const struct judgement *one, const struct judgement *other)
{
	same_text(t, at, what, verdict_name(one->verdict),
		verdict_name(other->verdict));
	same_text(t, at, what, one->summary, other->summary);
	same_text(t, at, what, one->would_change, other->would_change);
	same_text(t, at, what, one->profile, other->profile);
	same_text(t, at, what, one->source, other->source);
	if (one->next_change != other->next_change ||
		one->pending != other->pending ||
		one->deciding_count != other->deciding_count ||
		one->observable_count != other->observable_count)
		fail_msg("%s, round %u, at %lld: %s: until %lld and %lld",
			t->rule, t->round, (long long)at, what,
			(long long)one->next_change,
			(long long)other->next_change);
	for (size_t i = 0; i < one->deciding_count; i++) {
		same_text(t, at, what, one->deciding[i].value,
			other->deciding[i].value);
		same_text(t, at, what, one->deciding[i].evidence,
			other->deciding[i].evidence);
	}
	for (size_t i = 0; i < one->observable_count; i++)
		same_text(t, at, what, one->observables[i].value,
			other->observables[i].value);
}

/* The same window as it was known at `at`. */
static void cut_future(struct trial *t, instant at, struct window *ret)
{
	const struct window *in = &t->b.window;
	struct window_evidence *evidence =
		arena_array(t->scratch, BENCH_ROWS, sizeof(*evidence));
	struct window_relation *relations =
		arena_array(t->scratch, BENCH_ROWS, sizeof(*relations));
	struct window_finding *findings =
		arena_array(t->scratch, BENCH_ROWS, sizeof(*findings));
	size_t skip = 0;

	*ret = *in;
	ret->evidence_count = ret->relation_count = ret->finding_count = 0;
	ret->evidence = evidence;
	ret->relations = relations;
	ret->findings = findings;
	for (size_t i = 0; i < in->evidence_count; i++)
		if (in->evidence[i].effective <= at)
			evidence[ret->evidence_count++] = in->evidence[i];
	for (size_t i = 0; i < in->relation_count; i++) {
		if (in->relations[i].from > at)
			continue;
		relations[ret->relation_count] = in->relations[i];
		if (in->relations[i].until > at)
			relations[ret->relation_count].until = INSTANT_NEVER;
		ret->relation_count++;
	}
	for (size_t i = 0; i < in->finding_count; i++) {
		if (in->findings[i].from > at)
			continue;
		findings[ret->finding_count] = in->findings[i];
		if (in->findings[i].until > at)
			findings[ret->finding_count].until = INSTANT_NEVER;
		ret->finding_count++;
	}
	while (skip < in->scan_count && in->scans[skip].effective > at)
		skip++;
	ret->scans += skip;
	ret->scan_count -= skip;
}

static bool asked_for(
	const struct window_needs *needs, const struct window_evidence *row)
{
	unsigned classes =
		row->relation ? needs->neighbour_classes : needs->own_classes;

	return classes & 1u << row->class;
}

static bool same_series(
	const struct window_evidence *one, const struct window_evidence *other)
{
	return one->class == other->class &&
	       strcmp(one->kind, other->kind) == 0 &&
	       strcmp(one->subject, other->subject) == 0 &&
	       strcmp(one->source, other->source) == 0;
}

/* What `needs` asks for from `from` on, and no row more. */
static void cut_past(struct trial *t, instant from, struct window *ret)
{
	const struct window *in = &t->b.window;
	const struct window_needs *needs = &t->b.criterion.needs;
	struct window_evidence *rows =
		arena_array(t->scratch, BENCH_ROWS, sizeof(*rows));
	*ret = *in;
	ret->from = from;
	ret->evidence = rows;
	ret->evidence_count = 0;
	for (size_t i = 0; i < in->evidence_count; i++) {
		const struct window_evidence *row = &in->evidence[i];
		instant whole = from - (needs->own_back && !row->relation
						       ? needs->own_back
						       : needs->back);
		size_t newer = 0;

		while (newer < i &&
			!(in->evidence[newer].effective <= whole &&
				same_series(&in->evidence[newer], row)))
			newer++;
		if (asked_for(needs, row) &&
			(row->effective > whole || newer == i))
			rows[ret->evidence_count++] = *row;
	}
	if (!needs->findings)
		ret->finding_count = ret->scan_count = 0;
}

static void try_at(struct trial *t, instant at)
{
	const struct window *window = &t->b.window;
	const struct judgement *said = judge(t, window, at);
	instant point = window_next_point(window, at);
	instant until = said->next_change < point ? said->next_change : point;
	const struct judgement *then;
	struct window other;

	same(t, at, "again", said, judge(t, window, at));
	cut_future(t, at, &other);
	same(t, at, "without what is later", said, judge(t, &other, at));
	cut_past(t, at, &other);
	same(t, at, "with what it needs", said, judge(t, &other, at));
	cut_past(t, at - (instant)draw(t, 100) * S, &other);
	same(t, at, "with what it needed before", said, judge(t, &other, at));
	if (until == INSTANT_NEVER)
		until = at + 1000 * S;
	for (int i = 0; i < 2; i++) {
		instant between =
			i ? until - 1
			  : at + (instant)draw(t, (uint64_t)(until - at));

		then = judge(t, window, between);
		if (then->verdict != said->verdict ||
			then->pending != said->pending ||
			then->next_change != said->next_change)
			fail_msg("%s, round %u: %s at %lld, %s at %lld, until "
				 "%lld and %lld",
				t->rule, t->round, verdict_name(said->verdict),
				(long long)at, verdict_name(then->verdict),
				(long long)between,
				(long long)said->next_change,
				(long long)then->next_change);
	}
	if (until != said->next_change || until >= point)
		return;
	then = judge(t, window, until);
	if (then->verdict == said->verdict && then->pending == said->pending)
		fail_msg("%s, round %u: %s at %lld does not end at %lld: %s",
			t->rule, t->round, verdict_name(said->verdict),
			(long long)at, (long long)until, then->summary);
}

static void test_rule__holds_what_every_rule_promises(void **state)
{
	unsigned seen[KINDS][VERDICTS] = {{0}};
	struct trial t;

	(void)state;
	for (size_t k = 0; k < KINDS; k++)
		for (unsigned round = 0; round < ROUNDS; round++) {
			begin(&t, &kinds[k], round);
			for (int i = 0; i < POINTS; i++) {
				instant at = second(&t) * S;

				try_at(&t, at);
				seen[k][judge(&t, &t.b.window, at)->verdict]++;
				arena_reset(t.scratch);
			}
			end(&t);
		}
	/* Trials that only ever met one verdict would show nothing. */
	for (size_t k = 0; k < KINDS; k++) {
		unsigned different = 0;

		for (int v = 0; v < VERDICTS; v++)
			different += seen[k][v] >= 20;
		if (different < 3)
			fail_msg("%s (%zu) met %u verdicts only", kinds[k].rule,
				k, different);
	}
}

static void test_rule__is_found_by_its_name(void **state)
{
	(void)state;
	assert_true(rule_table_size >= 5);
	for (size_t i = 0; i < rule_table_size; i++)
		assert_ptr_equal(rule_find(rule_table[i]->name), rule_table[i]);
	assert_null(rule_find("magic"));
	assert_null(rule_find(""));
}
