/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter that uses nothing: a template to copy. */
#include "adapter.h"

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	(void)delivery, (void)ret, (void)reterr;
	return IGNORED;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	(void)delivery, (void)identity, (void)ret, (void)reterr;
	return IGNORED;
}

static const struct verify_spec verify[] = {
	{.name = "nothing", .scheme = VERIFY_NOTHING}, {0}};

const struct adapter adapter_null = {.name = "null",
	.revision = 1,
	.verify = verify,
	.classify = classify,
	.translate = translate};
