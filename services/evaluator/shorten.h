/* SPDX-License-Identifier: Apache-2.0 */
/* Names that others chose, for columns that are indexed: an index takes no row
 * of any length. */
#pragma once

#include "base/arena.h"
#include "wire/crypto.h"

/* `text` where it has at most `most` bytes; else its beginning and a digest of
 * the whole, in `arena`. */
const char *shorten(struct arena *arena, struct crypto *crypto,
	const char *text, size_t most);
