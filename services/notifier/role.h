/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roles.yaml: who is behind a role for a given verdict. Never changes once
 * read.
 */
#pragma once

#include "base/reason.h"
#include "model/verdict.h"

struct party {
	const char *name;
	const char *title;
	struct label *labels; /* it adds to its alerts */
	size_t label_count;
	const char
		*thehive; /* name of its key there; "": the sink's only one */
};

struct roles;
/* CONFIG with file:line:column. */
enum status roles_load(
	const char *path, struct roles **ret, struct reason *reterr) MUST_CHECK;
/* Accepts NULL, leaves NULL. */
void roles_free(struct roles **roles);
/* The first entry of the role that matches, else the fallback; never NULL. */
const struct party *roles_party(
	const struct roles *roles, const struct verdict_record *verdict);
size_t roles_parties(const struct roles *roles);
const struct party *roles_party_at(const struct roles *roles, size_t index);

/*
 * What matchers look at: `subject`, `tenant`, `criterion`, `kind` (of the
 * subject), else the verdict's label of that name; "" where there is none.
 */
const char *verdict_word(
	const struct verdict_record *verdict, const char *name);
