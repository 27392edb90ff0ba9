/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A versioned folder of criteria files, read as a whole or refused with
 * file:line:column. Its digest is cited by every verdict. Layout:
 *
 *   pack.yaml    pack: NAME, version: X.Y.Z, title: sentence
 *   clocks.yaml  profiles: remediation clocks as data (optional)
 *   PO.*.yaml    task: PO.x.y, criteria: list; see docs/criteria.md
 *
 * All files of the folder are read; one with another name is an error, so
 * that a misspelt file is not silently left out.
 */
#pragma once

#include "clock_profile.h"
#include "criterion.h"

struct pack;

/* CONFIG with file:line:column; reads every *.yaml of `folder`. */
enum status pack_load(const char *folder, struct pack **ret,
	struct reason *reterr) MUST_CHECK;
void pack_free(struct pack **pack);

const char *pack_name(const struct pack *pack);
const char *pack_version(const struct pack *pack);
/* "sha256:...", over the names and bytes of all files, sorted by name. */
const char *pack_digest(const struct pack *pack);
/* In the order of their ids. */
size_t pack_count(const struct pack *pack);
const struct criterion *pack_at(const struct pack *pack, size_t index);
/* NULL where there is none. */
const struct criterion *pack_find(const struct pack *pack, const char *id);
/* The criterion that says a source is silent: its fail suppresses what follows
 * from it (`suppresses: consequences` in the pack); NULL where there is none.
 */
const struct criterion *pack_silence(const struct pack *pack);
