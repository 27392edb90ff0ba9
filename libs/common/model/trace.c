/* SPDX-License-Identifier: Apache-2.0 */
#include "model/trace.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH (TRACE_PARENT - 1)

/* `size` lower-case hex digits, not all of them `never`. */
static bool digits(const char *text, size_t size, char never)
{
	bool all = true;

	if (strspn(text, "0123456789abcdef") < size)
		return false;
	for (size_t i = 0; i < size; i++)
		all = all && text[i] == never;
	return !all;
}

/* version-trace-parent-flags */
static bool is_well_formed(const char *text)
{
	size_t length = strlen(text);
	bool zero = text[0] == '0' && text[1] == '0';

	return length >= LENGTH && digits(text, 2, 'f') && text[2] == '-' &&
	       digits(text + 3, 32, '0') && text[35] == '-' &&
	       digits(text + 36, 16, '0') && text[52] == '-' &&
	       digits(text + 53, 2, 'x') &&
	       (length == LENGTH || (!zero && text[LENGTH] == '-'));
}

const char *trace_parent(struct arena *arena, const char *text)
{
	char *parent;

	if (!text || !is_well_formed(text))
		return NULL;
	parent = arena_copy(arena, text, LENGTH);
	parent[0] = parent[1] = '0';
	return parent;
}

void trace_id(const char *parent, char ret[TRACE_ID])
{
	memcpy(ret, parent + 3, TRACE_ID - 1);
	ret[TRACE_ID - 1] = '\0';
}
