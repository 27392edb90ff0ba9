/* SPDX-License-Identifier: Apache-2.0 */
/* The admin listener: /livez, /readyz, /metrics, on a socket of its own. */
#pragma once

#include "base/reason.h"
#include "daemon/health.h"
#include "daemon/metrics.h"
#include "wire/httpd.h"

struct admin;
enum status admin_open(const char *address, unsigned port,
	struct health *health, struct metrics *metrics, struct admin **ret,
	struct reason *reterr) MUST_CHECK;
unsigned admin_port(const struct admin *admin);
void admin_close(struct admin **admin);
