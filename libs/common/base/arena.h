/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one unit of work (delivery, batch, notice), released at once by
 * the loop that made it. What is allocated here is never freed singly.
 */
#pragma once

#include "base/status.h"

#include <stddef.h>

struct arena;

/* At most `max` bytes in all; beyond that is a BUG, so bound input first. */
struct arena *arena_new(size_t max);
/* Accepts NULL, leaves NULL. */
void arena_free(struct arena **arena);
/* Forgets all allocations, keeps one block for the next unit of work. */
void arena_reset(struct arena *arena);

/* Zeroed, aligned for any type, never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copies `size` bytes and adds a NUL. */
char *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_string(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF(2, 3);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);
