/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper itself must use what banned.h forbids to all others. */
#define POSTERN_MAY_ALLOCATE
#include "base/memory.h"

#include "base/bug.h"

#include <stdlib.h>
#include <string.h>

void *memory_new(size_t size)
{
	return memory_array(1, size);
}

void *memory_array(size_t count, size_t size)
{
	void *new = calloc(count ? count : 1, size ? size : 1);

	if (!new)
		BUG("out of memory: %zu times %zu bytes", count, size);
	return new;
}

void *memory_resize(void *old, size_t count, size_t size)
{
	void *new = reallocarray(old, count ? count : 1, size ? size : 1);

	if (!new)
		BUG("out of memory: %zu times %zu bytes", count, size);
	return new;
}

char *memory_string(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(memory_new(n), text, n);
}

void memory_free(void *old)
{
	free(old);
}
