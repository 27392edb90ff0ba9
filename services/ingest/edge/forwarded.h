/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sent a request that came through proxies. X-Forwarded-For and -Proto are
 * the sender's own words unless a proxy that we were told of handed them on;
 * each such proxy vouches for the entry before its own, none for more. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "edge/network.h"

#include <stddef.h>

struct proxies {
	struct network *networks;
	size_t count;
};

/* Comma-separated ranges ("10.0.0.0/8, 2001:db8::/32"), NULL: none. CONFIG
 * naming the one that is no range. */
enum status proxies_parse(struct arena *arena, const char *text,
	struct proxies *ret, struct reason *reterr) MUST_CHECK;
bool proxies_hold(const struct proxies *proxies, const char *peer);

/*
 * The sender's address: of `peer` (who connected) and `chain` (all values of
 * X-Forwarded-For in order, comma-separated; "" where there is none) the last
 * one that is no proxy of ours. An entry that is no address ends the search:
 * the proxy that handed it on counts then. A port behind an address is cut.
 */
void forwarded_client(const struct proxies *proxies, const char *peer,
	const char *chain, char ret[NETWORK_KEY]);
/* True where a listed proxy says that it was reached without TLS: the last
 * word of X-Forwarded-Proto is the nearest proxy's. */
bool forwarded_plain(
	const struct proxies *proxies, const char *peer, const char *chain);
