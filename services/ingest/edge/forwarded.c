/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/forwarded.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* The entry that ends at `end`, without blanks around it; NULL: none left. */
static const char *last_entry(
	const char *chain, const char *end, size_t *ret_length)
{
	const char *from = end;

	if (end < chain)
		return NULL;
	while (from > chain && from[-1] != ',')
		from--;
	while (from < end && strchr(BLANKS, *from))
		from++;
	while (end > from && strchr(BLANKS, end[-1]))
		end--;
	*ret_length = (size_t)(end - from);
	return from;
}

static const char *before_entry(const char *chain, const char *entry)
{
	while (entry > chain && entry[-1] != ',')
		entry--;
	return entry > chain ? entry - 1 : chain - 1;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". */
static bool address_of(const char *entry, size_t length, char ret[NETWORK_KEY])
{
	const char *colon = memchr(entry, ':', length);
	struct network alone;

	if (length && *entry == '[') {
		const char *close = memchr(entry, ']', length);

		if (!close)
			return false;
		length = (size_t)(close - ++entry);
	} else if (colon && !memchr(colon + 1, ':',
				    length - (size_t)(colon + 1 - entry))) {
		length = (size_t)(colon - entry);
	}
	if (length == 0 || length >= NETWORK_KEY || memchr(entry, '/', length))
		return false;
	memcpy(ret, entry, length);
	ret[length] = '\0';
	return network_parse(ret, &alone);
}

enum status proxies_parse(struct arena *arena, const char *text,
	struct proxies *ret, struct reason *reterr)
{
	const char *end;
	size_t most = 1;

	*ret = (struct proxies){NULL, 0};
	if (!text)
		return OK;
	for (const char *c = text; *c; c++)
		most += *c == ',';
	ret->networks = arena_array(arena, most, sizeof(*ret->networks));
	for (end = text + strlen(text); end >= text;) {
		size_t length;
		const char *entry = last_entry(text, end, &length);
		char *one = arena_copy(arena, entry, length);

		if (!network_parse(one, &ret->networks[ret->count])) {
			reason_set(reterr, "trusted-proxies",
				"\"%.60s\" is no address range: write "
				"10.0.0.0/8, 2001:db8::/32, separated by "
				"commas",
				one);
			return CONFIG;
		}
		ret->count++;
		end = before_entry(text, entry);
	}
	return OK;
}

bool proxies_hold(const struct proxies *proxies, const char *peer)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (network_holds(&proxies->networks[i], peer))
			return true;
	return false;
}

void forwarded_client(const struct proxies *proxies, const char *peer,
	const char *chain, char ret[NETWORK_KEY])
{
	const char *end = chain + strlen(chain);
	char found[NETWORK_KEY];

	snprintf(ret, NETWORK_KEY, "%s", peer);
	while (proxies_hold(proxies, ret)) {
		size_t length;
		const char *entry = last_entry(chain, end, &length);

		if (!entry || !address_of(entry, length, found))
			return;
		memcpy(ret, found, sizeof(found));
		end = before_entry(chain, entry);
	}
}

bool forwarded_plain(
	const struct proxies *proxies, const char *peer, const char *chain)
{
	size_t length;
	const char *word = last_entry(chain, chain + strlen(chain), &length);

	return proxies_hold(proxies, peer) && word && length == 4 &&
	       strncasecmp(word, "http", 4) == 0;
}
