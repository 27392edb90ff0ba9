/* SPDX-License-Identifier: Apache-2.0 */
/* Tells nobody, and says so: the smallest sink, and a template for another. */
#include "sink.h"

static enum status null_open(const struct sink_settings *settings,
	struct sink_line **ret, struct reason *reterr)
{
	(void)settings;
	(void)reterr;
	*ret = NULL;
	return OK;
}

static enum status null_send(struct sink_line *line,
	const struct sink_permit *permit, struct arena *arena, instant now,
	struct sink_notice *notices, size_t count, struct reason *reterr)
{
	(void)line;
	(void)permit;
	(void)arena;
	(void)now;
	(void)reterr;
	for (size_t i = 0; i < count; i++)
		sink_say(&notices[i].outcome, SINK_FAILED, 0,
			"the null sink tells nobody");
	return OK;
}

static void null_close(struct sink_line **line)
{
	*line = NULL;
}

static const char *const null_options[] = {NULL};

const struct sink sink_null = {
	.name = "null",
	.options = null_options,
	.batch = 256,
	.timeout = INSTANT_SECOND,
	.open = null_open,
	.send = null_send,
	.close = null_close,
};
