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
/* The same of every file in a folder and of their names, but of those whose
 * names begin with a dot. */
uint64_t stamp_add_folder(uint64_t stamp, const char *folder);

/* Which files something was read from besides its own. */
struct stamp_file {
	const char *path;
	const struct stamp_file *next; /* NULL ends */
};
uint64_t stamp_add_files(uint64_t stamp, const struct stamp_file *files);
/* Something that is no file. */
uint64_t stamp_add_number(uint64_t stamp, uint64_t number);
