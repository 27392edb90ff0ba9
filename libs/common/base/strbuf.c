/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include "base/bug.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void strbuf_init(struct strbuf *buf, size_t max)
{
	*buf = (struct strbuf){.max = max, .room = 64};
	buf->text = memory_new(buf->room);
}

void strbuf_release(struct strbuf *buf)
{
	memory_free(buf->text);
	*buf = (struct strbuf){0};
}

void strbuf_reset(struct strbuf *buf)
{
	buf->length = 0;
	buf->full = false;
	buf->text[0] = '\0';
}

static bool reserve(struct strbuf *buf, size_t count)
{
	size_t need;

	if (buf->full || count > buf->max - buf->length) {
		buf->full = true;
		return false;
	}
	need = buf->length + count + 1;
	if (need <= buf->room)
		return true;
	while (buf->room < need)
		buf->room *= 2;
	buf->text = memory_resize(buf->text, buf->room, 1);
	return true;
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t count)
{
	if (count == 0 || !reserve(buf, count))
		return;
	memcpy(buf->text + buf->length, bytes, count);
	buf->length += count;
	buf->text[buf->length] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	MUST(n >= 0);
	if (!reserve(buf, (size_t)n))
		return;
	va_start(args, fmt);
	vsnprintf(buf->text + buf->length, (size_t)n + 1, fmt, args);
	va_end(args);
	buf->length += (size_t)n;
}
