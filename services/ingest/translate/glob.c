/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/glob.h"

#include <string.h>

/* Behind the bracket expression at `at`, NULL where it never closes. */
static const char *bracket_end(const char *at)
{
	at++;
	if (*at == '!')
		at++;
	if (*at == ']') /* the first one stands for itself */
		at++;
	at = strchr(at, ']');
	return at ? at + 1 : NULL;
}

enum status glob_check(
	const char *pattern, size_t *ret_stars, struct reason *reterr)
{
	size_t stars = 0;

	for (const char *at = pattern; *at; at++) {
		if (*at == '*') {
			stars++;
		} else if (*at == '\\') {
			if (!*++at) {
				reason_set(reterr, NULL,
					"a pattern cannot end with \\");
				return REJECT;
			}
		} else if (*at == '[') {
			at = bracket_end(at);
			if (!at) {
				reason_set(reterr, NULL,
					"a [ of the pattern is never closed");
				return REJECT;
			}
			at--;
		}
	}
	if (stars > GLOB_STARS_MAX) {
		reason_set(reterr, NULL, "a pattern has at most %d stars",
			GLOB_STARS_MAX);
		return REJECT;
	}
	*ret_stars = stars;
	return OK;
}

static bool bracket_has(const char *at, unsigned char byte)
{
	const char *end = bracket_end(at) - 1;
	bool not = at[1] == '!', has = false;

	at += not ? 2 : 1;
	while (at < end) {
		unsigned char from = (unsigned char)*at, to = from;

		if (at[1] == '-' && at + 2 < end) {
			to = (unsigned char)at[2];
			at += 2;
		}
		has = has || (byte >= from && byte <= to);
		at++;
	}
	return has != not ;
}

/* Bytes of `text` that the single pattern element takes; 0: none. */
static size_t one(const char *pattern, const char *text, size_t *ret_element)
{
	size_t length = 1;

	*ret_element = 1;
	if (!*text)
		return 0;
	switch (*pattern) {
	case '?':
		while (((unsigned char)text[length] & 0xc0) == 0x80)
			length++;
		return length;
	case '[':
		*ret_element = (size_t)(bracket_end(pattern) - pattern);
		return bracket_has(pattern, (unsigned char)*text) ? 1 : 0;
	case '\\':
		*ret_element = 2;
		return pattern[1] == *text ? 1 : 0;
	default:
		return *pattern == *text ? 1 : 0;
	}
}

/*
 * Each star takes as little as will do, the last one the rest: going back to
 * the newest star only is enough, since an earlier one taking more could not
 * help a later one.
 */
bool glob_match(const char *pattern, const char *text, struct glob_capture *ret)
{
	const char *star = NULL; /* pattern behind the newest star */
	size_t stars = 0;

	for (;;) {
		size_t element, taken;

		if (*pattern == '*') {
			ret[stars++] = (struct glob_capture){text, 0};
			star = ++pattern;
			continue;
		}
		if (!*pattern && !*text)
			return true;
		taken = *pattern ? one(pattern, text, &element) : 0;
		if (taken > 0) {
			pattern += element;
			text += taken;
			continue;
		}
		if (!star)
			return false;
		/* The newest star takes one byte more, and all begins there. */
		ret[stars - 1].length++;
		text = ret[stars - 1].text + ret[stars - 1].length;
		if (!text[-1])
			return false;
		pattern = star;
	}
}
