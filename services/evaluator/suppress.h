/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One silent source is one verdict: what is stale or unknown because of it
 * says so, and consumers leave it alone. Inside the pair's transaction; two
 * transactions, one that asks about a source and one that changes what is
 * said of it, take turns.
 */
#pragma once

#include "agenda.h"
#include "model/verdict.h"

/* The tool subject of a source: <tenant>/tool/postern/<source>. REJECT where
 * the source's name makes none. */
enum status suppress_tool(struct arena *arena, const char *tenant,
	const char *source, const char **ret, struct reason *reterr) MUST_CHECK;
/* "subject criterion" of the failing silence verdict of `tool`; NULL: it is
 * not known to be silent. */
enum status suppress_find(struct pg *pg, struct arena *arena,
	const char *silence, const char *tool, const char **ret,
	struct reason *reterr) MUST_CHECK;
/* The silence verdict of `tool` has changed: what it explains is due. */
enum status suppress_wake(struct pg *pg, struct arena *arena, const char *tool,
	struct reason *reterr) MUST_CHECK;
