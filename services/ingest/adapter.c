/* SPDX-License-Identifier: Apache-2.0 */
#include "adapter.h"

#include "base/bug.h"

#include <string.h>

#define EVENTS_FIRST 8
#define RELATED_FIRST 4

const char *delivery_header(
	const struct delivery *delivery, const char *lower_name)
{
	for (size_t i = 0; i < delivery->header_count; i++)
		if (strcmp(delivery->headers[i].name, lower_name) == 0)
			return delivery->headers[i].value;
	return NULL;
}

struct event *event_add(struct event_list *list)
{
	struct event *event;

	MUST(list->count < EVENTS_MAX);
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : EVENTS_FIRST;
		struct event *events =
			arena_array(list->arena, room, sizeof(*events));

		if (list->count > 0)
			memcpy(events, list->events,
				list->count * sizeof(*events));
		list->events = events;
		list->room = room;
	}
	event = &list->events[list->count++];
	*event = (struct event){.tool_time = INSTANT_NEVER};
	return event;
}

/* Rows of a list whose room is the power of two at or above its count. */
static void *grown(
	struct arena *arena, const void *rows, size_t count, size_t size)
{
	void *new;

	if (count != 0 && (count < RELATED_FIRST || (count & (count - 1)) != 0))
		return (void *)(uintptr_t)rows;
	new = arena_array(
		arena, count < RELATED_FIRST ? RELATED_FIRST : 2 * count, size);
	if (count > 0)
		memcpy(new, rows, count * size);
	return new;
}

void event_match(struct event_list *list, struct event *event, const char *name,
	const char *value)
{
	struct label *rows = grown(
		list->arena, event->match, event->match_count, sizeof(*rows));

	MUST(name && value);
	rows[event->match_count++] = (struct label){name, value};
	event->match = rows;
}

void event_relate(struct event_list *list, struct event *event,
	const char *subject, const char *relation)
{
	struct related *rows = grown(list->arena, event->related,
		event->related_count, sizeof(*rows));

	MUST(subject && relation);
	rows[event->related_count++] = (struct related){subject, relation};
	event->related = rows;
}

const struct adapter *adapter_find(const char *name)
{
	for (size_t i = 0; i < adapter_table_size; i++)
		if (strcmp(adapter_table[i]->name, name) == 0)
			return adapter_table[i];
	return NULL;
}

/* What a scheme cannot do without; NULL where nothing is missing. */
static const char *spec_lacks(const struct verify_spec *spec)
{
	switch (spec->scheme) {
	case VERIFY_HMAC:
	case VERIFY_TOKEN:
		if (!spec->header || !*spec->header)
			return "header";
		return spec->prefix ? NULL : "prefix (\"\" for none)";
	case VERIFY_NOTHING:
	case VERIFY_BASIC:
	case VERIFY_PATH:
	case VERIFY_STANDARD_WEBHOOKS:
	case VERIFY_CERTIFICATE:
		return NULL;
	}
	return "known scheme";
}

static enum status check_verify(
	const struct adapter *adapter, struct reason *reterr)
{
	const struct verify_spec *spec = adapter->verify;

	for (; spec->name; spec++) {
		const char *lacks = spec_lacks(spec);

		for (const struct verify_spec *earlier = adapter->verify;
			!lacks && earlier < spec; earlier++)
			if (strcmp(earlier->name, spec->name) == 0)
				lacks = "name of its own";
		if (lacks) {
			reason_set(reterr, adapter->name,
				"scheme \"%s\" has no %s", spec->name, lacks);
			return CONFIG;
		}
	}
	return OK;
}

static bool name_is_well(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length > 0 && !name[length];
}

static const char *adapter_lacks(const struct adapter *adapter)
{
	if (adapter->revision == 0)
		return "revision";
	if (!adapter->verify || !adapter->verify->name)
		return "verify";
	if (!adapter->classify)
		return "classify";
	if (!adapter->translate)
		return "translate";
	if (adapter->answer_body && !adapter->answer_type)
		return "answer_type";
	if (adapter->answer_code != 0 &&
		(adapter->answer_code < 200 || adapter->answer_code > 299))
		return "answer_code that means success";
	return NULL;
}

enum status adapter_check_all(struct reason *reterr)
{
	for (size_t i = 0; i < adapter_table_size; i++) {
		const struct adapter *adapter = adapter_table[i];
		const char *lacks;
		enum status status;

		if (!adapter->name || !name_is_well(adapter->name)) {
			reason_set(reterr, NULL,
				"adapter %zu of the table has no name", i);
			return CONFIG;
		}
		lacks = adapter_lacks(adapter);
		if (!lacks && adapter_find(adapter->name) != adapter)
			lacks = "name of its own";
		if (lacks) {
			reason_set(reterr, adapter->name,
				"the adapter has no %s", lacks);
			return CONFIG;
		}
		status = check_verify(adapter, reterr);
		if (status != OK)
			return status;
	}
	return OK;
}
