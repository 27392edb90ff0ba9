/* SPDX-License-Identifier: Apache-2.0 */
#include "model/snapshot.h"

#include <string.h>

void snapshot_digest_begin(struct crypto *crypto)
{
	sha256_begin(crypto);
}

void snapshot_digest_add(
	struct crypto *crypto, struct arena *arena, const struct json *items)
{
	JSON_EACH (items, walk) {
		uint8_t length[8];
		size_t size;
		const char *text = json_rewrite(arena, walk.value, &size);

		for (int i = 0; i < 8; i++)
			length[i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
		sha256_add(crypto, length, sizeof(length));
		sha256_add(crypto, text, size);
	}
}

void snapshot_digest_end(struct crypto *crypto, char ret[SNAPSHOT_DIGEST])
{
	uint8_t digest[SHA256_SIZE];

	sha256_end(crypto, digest);
	memcpy(ret, "sha256:", 7);
	hex_encode(digest, sizeof(digest), ret + 7);
}
