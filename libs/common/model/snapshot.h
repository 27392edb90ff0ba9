/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proves that all parts of a snapshot are there and are those that were
 * made together. Whoever splits one (translate) and whoever joins it again
 * (intake) compute it here.
 */
#pragma once

#include "base/arena.h"
#include "wire/crypto.h"
#include "wire/json.h"

#define SNAPSHOT_DIGEST 72

/*
 * Digest of the set: "sha256:" and hex of SHA-256 over each item of the array
 * that is spread over the parts (evidence_class_split), as compact JSON behind
 * its length (8 bytes, big-endian), in order. Begin, add the items of one part
 * after the other, end; nothing else may use `crypto` in between.
 */
void snapshot_digest_begin(struct crypto *crypto);
void snapshot_digest_add(
	struct crypto *crypto, struct arena *arena, const struct json *items);
void snapshot_digest_end(struct crypto *crypto, char ret[SNAPSHOT_DIGEST]);
