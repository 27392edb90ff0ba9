/* SPDX-License-Identifier: Apache-2.0 */
/* The small file that remembers which sources were declared. */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "edge/source.h"

struct known {
	const char *name, *tool, *tenant;
};
/* In `arena`. IGNORED: there is no file; REJECT: it cannot be read. */
enum status known_read(struct arena *arena, const char *folder,
	struct known **ret, size_t *ret_count,
	struct reason *reterr) MUST_CHECK;
/* Durable and whole when it returns OK; RETRY with what the disk said. */
enum status known_write(struct arena *arena, const char *folder,
	const struct sources *sources, struct reason *reterr) MUST_CHECK;
