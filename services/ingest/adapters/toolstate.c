/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ingest says about its own sources: internal deliveries only, so no
 * sources.yaml can name this tool and nobody outside can speak in its name.
 */
#include "adapter.h"

#include "model/evidence_body.h"
#include "model/subject.h"

#include <string.h>

static enum status classify(const struct delivery *delivery,
	struct identity *ret, struct reason *reterr)
{
	enum status status =
		evidence_body_check(CLASS_TOOLSTATE, delivery->json, reterr);
	int64_t accepted = 0;

	if (status != OK)
		return status;
	ret->kind = json_text(json_get(delivery->json, "state"));
	/* Readers hold the newest of each kind: a count of refused deliveries
	 * must not stand before the last that counted an accepted one. */
	if (strcmp(ret->kind, "counts") == 0 &&
		!(json_integer(
			  json_get(delivery->json, "accepted"), &accepted) &&
			accepted > 0))
		ret->kind = "counts-refused";
	return OK;
}

static enum status translate(const struct delivery *delivery,
	const struct identity *identity, struct event_list *ret,
	struct reason *reterr)
{
	struct event *event = event_add(ret);

	(void)identity;
	event->class = CLASS_TOOLSTATE;
	event->body = json_object(ret->maker);
	JSON_EACH (delivery->json, walk)
		json_set_copy(ret->maker, event->body, walk.key, walk.value);
	return subject_make(delivery->arena, delivery->tenant, SUBJECT_TOOL,
		"postern", delivery->source, &event->subject, reterr);
}

static const struct verify_spec verify[] = {
	{.name = "internal", .scheme = VERIFY_NOTHING}, {0}};

const struct adapter adapter_toolstate = {
	.name = "toolstate",
	.revision = 1,
	.verify = verify,
	.json = true,
	.repeat_window = 1, /* a heartbeat may say the same again */
	.classify = classify,
	.translate = translate,
};
