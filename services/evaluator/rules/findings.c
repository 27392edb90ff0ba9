/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open findings of the subject against a remediation clock. What is overdue
 * stays so while no newer scan says otherwise: a scanner that falls silent
 * must not close anything. Only what is not overdue goes stale.
 */
#include "finding_set.h"

#include "answer.h"
#include "base/strbuf.h"

#define DEFAULT_CLOCK "bod-26-04"
#define DEFAULT_RELATION "<runs"
#define NAMED_MAX 3
#define SENTENCE_MAX 500

struct findings_plan {
	struct finding_clock clock;
	instant stale_after;
	instant settle; /* from the subject's first use; 0: none */
	const char *relations[2];
};

static enum status compile_clock(const struct doc *parameters,
	const struct clock_profiles *clocks, struct finding_clock *clock,
	struct reason *reterr)
{
	const struct doc *node = doc_get(parameters, "clock");
	const char *name;
	enum status status =
		doc_text(parameters, "clock", DEFAULT_CLOCK, &name, reterr);

	if (status != OK)
		return status;
	clock->profile = clock_profile_find(clocks, name);
	if (!clock->profile)
		return doc_error(node ? node : parameters, reterr,
			"clocks.yaml has no profile \"%.60s\"", name);
	return OK;
}

static enum status compile_exposure(struct arena *arena,
	const struct doc *parameters, struct finding_clock *clock,
	struct reason *reterr)
{
	const struct doc *exposed = doc_get(parameters, "exposed");
	const struct doc *unexposed = doc_get(parameters, "unexposed");
	enum status status = OK;

	if (exposed)
		status = predicate_compile(
			arena, exposed, &clock->exposed, reterr);
	if (status == OK && unexposed)
		status = predicate_compile(
			arena, unexposed, &clock->unexposed, reterr);
	return status;
}

static enum status compile_upgrades(struct arena *arena,
	const struct doc *parameters, struct finding_clock *clock,
	struct reason *reterr)
{
	static const char *const keys[] = {"evidence", "entries", "time", NULL};
	const struct doc *node = doc_get(parameters, "upgrades");
	enum status status;

	clock->upgrades.class = CLASSES;
	if (!node)
		return OK;
	status = doc_only(node, keys, reterr);
	if (status == OK)
		status = pick_compile(
			arena, node, false, &clock->upgrades, reterr);
	if (status == OK)
		status = doc_text_required(
			node, "entries", &clock->entries, reterr);
	if (status == OK)
		status = doc_text_required(
			node, "time", &clock->entry_time, reterr);
	clock->upgrades.relation = clock->used_by;
	return status;
}

static enum status findings_compile(struct arena *arena,
	const struct doc *parameters, const struct clock_profiles *clocks,
	const void **ret_plan, struct reason *reterr)
{
	static const char *const keys[] = {"clock", "stale_after", "settle",
		"used_by", "exposed", "unexposed", "upgrades", NULL};
	struct findings_plan *plan = arena_alloc(arena, sizeof(*plan));
	enum status status = doc_only(parameters, keys, reterr);

	if (status == OK)
		status =
			compile_clock(parameters, clocks, &plan->clock, reterr);
	if (status == OK)
		status = duration_required(
			parameters, "stale_after", &plan->stale_after, reterr);
	if (status == OK)
		status = duration_optional(
			parameters, "settle", 0, &plan->settle, reterr);
	if (status == OK)
		status = doc_text(parameters, "used_by", DEFAULT_RELATION,
			&plan->clock.used_by, reterr);
	if (status == OK)
		status = compile_exposure(
			arena, parameters, &plan->clock, reterr);
	if (status == OK)
		status = compile_upgrades(
			arena, parameters, &plan->clock, reterr);
	plan->relations[0] = plan->clock.used_by;
	if (status == OK)
		*ret_plan = plan;
	return status;
}

static void findings_needs(const void *plan, struct window_needs *ret)
{
	const struct findings_plan *findings = plan;

	ret->findings = true;
	ret->relations = findings->relations;
	if (findings->clock.upgrades.class != CLASSES)
		ret->neighbour_classes = 1u << findings->clock.upgrades.class;
}

static void decide_by(struct judgement *ret, struct arena *arena,
	const struct open_finding *finding)
{
	const struct window_finding *row = finding->row;
	const char *due = "with the first deployment that has a fix";

	if (finding->due != INSTANT_NEVER)
		due = time_text(arena, finding->due);
	else if (!finding->window.next_upgrade)
		due = "never";
	answer_decided_by(ret,
		arena_printf(arena, "finding.%s %s", row->vulnerability,
			row->package),
		arena_printf(arena,
			"due %s; clock began %s; severity %s; %s%s%s; %s", due,
			time_text(arena, finding->begins), row->severity,
			row->fixed_version ? "fixed in " : "no fixed version",
			row->fixed_version ? row->fixed_version : "",
			finding->window.triage ? "; forensic triage" : "",
			finding->window.cite),
		row->evidence);
}

