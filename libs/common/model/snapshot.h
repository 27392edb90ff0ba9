/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What proves that all parts of a snapshot are there and are those that were
 * made together. Whoever splits one (translate) and whoever joins it again
 * (intake) compute it here.
 */
#pragma once

#include "wire/crypto.h"

#define SNAPSHOT_DIGEST 72

/*
 * Digest of the set: "sha256:" and hex of SHA-256 over the SHA-256 of each
 * part's body, in order. The body of a part is the member named like the class
 * as compact JSON: json_write of what is made, json_rewrite of what was read.
 */
void snapshot_digest(struct crypto *crypto, const char *const *bodies,
	const size_t *lengths, size_t count, char ret[SNAPSHOT_DIGEST]);
