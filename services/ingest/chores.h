/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ingest's command line asks for apart from running: each touches Kafka or
 * the files of the settings and ends.
 */
#pragma once

#include "settings.h"

/* --check: all files are read and nothing is started. CONFIG naming the place.
 */
enum status ingest_check(const struct ingest_settings *settings,
	struct reason *reterr) MUST_CHECK;
/* One of enum ingest_switch: prints, and returns the exit code. */
int ingest_switch(
	struct arena *arena, const struct ingest_settings *settings, int which);
/* Says on standard error why nothing was done; returns the exit code. */
int ingest_refuse(enum status status, const struct reason *reason);
