/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of an attempt: its row, the notice's new state, the link
 * to the other side, and the record on <prefix>.notices through the outbox,
 * all in the caller's transaction.
 */
#pragma once

#include "notice.h"

struct attempt_place {
	const char *topic; /* of notice outcomes */
	const char *sink;
	const char *target;
	instant at;
};

/* Before a send: what is begun for the first time may have arrived if we are
 * never heard of again. */
enum status attempts_begin(struct pg *pg, struct arena *arena,
	const struct notice *notices, size_t count, instant doubtful_until,
	struct reason *reterr) MUST_CHECK;
/* After a send; each notice was settled or muted. */
enum status attempts_end(struct pg *pg, struct arena *arena,
	const struct attempt_place *place, const struct notice *notices,
	size_t count, struct reason *reterr) MUST_CHECK;
