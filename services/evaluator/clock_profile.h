/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Remediation clocks as data (clocks.yaml of a pack): a profile maps what is
 * known of a finding to the time in which it must be gone. The first row all
 * of whose conditions are known and true is taken. Where no row is, for want
 * of data, the profile's `fallback` is asked, and the verdict cites the
 * profile that was used in the end. Grammar in docs/criteria.md.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"
#include "wire/doc.h"

#include <stdbool.h>

struct clock_profiles;
struct clock_profile;

/* What is known of one finding; -1: not known. */
struct clock_input {
	const char *severity; /* critical, high, medium, low, info, unknown */
	int known_exploited;
	int exposed;
	int automatable;
	int total_impact;
};

struct clock_window {
	instant limit;     /* INSTANT_NEVER: none by time */
	bool next_upgrade; /* gone by the next deployment after a fix exists */
	bool triage;       /* forensic triage is demanded */
	const char *cite;  /* profile, and why another one than was asked for */
};

/* CONFIG with file:line:column. */
enum status clock_profiles_read(struct arena *arena, const struct doc *root,
	const struct clock_profiles **ret, struct reason *reterr) MUST_CHECK;
/* NULL where there is none. */
const struct clock_profile *clock_profile_find(
	const struct clock_profiles *profiles, const char *name);
/* Always has an answer: a profile that has none for some finding is refused
 * when it is read. `cite` lives as long as the profile. */
void clock_profile_apply(const struct clock_profile *profile,
	const struct clock_input *input, struct clock_window *ret);
/* How a verdict names it. */
const char *clock_profile_cite(const struct clock_profile *profile);
