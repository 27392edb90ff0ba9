/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something could not be done: a sentence and a place (JSON path, SQL
 * state, HTTP code, file:line:column). Fixed storage: it travels by value with
 * a dead letter and to the screen, and filling one never fails.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>

struct reason {
	char sentence[400];
	char place[200];
};

/* Sets both; a longer text is cut at a UTF-8 boundary. `place` may be NULL. */
void reason_set(struct reason *reason, const char *place, const char *fmt, ...)
	PRINTF(3, 4);

/* Puts `place` before the place that is there, as outer callers learn more. */
void reason_within(struct reason *reason, const char *place);

/* The same words about the same place. */
bool reason_same(const struct reason *one, const struct reason *other);

/* Cuts `text` to at most `max` bytes without splitting a UTF-8 sequence. */
void utf8_cut(char *text, unsigned long max);
