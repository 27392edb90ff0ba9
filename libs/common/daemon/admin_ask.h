/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of the admin listener: how a process asks its own service
 * whether it is well, so that a container needs no other program for it.
 */
#pragma once

#include "base/reason.h"
#include "base/strbuf.h"
#include "daemon/settings.h"

/* GET `path` of who listens there (a wildcard is asked over loopback), within
 * three seconds. RETRY where nobody answers, CONFIG for no address; at most
 * 64 KiB of the answer are kept. Blocks. */
enum status admin_ask(const char *address, unsigned port, const char *path,
	unsigned *ret_code, struct strbuf *ret_body,
	struct reason *reterr) MUST_CHECK;
/* What --health and --alive do: prints what /readyz or /livez says. Exit code
 * 0 where that is well, else 1. */
int admin_ask_main(const char *service, const struct common_settings *common,
	enum settings_wish wish);
