/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/route.h"

#include "wire/crypto.h"

#include <string.h>

static const char root[] = "/v1/hooks/";

/* False where it is too long, or decodes to what text cannot hold. */
static bool decode(const char *from, size_t length, char *to, size_t room)
{
	size_t at = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)from[i];

		if (c == '%') {
			if (length - i < 3 ||
				!hex_decode(from + i + 1, 2, &c, 1) || c == 0)
				return false;
			i += 2;
		}
		if (at + 1 == room)
			return false;
		to[at++] = (char)c;
	}
	to[at] = '\0';
	return true;
}

bool route_read(const char *path, struct route *ret)
{
	const char *source = path + sizeof(root) - 1, *token;
	size_t length;

	if (strncmp(path, root, sizeof(root) - 1) != 0)
		return false;
	length = strcspn(source, "/");
	token = source + length;
	if (length == 0)
		return false;
	if (!decode(source, length, ret->source, sizeof(ret->source)))
		memcpy(ret->source, "?", 2);
	if (*token)
		token++;
	if (strchr(token, '/') ||
		!decode(token, strlen(token), ret->token, sizeof(ret->token)))
		memcpy(ret->token, "?", 2);
	return true;
}
