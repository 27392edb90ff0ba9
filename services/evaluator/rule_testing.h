/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule on the bench: rows are laid down in any order, the rule is compiled
 * from YAML, and each judgement is also checked against what every rule
 * promises (rule.h). Only tests include this. Times are seconds.
 */
#pragma once

#include "criterion.h"
#include "rule.h"
#include "window.h"

#include "base/arena.h"
#include "clock_profile.h"
#include "wire/json.h"

#define BENCH_ROWS 64
#define S INSTANT_SECOND

struct bench {
	struct arena *arena;
	struct criterion criterion;
	struct window window;
	struct window_evidence evidence[BENCH_ROWS];
	struct window_relation relations[BENCH_ROWS];
	struct window_finding findings[BENCH_ROWS];
	struct window_scan scans[BENCH_ROWS];
	const struct clock_profiles *clocks;
	struct judgement said;
	struct reason reason;
};

static inline const struct doc *bench_yaml(
	struct bench *b, const char *name, const char *text)
{
	const struct doc *root;

	if (doc_read(b->arena, name, text, strlen(text), &root, &b->reason) !=
		OK)
		fail_msg("%s: %s", b->reason.place, b->reason.sentence);
	return root;
}

static inline void bench_begin(struct bench *b, const char *subject)
{
	memset(b, 0, sizeof(*b));
	b->arena = arena_new(64 << 20);
	b->window = (struct window){
		.subject = subject,
		.tenant = "default",
		.evidence = b->evidence,
		.relations = b->relations,
		.findings = b->findings,
		.scans = b->scans,
	};
}

static inline void bench_end(struct bench *b)
{
	arena_free(&b->arena);
}

static inline void bench_clocks(struct bench *b, const char *text)
{
	assert_int_equal(clock_profiles_read(b->arena,
				 bench_yaml(b, "clocks.yaml", text), &b->clocks,
				 &b->reason),
		OK);
}

static inline enum status bench_try(
	struct bench *b, const char *rule, const char *parameters)
{
	b->criterion.id = "PO.3.2-x";
	b->criterion.rule = rule_find(rule);
	assert_non_null(b->criterion.rule);
	return b->criterion.rule->compile(b->arena,
		bench_yaml(b, "x.yaml", parameters), b->clocks,
		&b->criterion.plan, &b->reason);
}

static inline void bench_rule(
	struct bench *b, const char *rule, const char *parameters)
{
	if (bench_try(b, rule, parameters) != OK)
		fail_msg("%s: %s", b->reason.place, b->reason.sentence);
	memset(&b->criterion.needs, 0, sizeof(b->criterion.needs));
	b->criterion.rule->needs(b->criterion.plan, &b->criterion.needs);
}

/* Wants CONFIG at a place, with a sentence. */
static inline void bench_refuses(struct bench *b, const char *rule,
	const char *parameters, const char *place, const char *sentence)
{
	enum status status = bench_try(b, rule, parameters);

	if (status != CONFIG || !strstr(b->reason.place, place) ||
		!strstr(b->reason.sentence, sentence))
		fail_msg("%s: %d %s: %s", parameters, status, b->reason.place,
			b->reason.sentence);
}

/* `body` is the member named like the class; newest first is kept. */
static inline struct window_evidence *bench_evidence(struct bench *b,
	int64_t at, enum evidence_class class, const char *kind,
	const char *body)
{
	size_t i = b->window.evidence_count++;
	const char *text = arena_printf(
		b->arena, "{\"%s\": %s}", evidence_class_name(class), body);
	struct window_evidence row = {
		.id = arena_printf(b->arena, "%064zx", i + 1),
		.class = class,
		.kind = kind,
		.subject = b->window.subject,
		.source = "source-a",
		.tool = "tool",
		.delivery_digest = "sha256:00",
		.effective = at * S,
		.recorded = at * S,
	};

	assert_true(i < BENCH_ROWS);
	if (json_read(b->arena, text, strlen(text), &row.data, &b->reason) !=
		OK)
		fail_msg("%s: %s", text, b->reason.sentence);
	for (; i > 0 && b->evidence[i - 1].effective <= row.effective; i--)
		b->evidence[i] = b->evidence[i - 1];
	b->evidence[i] = row;
	return &b->evidence[i];
}

