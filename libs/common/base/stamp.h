/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether files have changed, as far as a look from outside tells: another
 * file under the name (a mounted secret changes so), another size or time.
 */
#pragma once

#include <stdint.h>

#define STAMP_NONE UINT64_C(14695981039346656037)

/* The stamp so far and one file more; NULL adds nothing, a missing file is
 * different from any that is there. */
uint64_t stamp_add(uint64_t stamp, const char *path);
