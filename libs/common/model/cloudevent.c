/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cloudevent.h"

#include "base/bug.h"
#include "model/trace.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS_MAX 12
#define ATTRIBUTE_MAX 2048
#define VERSION_MAX 1000000

static void add(struct kafka_header *headers, size_t *count, const char *name,
	const char *value)
{
	if (!value)
		return;
	MUST(*count < HEADERS_MAX);
	headers[(*count)++] = (struct kafka_header){name, value, strlen(value)};
}

static const char *time_text(struct arena *arena, instant at)
{
	char text[INSTANT_TEXT];

	if (at == INSTANT_NEVER)
		return NULL;
	instant_format(at, text);
	return arena_string(arena, text);
}

void cloudevent_encode(struct arena *arena, const struct cloudevent *event,
	const char *data, size_t size, struct kafka_record *ret)
{
	struct kafka_header *headers =
		arena_array(arena, HEADERS_MAX, sizeof(*headers));
	size_t n = 0;

	MUST(data && event->id && event->source && event->type);
	add(headers, &n, "ce_specversion", "1.0");
	add(headers, &n, "ce_id", event->id);
	add(headers, &n, "ce_source", event->source);
	add(headers, &n, "ce_type", event->type);
	add(headers, &n, "ce_subject", event->subject);
	add(headers, &n, "ce_time", time_text(arena, event->time));
	add(headers, &n, "ce_dataschema", event->schema);
	add(headers, &n, "ce_tenant", event->tenant);
	add(headers, &n, "ce_recordedtime", time_text(arena, event->recorded));
	add(headers, &n, "content-type", "application/json");
	add(headers, &n, "traceparent", event->traceparent);
	ret->headers = headers;
	ret->header_count = n;
	ret->value = data;
	ret->value_length = size;
}

/* One attribute: text without control bytes, as CloudEvents 1.0 wants it. */
static enum status attribute(const struct kafka_record *record,
	const char *name, bool required, const char **ret,
	struct reason *reterr)
{
	const char *value = kafka_header_of(record, name);

	*ret = value;
	if (!value && !required)
		return OK;
	if (!value || !*value) {
		reason_set(reterr, name, "is missing");
		return REJECT;
	}
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			reason_set(reterr, name, "holds a control byte");
			return REJECT;
		}
	if (strlen(value) <= ATTRIBUTE_MAX)
		return OK;
	reason_set(reterr, name, "is longer than %d bytes", ATTRIBUTE_MAX);
	return REJECT;
}

static enum status time_of(const struct kafka_record *record, const char *name,
	instant *ret, struct reason *reterr)
{
	const char *text;
	enum status status = attribute(record, name, false, &text, reterr);

	*ret = INSTANT_NEVER;
	if (status != OK || !text)
		return status;
	status = instant_parse(text, strlen(text), ret, reterr);
	if (status != OK)
		reason_within(reterr, name);
	return status;
}

static enum status texts(const struct kafka_record *record,
	struct cloudevent *event, struct reason *reterr)
{
	const char *specversion;
	const struct {
		const char *name;
		bool required;
		const char **ret;
	} wanted[] = {
		{"ce_specversion", true, &specversion},
		{"ce_id", true, &event->id},
		{"ce_source", true, &event->source},
		{"ce_type", true, &event->type},
		{"ce_subject", false, &event->subject},
		{"ce_tenant", false, &event->tenant},
		{"ce_dataschema", false, &event->schema},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		enum status status = attribute(record, wanted[i].name,
			wanted[i].required, wanted[i].ret, reterr);

		if (status != OK)
			return status;
	}
	if (strcmp(specversion, "1.0") == 0)
		return OK;
	reason_set(reterr, "ce_specversion", "want 1.0");
	return REJECT;
}

enum status cloudevent_decode(struct arena *arena,
	const struct kafka_record *record, struct cloudevent *ret,
	struct reason *reterr)
{
	struct cloudevent event = {0};
	enum status status;

	if (!record->value) {
		reason_set(reterr, NULL, "a tombstone carries no event");
		return REJECT;
	}
	status = texts(record, &event, reterr);
	if (status == OK)
		status = time_of(record, "ce_time", &event.time, reterr);
	if (status == OK)
		status = time_of(
			record, "ce_recordedtime", &event.recorded, reterr);
	event.traceparent =
		trace_parent(arena, kafka_header_of(record, "traceparent"));
	if (status == OK)
		*ret = event;
	return status;
}

unsigned cloudevent_version(const char *type, size_t *ret_stem)
{
	const char *dot = strrchr(type, '.');
	char *end;
	unsigned long version;

	if (!dot || dot[1] != 'v' || dot[2] < '1' || dot[2] > '9')
		return 0;
	version = strtoul(dot + 2, &end, 10);
	if (*end || version > VERSION_MAX)
		return 0;
	*ret_stem = (size_t)(dot - type);
	return (unsigned)version;
}
