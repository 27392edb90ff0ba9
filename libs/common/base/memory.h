/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that calls malloc. Out of memory ends the process: what we
 * work on can be read again, and no caller needs a second way out.
 */
#pragma once

#include <stddef.h>

/* Zeroed; never NULL. */
void *memory_new(size_t size);
/* `count` * `size` bytes, zeroed; aborts where the product overflows. */
void *memory_array(size_t count, size_t size);
/* Like realloc, but never NULL; new bytes are not zeroed. */
void *memory_resize(void *old, size_t count, size_t size);
char *memory_string(const char *text);
void memory_free(void *old);
