/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void utf8_cut(char *text, unsigned long max)
{
	unsigned long n = strlen(text);

	if (n <= max)
		return;
	n = max;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	text[n] = '\0';
}

/* vsnprintf cuts anywhere; this drops the tail of a split sequence. */
static void mend_tail(char *text, size_t size)
{
	size_t n = strlen(text);
	size_t lead = n;

	if (n + 1 < size || n == 0)
		return;
	do {
		lead--;
	} while (lead > 0 && ((unsigned char)text[lead] & 0xc0) == 0x80);
	if ((unsigned char)text[lead] >= 0xc0)
		text[lead] = '\0';
}

void reason_set(struct reason *reason, const char *place, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason->sentence, sizeof(reason->sentence), fmt, args);
	va_end(args);
	mend_tail(reason->sentence, sizeof(reason->sentence));
	snprintf(
		reason->place, sizeof(reason->place), "%s", place ? place : "");
	mend_tail(reason->place, sizeof(reason->place));
}

void reason_within(struct reason *reason, const char *place)
{
	char joined[sizeof(reason->place) * 2];

	snprintf(joined, sizeof(joined), "%s%s%s", place,
		reason->place[0] ? ": " : "", reason->place);
	utf8_cut(joined, sizeof(reason->place) - 1);
	memcpy(reason->place, joined, strlen(joined) + 1);
}

bool reason_same(const struct reason *one, const struct reason *other)
{
	return strcmp(one->sentence, other->sentence) == 0 &&
	       strcmp(one->place, other->place) == 0;
}
