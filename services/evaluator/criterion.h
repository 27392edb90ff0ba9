/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One machine-checkable sentence of the pack, ready to be judged. Made by
 * pack.c, immutable, owned by its pack.
 */
#pragma once

#include "model/subject.h"

#include "rule.h"

struct predicate;

struct criterion {
	const char *id;   /* "PO.3.2-a"; never renamed, only retired */
	const char *task; /* "PO.3.2" */
	const char *sentence;
	enum subject_kind subject; /* kind of the subjects it is judged for */
	/* Over the subject's labels and name; a subject it does not hold for
	 * is not judged at all. NULL: each subject of the kind. */
	const struct predicate *applies;
	/* The subject must be in use: some neighbour by this relation (walked
	 * inwards where it begins with '<') at the judged time, else
	 * not-applicable. NULL: always. */
	const char *in_use_by;
	enum severity severity;
	const char *role;
	const char
		*doubt_role; /* told of stale and unknown: the tool's owner */
	enum case_policy case_policy;
	instant case_after;
	bool case_triage; /* at once all the same where the fail asks triage */
	const struct rule *rule;
	const void *plan; /* of the rule */
	struct window_needs needs;
	const char *file; /* where it stands, for messages */
	unsigned line;
};