/* "CVE-1 in pkg:a was due ..., CVE-2 ..., and 3 more". */
static const char *overdue_text(struct arena *arena,
	const struct open_findings *set, size_t overdue,
	const struct window_scan *scan, bool stale)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, SENTENCE_MAX);
	strbuf_addf(&out, "%zu finding%s past %s due date: ", overdue,
		overdue == 1 ? "" : "s", overdue == 1 ? "its" : "their");
	for (size_t i = 0; i < overdue && i < NAMED_MAX; i++)
		strbuf_addf(&out, "%s%s in %s (%s)", i ? ", " : "",
			set->rows[i].row->vulnerability,
			set->rows[i].row->package,
			time_text(arena, set->rows[i].due));
	if (overdue > NAMED_MAX)
		strbuf_addf(&out, " and %zu more", overdue - NAMED_MAX);
	if (stale && scan)
		strbuf_addf(&out, "; as of the scan of %s, which is stale",
			time_text(arena, scan->effective));
	text = arena_string(arena, out.text);
	strbuf_release(&out);
	return text;
}

static const char *remedy_text(
	struct arena *arena, const struct open_findings *set, size_t overdue)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, SENTENCE_MAX);
	strbuf_adds(&out, "deploy an image in which ");
	for (size_t i = 0; i < overdue && i < NAMED_MAX; i++) {
		const struct window_finding *row = set->rows[i].row;

		strbuf_addf(&out, "%s%s is ", i ? ", " : "", row->package);
		if (row->fixed_version)
			strbuf_addf(&out, "%s", row->fixed_version);
		else
			strbuf_addf(&out,
				"replaced (no version without %s is known)",
				row->vulnerability);
	}
	if (overdue > NAMED_MAX)
		strbuf_addf(&out, ", and %zu more findings are gone",
			overdue - NAMED_MAX);
	for (size_t i = 0; i < overdue; i++)
		if (set->rows[i].window.triage) {
			strbuf_adds(&out, "; forensic triage before patching");
			break;
		}
	text = arena_string(arena, out.text);
	strbuf_release(&out);
	return text;
}

static void answer_overdue(const struct findings_plan *plan,
	const struct window *window, const struct open_findings *set,
	size_t overdue, instant at, struct arena *arena, struct judgement *ret)
{
	const struct window_scan *scan = window_newest_scan(window, at);
	bool stale =
		scan && time_after(scan->effective, plan->stale_after) <= at;

	answer(ret, VERDICT_FAIL,
		overdue_text(arena, set, overdue, scan, stale),
		remedy_text(arena, set, overdue));
	ret->source = scan ? scan->source : set->rows[0].row->source;
	for (size_t i = 0; i < overdue; i++) {
		ret->triage |= set->rows[i].window.triage;
		decide_by(ret, arena, &set->rows[i]);
		answer_observed(
			ret, "vulnerability", set->rows[i].row->vulnerability);
	}
}

static void answer_unscanned(const struct findings_plan *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	instant since = used_since(window, plan->clock.used_by, at);
	instant settled =
		since == INSTANT_NEVER ? at : time_after(since, plan->settle);

	(void)arena;
	answer(ret, VERDICT_UNKNOWN, "no complete scan of it ever came",
		"a scanner that scans this digest and sends its report");
	if (at < settled) {
		ret->pending = true;
		ret->next_change = settled;
	}
}

static void answer_scanned(const struct findings_plan *plan,
	const struct window_scan *scan, const struct open_findings *set,
	instant at, struct arena *arena, struct judgement *ret)
{
	instant ends = time_after(scan->effective, plan->stale_after);
	const char *when = time_text(arena, scan->effective);

	if (ends <= at) {
		answer(ret, VERDICT_STALE,
			arena_printf(arena,
				"the newest scan is of %s, older than %s", when,
				duration_text(arena, plan->stale_after)),
			arena_printf(
				arena, "a newer scan from %s", scan->source));
	} else {
		answer(ret, VERDICT_PASS,
			arena_printf(arena,
				"%zu open finding%s, none past its due date; "
				"scan of %s",
				set->count, set->count == 1 ? "" : "s", when),
			arena_printf(arena,
				"it goes stale at %s without a newer scan%s%s",
				time_text(arena, ends),
				set->count ? "; the next finding is due " : "",
				set->count ? time_text(arena, set->rows[0].due)
					   : ""));
		ret->next_change = ends;
	}
	ret->source = scan->source;
	answer_decided_by(ret, "newest scan", when, scan->evidence);
}

static void findings_judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	const struct findings_plan *findings = plan;
	const struct window_scan *scan = window_newest_scan(window, at);
	struct open_findings set;
	size_t overdue = 0;

	(void)criterion;
	open_findings_read(&findings->clock, window, at, arena, &set);
	while (overdue < set.count && set.rows[overdue].due <= at)
		overdue++;
	if (overdue > 0) {
		answer_overdue(findings, window, &set, overdue, at, arena, ret);
	} else {
		if (scan)
			answer_scanned(findings, scan, &set, at, arena, ret);
		else
			answer_unscanned(findings, window, at, arena, ret);
		if (set.count > 0)
			ret->next_change =
				time_first(ret->next_change, set.rows[0].due);
		for (size_t i = 0; i < set.count; i++)
			decide_by(ret, arena, &set.rows[i]);
	}
	ret->profile = open_findings_cite(
		&findings->clock, &set, overdue ? overdue : set.count, arena);
	answer_observed_subject(ret, window, arena);
}

const struct rule rule_findings = {
	.name = "findings",
	.compile = findings_compile,
	.needs = findings_needs,
	.judge = findings_judge,
};
