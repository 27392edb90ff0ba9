/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/envelope.h"

#include "model/trace.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PLACE_ROOM 180

/* Media types are case-blind; parameters (charset) do not matter here. */
static bool media_is(const char *value, const char *type)
{
	size_t length = strlen(type);

	return strncasecmp(value, type, length) == 0 &&
	       (!value[length] || strchr("; \t", value[length]));
}

const char *envelope_mode(const struct delivery *delivery)
{
	const char *media = delivery_header(delivery, "content-type");

	if (media && media_is(media, "application/cloudevents+json"))
		return "structured";
	if (media && media_is(media, "application/cloudevents-batch+json"))
		return "batch";
	if (delivery_header(delivery, "ce-specversion"))
		return "binary";
	return NULL;
}

static const char *header_text(
	const struct delivery *delivery, const char *name)
{
	const char *value = delivery_header(delivery, name);
	char *text, *to;

	if (!value)
		return NULL;
	text = to = arena_string(delivery->arena, value);
	for (const char *c = value; *c; c++) {
		unsigned char byte;

		if (*c == '%' &&
			hex_decode(c + 1, strnlen(c + 1, 2), &byte, 1) &&
			byte != 0) {
			*to++ = (char)byte;
			c += 2;
		} else {
			*to++ = *c;
		}
	}
	*to = '\0';
	return text;
}

struct envelope envelope_headers(const struct delivery *delivery)
{
	return (struct envelope){
		.specversion = header_text(delivery, "ce-specversion"),
		.id = header_text(delivery, "ce-id"),
		.source = header_text(delivery, "ce-source"),
		.type = header_text(delivery, "ce-type"),
		.subject = header_text(delivery, "ce-subject"),
		.time = header_text(delivery, "ce-time"),
		.traceparent = trace_parent(delivery->arena,
			delivery_header(delivery, "ce-traceparent")),
		.data = delivery->json,
		.base = "ce-",
		.path = "$",
	};
}

static enum status refuse(
	struct reason *reterr, const char *base, const char *member)
{
	char place[PLACE_ROOM];

	snprintf(place, sizeof(place), "%s%s", base, member);
	reason_set(reterr, place, "CloudEvents wants this attribute");
	return REJECT;
}

static enum status check_strings(const struct json *event, const char *base,
	struct arena *arena, struct reason *reterr)
{
	static const char *const attributes[] = {
		"specversion", "id", "source", "type", "subject", "time", NULL};

	for (const char *const *name = attributes; *name; name++) {
		const struct json *value = json_get(event, *name);

		if (!value || json_text(value))
			continue;
		reason_set(reterr, arena_printf(arena, "%s.%s", base, *name),
			"must be a string, is %s", json_type(value));
		return REJECT;
	}
	if (!json_get(event, "data_base64"))
		return OK;
	reason_set(reterr, arena_printf(arena, "%s.data_base64", base),
		"data must be JSON, not base64");
	return REJECT;
}

enum status envelope_json(const struct json *event, const char *base,
	struct arena *arena, struct envelope *ret, struct reason *reterr)
{
	enum status status;

	if (!json_is_object(event)) {
		reason_set(reterr, base, "an event must be an object");
		return REJECT;
	}
	status = check_strings(event, base, arena, reterr);
	if (status != OK)
		return status;
	*ret = (struct envelope){
		.specversion = json_text(json_get(event, "specversion")),
		.id = json_text(json_get(event, "id")),
		.source = json_text(json_get(event, "source")),
		.type = json_text(json_get(event, "type")),
		.subject = json_text(json_get(event, "subject")),
		.time = json_text(json_get(event, "time")),
		.traceparent = trace_parent(
			arena, json_text(json_get(event, "traceparent"))),
		.data = json_get(event, "data"),
		.base = arena_printf(arena, "%s.", base),
		.path = arena_printf(arena, "%s.data", base),
	};
	return OK;
}

enum status envelope_check(
	const struct envelope *envelope, struct reason *reterr)
{
	const struct {
		const char *name;
		const char *value;
	} required[] = {{"specversion", envelope->specversion},
		{"id", envelope->id}, {"source", envelope->source},
		{"type", envelope->type}, {0}};
	char place[PLACE_ROOM];

	for (size_t i = 0; required[i].name; i++)
		if (!required[i].value || !*required[i].value)
			return refuse(reterr, envelope->base, required[i].name);
	if (strcmp(envelope->specversion, "1.0") == 0)
		return OK;
	snprintf(place, sizeof(place), "%sspecversion", envelope->base);
	reason_set(reterr, place, "must be \"1.0\"");
	return REJECT;
}
