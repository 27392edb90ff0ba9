/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a connection string leaves open whom we speak to. */
#pragma once

#include "base/reason.h"

#include <stdbool.h>

/*
 * True where the server is elsewhere (no loopback address, no socket) and its
 * name is not verified: without sslmode=verify-full libpq takes any
 * certificate, or none. `ret` says where and what to write.
 */
bool pg_is_unverified(const char *conninfo, struct reason *ret);
