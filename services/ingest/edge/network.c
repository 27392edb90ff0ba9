/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool address_parse(const char *text, uint8_t ret[16], bool *ret_four)
{
	static const uint8_t mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (inet_pton(AF_INET6, text, ret) == 1) {
		*ret_four = memcmp(ret, mapped, 12) == 0;
		return true;
	}
	memcpy(ret, mapped, 12);
	*ret_four = true;
	return inet_pton(AF_INET, text, ret + 12) == 1;
}

bool network_parse(const char *text, struct network *ret)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char address[64], *end;
	unsigned long bits;
	bool four;

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!address_parse(address, ret->address, &four))
		return false;
	ret->bits = 128;
	if (!slash)
		return true;
	bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end ||
		bits > (four && !strchr(address, ':') ? 32 : 128))
		return false;
	ret->bits = (unsigned)bits + (four && !strchr(address, ':') ? 96 : 0);
	return true;
}

bool network_holds(const struct network *network, const char *peer)
{
	uint8_t address[16];
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	bool four;

	if (!address_parse(peer, address, &four) ||
		memcmp(address, network->address, whole) != 0)
		return false;
	return rest == 0 ||
	       (address[whole] ^ network->address[whole]) >> (8 - rest) == 0;
}

void network_peer_key(const char *peer, char ret[NETWORK_KEY])
{
	uint8_t address[16];
	bool four;

	if (strchr(peer, ':') && address_parse(peer, address, &four) && !four) {
		memset(address + 8, 0, 8);
		if (inet_ntop(AF_INET6, address, ret, NETWORK_KEY))
			return;
	}
	snprintf(ret, NETWORK_KEY, "%s", peer);
}
