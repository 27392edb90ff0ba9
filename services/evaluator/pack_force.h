/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pack judges: the one of the process that started last. A pack that is
 * not the one before makes every pair due that it may change, part by part;
 * what it has no longer is retired. A process with another pack stands by.
 */
#pragma once

#include "pack.h"

#include "wire/pg.h"

/* At the start of a process; `*ret_other` where another one was in force. */
enum status pack_force_enter(struct pg *pg, struct arena *arena,
	const struct pack *pack, bool *ret_other,
	struct reason *reterr) MUST_CHECK;
/*
 * One part of what a new pack makes due, at `now`. IGNORED: another pack is in
 * force. `*ret_more` while there are parts left.
 */
enum status pack_force_step(struct pg *pg, struct arena *arena,
	const struct pack *pack, instant now, bool *ret_more,
	struct reason *reterr) MUST_CHECK;
/* IGNORED where another pack is in force. What a transaction read before it
 * asked was put before another one came into force. */
enum status pack_force_holds(struct pg *pg, struct arena *arena,
	const struct pack *pack, struct reason *reterr) MUST_CHECK;
