/* SPDX-License-Identifier: Apache-2.0 */
/* The one route: /v1/hooks/<source>[/<token>]. */
#pragma once

#include "edge/source.h"

#include <stdbool.h>

#define ROUTE_TOKEN_MAX 512

struct route {
	char source[SOURCE_NAME_MAX + 1];
	char token[ROUTE_TOKEN_MAX + 1]; /* percent-decoded; "": none */
};
/* False where the path is another one. A source or token that can be none of
 * ours is cut to "?", which no source is called and no token is. */
bool route_read(const char *path, struct route *ret);
