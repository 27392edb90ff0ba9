/* SPDX-License-Identifier: Apache-2.0 */
/* Address ranges a source may send from, "10.0.0.0/8" or "2001:db8::/32". */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct network {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;       /* of the 128 */
};

/* False where the text is none; an address alone is a range of one. */
bool network_parse(const char *text, struct network *ret) MUST_CHECK;
/* `peer` as httpd_peer gives it; false for what is no address. */
bool network_holds(const struct network *network, const char *peer);

#define NETWORK_KEY 64
/* What counts as one peer: an IPv4 address, or a /64, of which a stranger has
 * all addresses anyway. */
void network_peer_key(const char *peer, char ret[NETWORK_KEY]);
