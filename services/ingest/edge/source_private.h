/* SPDX-License-Identifier: Apache-2.0 */
/* Between source.c and source_read.c; nobody else. */
#pragma once

#include "base/stamp.h"
#include "edge/source.h"
#include "wire/crypto.h"

#include <stdatomic.h>

struct sources {
	atomic_int references;
	struct arena *arena;
	struct source *rows; /* sorted by name */
	size_t count;
	unsigned char salt[SHA256_SIZE]; /* of all names */
	const struct stamp_file *files;  /* of secrets */
};
/* Once all rows are there. */
void sources_seal(struct sources *sources);