static inline void bench_neighbour(struct bench *b, int64_t at,
	const char *relation, const char *subject, enum evidence_class class,
	const char *kind, const char *body)
{
	struct window_evidence *row = bench_evidence(b, at, class, kind, body);

	row->relation = relation;
	row->subject = subject;
	row->source = "source-b";
}

static inline struct window_relation *bench_relation(struct bench *b,
	const char *relation, const char *other, int64_t from, int64_t until)
{
	size_t i = b->window.relation_count++;

	assert_true(i < BENCH_ROWS);
	b->relations[i] = (struct window_relation){
		.relation = relation,
		.other = other,
		.from = from * S,
		.until = until < 0 ? INSTANT_NEVER : until * S,
		.evidence = "e",
	};
	return &b->relations[i];
}

static inline struct window_finding *bench_finding(struct bench *b,
	const char *vulnerability, const char *severity, int64_t from,
	int64_t until, const char *detail)
{
	size_t i = b->window.finding_count++;
	struct window_finding *row = &b->findings[i];

	assert_true(i < BENCH_ROWS);
	*row = (struct window_finding){
		.key = vulnerability,
		.vulnerability = vulnerability,
		.package = "pkg:deb/debian/openssl",
		.severity = severity,
		.source = "trivy-a",
		.target = "",
		.from = from * S,
		.since = from * S,
		.until = until < 0 ? INSTANT_NEVER : until * S,
		.evidence = "f",
	};
	assert_int_equal(json_read(b->arena, detail, strlen(detail),
				 &row->detail, &b->reason),
		OK);
	return row;
}

static inline void bench_scan(struct bench *b, int64_t at)
{
	size_t i = b->window.scan_count++;

	assert_true(i < BENCH_ROWS);
	for (; i > 0 && b->scans[i - 1].effective <= at * S; i--)
		b->scans[i] = b->scans[i - 1];
	b->scans[i] = (struct window_scan){
		.source = "trivy-a",
		.tool = "trivy",
		.target = "",
		.effective = at * S,
		.evidence = "s",
	};
}

static inline void bench_judge_at(
	struct bench *b, instant at, struct judgement *ret)
{
	b->criterion.rule->judge(&b->criterion, b->criterion.plan, &b->window,
		at, b->arena, ret);
}

/* What each judgement must have, whatever it says. */
static inline void bench_check(const struct judgement *said, instant at)
{
	assert_true(said->verdict < VERDICTS);
	assert_true(said->next_change > at);
	assert_non_null(said->summary);
	assert_non_null(said->would_change);
	assert_true(said->summary[0] && said->would_change[0]);
	assert_true(said->deciding_count <= VERDICT_LIST_MAX);
	assert_true(said->observable_count <= VERDICT_LIST_MAX);
	for (size_t i = 0; i < said->deciding_count; i++) {
		assert_non_null(said->deciding[i].name);
		assert_non_null(said->deciding[i].value);
	}
	if (said->pending)
		assert_int_equal(said->verdict, VERDICT_UNKNOWN);
}

/* Judges at `at`; wants this verdict until `next` (-1: for good). */
static inline const struct judgement *bench_wants(
	struct bench *b, int64_t at, enum verdict verdict, int64_t next)
{
	instant wanted = next < 0 ? INSTANT_NEVER : next * S;

	bench_judge_at(b, at * S, &b->said);
	bench_check(&b->said, at * S);
	if (b->said.verdict != verdict || b->said.next_change != wanted)
		fail_msg("at %lld: %s until %lld, not %s until %lld: %s",
			(long long)at, verdict_name(b->said.verdict),
			(long long)(b->said.next_change / S),
			verdict_name(verdict), (long long)next,
			b->said.summary);
	return &b->said;
}

static inline void bench_says(
	const struct bench *b, const char *summary, const char *would_change)
{
	if (!strstr(b->said.summary, summary) ||
		!strstr(b->said.would_change, would_change))
		fail_msg("\"%s\" / \"%s\"", b->said.summary,
			b->said.would_change);
}

static inline bool bench_observes(
	const struct bench *b, const char *kind, const char *value)
{
	for (size_t i = 0; i < b->said.observable_count; i++)
		if (strcmp(b->said.observables[i].kind, kind) == 0 &&
			strcmp(b->said.observables[i].value, value) == 0)
			return true;
	return false;
}
