/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string with a maximum from birth. Past it, additions are dropped
 * and `full` stays set: whoever sends the text looks once, at the end.
 * Knows bytes only; anything with a format of its own lives elsewhere.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *text; /* never NULL, always NUL-terminated */
	size_t length;
	size_t room;
	size_t max;
	bool full;
};

void strbuf_init(struct strbuf *buf, size_t max);
void strbuf_release(struct strbuf *buf);
/* Empties it, clears `full`, keeps the memory. */
void strbuf_reset(struct strbuf *buf);
void strbuf_add(struct strbuf *buf, const void *bytes, size_t count);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *fmt, ...) PRINTF(2, 3);
