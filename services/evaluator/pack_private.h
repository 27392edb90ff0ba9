/* SPDX-License-Identifier: Apache-2.0 */
/* For pack.c and pack_read.c only. */
#pragma once

#include "pack.h"

#define PACK_DIGEST 72 /* "sha256:", 64 digits, NUL */
#define PACK_CRITERIA_MAX 2000

struct pack {
	struct arena *arena;
	const char *name;
	const char *version;
	const char *title;
	char digest[PACK_DIGEST];
	const struct clock_profiles *clocks; /* NULL: none */
	const struct criterion **criteria;   /* sorted by id when complete */
	size_t count;
	const struct criterion *silence;
};

/* What a file of the pack says, into `pack`. CONFIG with file:line:column. */
enum status pack_read_head(struct pack *pack, const struct doc *root,
	struct reason *reterr) MUST_CHECK;
enum status pack_read_criteria(struct pack *pack, const struct doc *root,
	struct reason *reterr) MUST_CHECK;
