/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell patterns over whole texts: `*` any bytes, `?` one character, `[a-z]`
 * and `[!a-z]` one byte, `\` takes the next one as it is. What the stars took
 * is told. Time is at most length times length; nothing recurses.
 */
#pragma once

#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>

#define GLOB_STARS_MAX 9

struct glob_capture {
	const char *text; /* in the subject, not terminated */
	size_t length;
};

/* REJECT where it has more stars than can be told apart or an open bracket. */
enum status glob_check(const char *pattern, size_t *ret_stars,
	struct reason *reterr) MUST_CHECK;
/* Of a checked pattern; `ret` has room for its stars. */
bool glob_match(
	const char *pattern, const char *text, struct glob_capture *ret);
