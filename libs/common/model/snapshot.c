/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

#include "base/bug.h"
#include "base/memory.h"

#include <string.h>

void snapshot_digest(struct crypto *crypto, const char *const *bodies,
	const size_t *lengths, size_t count, char ret[SNAPSHOT_DIGEST])
{
	uint8_t digest[SHA256_SIZE];
	uint8_t *parts;

	MUST(count > 0);
	parts = memory_array(count, SHA256_SIZE);
	for (size_t i = 0; i < count; i++)
		sha256(crypto, bodies[i], lengths[i], parts + i * SHA256_SIZE);
	sha256(crypto, parts, count * SHA256_SIZE, digest);
	memory_free(parts);
	memcpy(ret, "sha256:", 7);
	hex_encode(digest, sizeof(digest), ret + 7);
}
