/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside a committed offset: the batch that was begun there and how
 * often, since ingest has no database. The offset itself may lie before the
 * batch, where chunks of an incomplete delivery do.
 */
#pragma once

#include "daemon/deaths.h"

#define PROGRESS_TEXT 100

void progress_write(const struct deaths *deaths, char ret[PROGRESS_TEXT]);
/* Takes up what was committed at `next`; another text means no deaths. */
void progress_read(const char *text, int64_t next, struct deaths *ret);
/*
 * How many of `count` records whose offsets begin at `first` may be worked on
 * as one batch; those before a suspect are read again only to collect chunks
 * and are no batch of their own: `ret_again`.
 */
size_t progress_share(const struct deaths *deaths, const int64_t *offsets,
	size_t count, bool *ret_again);
