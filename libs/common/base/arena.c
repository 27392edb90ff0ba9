/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/bug.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_BLOCK 16384

struct block {
	struct block *older;
	size_t size;
	size_t used;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *newest;
	size_t max;
	size_t used;
};

static struct block *block_new(size_t size, struct block *older)
{
	struct block *block = memory_new(sizeof(*block) + size);

	block->older = older;
	block->size = size;
	return block;
}

struct arena *arena_new(size_t max)
{
	struct arena *arena = memory_new(sizeof(*arena));

	arena->max = max;
	arena->newest = block_new(FIRST_BLOCK, NULL);
	return arena;
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *older = block->older;

		memory_free(block);
		block = older;
	}
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	free_blocks((*arena)->newest);
	memory_free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *first = arena->newest;

	while (first->older) {
		struct block *older = first->older;

		memory_free(first);
		first = older;
	}
	memset(first->bytes, 0, first->used);
	first->used = 0;
	arena->newest = first;
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t need =
		(size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *block = arena->newest;

	if (need < size || need > arena->max - arena->used)
		BUG("arena of %zu bytes is full, %zu more asked", arena->max,
			size);
	if (need > block->size - block->used) {
		size_t next = block->size * 2;

		block = block_new(need > next ? need : next, block);
		arena->newest = block;
	}
	arena->used += need;
	block->used += need;
	return block->bytes + block->used - need;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		BUG("%zu times %zu bytes", count, size);
	return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
	char *copy;

	MUST(size < SIZE_MAX);
	copy = arena_alloc(arena, size + 1);
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	int n;
	char *text;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	MUST(n >= 0);
	text = arena_alloc(arena, (size_t)n + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
