/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/broker_chore.h"

#include <stdio.h>

/* A broker that was started with us takes some seconds. */
#define TOPICS_WAIT (30 * INSTANT_SECOND)

static enum status act(struct arena *arena,
	const struct broker_chore_settings *settings, enum broker_chore which,
	struct strbuf *out, struct reason *reterr)
{
	if (which == BROKER_CREATE_ACLS)
		return acls_create(arena, settings->common, settings->kafka,
			settings->service, settings->acls, out, reterr);
	return (which == BROKER_CREATE_TOPICS ? topics_create : topics_check)(
		arena, settings->common, settings->kafka, TOPICS_WAIT, out,
		reterr);
}

enum status broker_chore(struct arena *arena,
	const struct broker_chore_settings *settings, enum broker_chore which,
	struct reason *reterr)
{
	struct strbuf out;
	enum status status;

	strbuf_init(&out, 1u << 16);
	status = act(arena, settings, which, &out, reterr);
	fputs(out.text, stdout);
	fflush(stdout); /* the reason is the last line in a log of both */
	strbuf_release(&out);
	return status;
}
