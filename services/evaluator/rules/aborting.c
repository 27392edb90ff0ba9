/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule that dies, for the tests of what follows from it: it aborts for each
 * subject whose name holds `when`, and passes all others. A release refuses to
 * load a pack that names it.
 */
#include "rule.h"

#include "window.h"

#include "base/bug.h"

#include <string.h>

static enum status compile(struct arena *arena, const struct doc *parameters,
	const struct clock_profiles *clocks, const void **ret_plan,
	struct reason *reterr)
{
	const char *when;
	enum status status;

	(void)clocks;
	if (!POSTERN_TESTING)
		return doc_error(
			parameters, reterr, "rule aborting is for tests only");
	status = doc_text_required(parameters, "when", &when, reterr);
	if (status == OK)
		*ret_plan = arena_string(arena, when);
	return status;
}

static void needs(const void *plan, struct window_needs *ret)
{
	(void)plan;
	ret->own_classes = 1u << CLASS_CHANGE;
}

static void judge(const struct criterion *criterion, const void *plan,
	const struct window *window, instant at, struct arena *arena,
	struct judgement *ret)
{
	(void)criterion, (void)at, (void)arena;
	if (strstr(window->subject, plan))
		BUG("rule aborting aborts, as it was told to");
	ret->verdict = VERDICT_PASS;
	ret->summary = "it did not abort";
}

const struct rule rule_aborting = {
	.name = "aborting", .compile = compile, .needs = needs, .judge = judge};
