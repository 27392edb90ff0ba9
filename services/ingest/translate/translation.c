/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/translation.h"

#include "base/bug.h"
#include "translate/about.h"
#include "translate/split.h"

#include <stdio.h>
#include <string.h>

struct work {
	const struct translation_needs *needs;
	const struct delivery *delivery;
	const struct adapter *adapter;
	struct identity identity;
	struct event_list list;
	struct translation *out;
	size_t room;
};

/*
 * At most so many values are in the body, by its punctuation; a body of commas
 * must not make the reader take a hundred times its size in memory.
 */
static bool too_many_values(const char *bytes, size_t size)
{
	size_t values = 1;
	bool text = false;

	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];

		if (text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				text = false;
		} else if (c == '"') {
			text = true;
		} else if (c == ',' || c == ':' || c == '[' || c == '{') {
			values++;
		}
	}
	return values > TRANSLATION_VALUES_MAX;
}

static enum status read_body(struct delivery *delivery, struct reason *reterr)
{
	if (too_many_values(delivery->body, delivery->size)) {
		reason_set(reterr, "$", "holds more than %d values",
			TRANSLATION_VALUES_MAX);
		return REJECT;
	}
	return json_read(delivery->arena, delivery->body, delivery->size,
		&delivery->json, reterr);
}

static void keep(
	struct work *work, const struct kafka_record *records, size_t count)
{
	struct translation *out = work->out;

	if (out->count + count > work->room) {
		size_t room = 2 * (out->count + count);
		struct kafka_record *grown = arena_array(
			work->delivery->arena, room, sizeof(*grown));

		if (out->count > 0)
			memcpy(grown, out->records,
				out->count * sizeof(*grown));
		out->records = grown;
		work->room = room;
	}
	memcpy(out->records + out->count, records, count * sizeof(*records));
	out->count += count;
}

/* No reader may meet what the schema forbids: each record is read as one. */
static enum status check_records(struct work *work,
	const struct kafka_record *records, size_t count, struct reason *reterr)
{
	struct evidence ignored;
	enum status status = OK;

	for (size_t i = 0; i < count && status == OK; i++)
		status = evidence_decode(
			work->delivery->arena, &records[i], &ignored, reterr);
	if (status == OK)
		return OK;
	reason_within(reterr, "evidence made of it");
	return REJECT;
}

static enum status encode(struct work *work, size_t number,
	const struct event *event, struct reason *reterr)
{
	const struct delivery *delivery = work->delivery;
	unsigned window = work->adapter->repeat_window;
	struct evidence evidence = {
		.tenant = delivery->tenant,
		.source = delivery->source,
		.tool = delivery->tool,
		.kind = event->kind ? event->kind : work->identity.kind,
		.class = event->class,
		.adapter = work->out->adapter,
		.delivery_id = delivery->id,
		.delivery_digest = delivery->digest,
		.tool_time = event->tool_time,
		.recorded_time = delivery->received,
		.related = event->related,
		.related_count = event->related_count,
		.traceparent = event->traceparent ? event->traceparent
						  : work->needs->traceparent,
		.body_node = event->body,
		.snapshot = {.complete = event->complete,
			.target = event->target},
	};
	struct split_work split = {
		.crypto = work->needs->crypto,
		.delivery = delivery,
		.maker = work->list.maker,
		.event = event,
		.signed_id = work->identity.signed_id,
		.window =
			window ? delivery->received / (window * INSTANT_SECOND)
			       : -1,
	};
	enum status status;

	evidence_settle_time(&evidence);
	status = about_settle(work->needs, delivery, event, &evidence, reterr);
	if (status == OK)
		status = split_encode(&split, number, &evidence, reterr);
	if (status == OK)
		status =
			check_records(work, split.records, split.count, reterr);
	if (status == OK)
		keep(work, split.records, split.count);
	return status;
}

static enum status ask_adapter(struct work *work, struct reason *reterr)
{
	const struct delivery *delivery = work->delivery;
	enum status status =
		work->adapter->classify(delivery, &work->identity, reterr);

	if (status == OK)
		status = work->adapter->translate(
			delivery, &work->identity, &work->list, reterr);
	MUST(status == OK || status == IGNORED || status == REJECT);
	return status == OK && work->list.count == 0 ? IGNORED : status;
}

enum status translation_make(const struct translation_needs *needs,
	struct delivery *delivery, struct translation *ret,
	struct reason *reterr)
{
	struct work work = {.needs = needs,
		.delivery = delivery,
		.adapter = adapter_find(delivery->tool),
		.out = ret};
	enum status status = OK;

	*ret = (struct translation){0};
	reason_set(reterr, NULL, "refused without a reason");
	if (!work.adapter) {
		reason_set(reterr, "tool", "there is no adapter for \"%.80s\"",
			delivery->tool);
		return REJECT;
	}
	ret->adapter = arena_printf(delivery->arena, "%s/%u",
		work.adapter->name, work.adapter->revision);
	work.list.arena = delivery->arena;
	work.list.maker = json_maker_new(delivery->arena);
	if (work.adapter->json)
		status = read_body(delivery, reterr);
	if (status == OK)
		status = ask_adapter(&work, reterr);
	for (size_t i = 0; status == OK && i < work.list.count; i++)
		status = encode(&work, i, &work.list.events[i], reterr);
	return status;
}
