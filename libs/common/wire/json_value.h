/* SPDX-License-Identifier: Apache-2.0 */
/* Private to wire/json*.c: what stands behind the names of json.h. */
#pragma once

#include "wire/json.h"

#include <stdint.h>
#include <yyjson.h>

static inline yyjson_val *json_value(const struct json *value)
{
	return (yyjson_val *)(uintptr_t)value;
}

static inline yyjson_mut_val *json_mut(const struct json_node *node)
{
	return (yyjson_mut_val *)(uintptr_t)node;
}

/* Allocations go to the arena and are never freed singly. */
struct yyjson_alc json_arena_allocator(struct arena *arena);
