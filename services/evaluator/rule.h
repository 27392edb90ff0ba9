/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a rule kind: pure, so that the same rows and the same time
 * give the same judgement for ever. `needs` says what the window must hold;
 * `judge` answers for one instant and reads nothing that is later.
 *
 * To add a kind: rules/<kind>.c with `const struct rule rule_<kind>`, its test,
 * a paragraph in docs/criteria.md. The judge is not touched.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "model/verdict.h"
#include "wire/doc.h"

struct criterion;
struct window;
struct clock_profiles;

/* What a rule asks to have in its window, beside the subject's own labels. */
struct window_needs {
	/* Evidence of these classes, for the subject; (1u << class) bits. */
	unsigned own_classes;
	/* Neighbours by relation ("runs", "built-from"), NULL ends; walked from
	 * the subject outwards, or inwards where it begins with '<'. */
	const char *const *relations;
	unsigned neighbour_classes; /* evidence of those neighbours */
	bool findings;              /* and scans, of the subject */
	/* The window holds all evidence that is later than its `from` minus
	 * `back`, and of each (class, kind, subject, source) the newest one
	 * that is not; 0: what was newest at `from`, and all that follows. */
	instant back;
	/* The same for the subject's own evidence, where less will do; 0: it
	 * will not. */
	instant own_back;
};

struct judgement {
	enum verdict verdict;
	/* The first instant at which verdict or pending would be another by
	 * time alone; INSTANT_NEVER: none. */
	instant next_change;
	/* A rule that cannot say yet (settling) keeps what was: pending. Where
	 * nothing was, `verdict` counts, which is unknown then; with a
	 * `next_change` nobody is told of it before that time. */
	bool pending;
	const char *summary;      /* one sentence: why */
	const char *would_change; /* one sentence */
	const char *profile;
	bool triage;        /* of a fail: an incident to be looked into first */
	const char *source; /* whose silence would explain stale or unknown */
	struct deciding deciding[VERDICT_LIST_MAX];
	size_t deciding_count;
	struct observable observables[VERDICT_LIST_MAX];
	size_t observable_count;
};

struct rule {
	const char *name; /* as a criterion names it */
	/* Checks and compiles the criterion's `parameters`; CONFIG with
	 * file:line:column. The plan lives in `arena`. */
	enum status (*compile)(struct arena *arena,
		const struct doc *parameters,
		const struct clock_profiles *clocks, const void **ret_plan,
		struct reason *reterr);
	void (*needs)(const void *plan, struct window_needs *ret);
	void (*judge)(const struct criterion *criterion, const void *plan,
		const struct window *window, instant at, struct arena *arena,
		struct judgement *ret);
};

/* Generated from rules/. */
extern const struct rule *const rule_table[];
extern const size_t rule_table_size;
const struct rule *rule_find(const char *name);
