/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <stdarg.h>

const struct sink *sink_find(const char *name)
{
	for (size_t i = 0; i < sink_table_size; i++)
		if (strcmp(sink_table[i]->name, name) == 0)
			return sink_table[i];
	return NULL;
}

void sink_say(struct sink_outcome *outcome, enum sink_result result, long code,
	const char *fmt, ...)
{
	char text[sizeof(outcome->why) + 4];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	utf8_cut(text, sizeof(outcome->why) - 1);
	outcome->result = result;
	outcome->code = code;
	memcpy(outcome->why, text, strlen(text) + 1);
}
