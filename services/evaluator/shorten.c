/* SPDX-License-Identifier: Apache-2.0 */
#include "shorten.h"

#include <string.h>

const char *shorten(struct arena *arena, struct crypto *crypto,
	const char *text, size_t most)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	char *begin;

	if (strlen(text) <= most)
		return text;
	sha256(crypto, text, strlen(text), digest);
	hex_encode(digest, sizeof(digest), hex);
	begin = arena_copy(arena, text, most);
	utf8_cut(begin, most - SHA256_HEX);
	return arena_printf(arena, "%s~%s", begin, hex);
}
