/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For what cannot happen. Aborts in production too: a restart is cheap, a
 * wrong finding is not.
 */
#pragma once

#include "base/status.h"

#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)

/* States an assumption at the entry of a function; always on. */
#define MUST(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			BUG("must hold: %s", #condition);                      \
	} while (0)

NORETURN void bug_at(const char *file, int line, const char *fmt, ...)
	PRINTF(3, 4);
