/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of adapters only: one delivery through classify and translate, as
 * shared code would lead it, and what came of it.
 */
#pragma once

#include "adapter.h"
#include "base/testing.h"

#include <string.h>

#define TELL_HEADERS 40

struct told {
	struct arena *arena;
	struct delivery delivery;
	struct kafka_header headers[TELL_HEADERS];
	enum status status;
	struct reason why;
	struct identity identity;
	struct event_list list;
};

static inline void tell_header(
	struct told *told, const char *name, const char *value)
{
	assert_true(told->delivery.header_count < TELL_HEADERS);
	told->headers[told->delivery.header_count++] =
		(struct kafka_header){name, value, strlen(value)};
}

static inline struct told *tell_new(const char *tool)
{
	struct arena *arena = arena_new(64u << 20);
	struct told *told = arena_alloc(arena, sizeof(*told));

	told->arena = arena;
	told->delivery = (struct delivery){.arena = arena,
		.id = "00000000000000000000000000000000",
		.source = "here",
		.tool = tool,
		.tenant = "default",
		.digest = "sha256:",
		.headers = told->headers};
	told->list = (struct event_list){
		.arena = arena, .maker = json_maker_new(arena)};
	return told;
}

/* Leaves the answer in told->status, why and list. */
static inline void tell_bytes(struct told *told, const char *body, size_t size)
{
	const struct adapter *adapter = adapter_find(told->delivery.tool);
	struct delivery *delivery = &told->delivery;

	delivery->body = body;
	delivery->size = size;
	told->status = OK;
	if (adapter->json)
		told->status = json_read(
			told->arena, body, size, &delivery->json, &told->why);
	if (told->status == OK)
		told->status = adapter->classify(
			delivery, &told->identity, &told->why);
	if (told->status == OK)
		told->status = adapter->translate(
			delivery, &told->identity, &told->list, &told->why);
}

static inline void tell(struct told *told, const char *body)
{
	tell_bytes(told, body, strlen(body));
}

static inline void tell_free(struct told *told)
{
	struct arena *arena = told->arena;

	arena_free(&arena);
}

/* The body of an event as compact JSON. */
static inline const char *told_body(struct told *told, size_t index)
{
	size_t length;

	assert_true(index < told->list.count);
	return json_write(
		told->list.maker, told->list.events[index].body, &length);
}

/* The same, to ask for members by path. */
static inline const struct json *told_json(struct told *told, size_t index)
{
	const char *text = told_body(told, index);
	const struct json *json = NULL;

	assert_int_equal(
		json_read(told->arena, text, strlen(text), &json, &told->why),
		OK);
	return json;
}

static inline void assert_told(struct told *told, size_t count)
{
	if (told->status != OK)
		fail_msg("%d at %s: %s", told->status, told->why.place,
			told->why.sentence);
	assert_int_equal(told->list.count, count);
}

static inline void assert_refused(
	struct told *told, const char *place, const char *word)
{
	assert_int_equal(told->status, REJECT);
	assert_string_equal(told->why.place, place);
	if (!strstr(told->why.sentence, word))
		fail_msg("\"%s\" is not in: %s", word, told->why.sentence);
}

/* Text at a path of the event's body; "" where there is none. */
static inline const char *told_text(
	struct told *told, size_t index, const char *path)
{
	return json_text_at(told_json(told, index), path, "");
}

static inline const char *told_time(struct told *told, size_t index)
{
	char *text = arena_alloc(told->arena, INSTANT_TEXT);

	if (told->list.events[index].tool_time == INSTANT_NEVER)
		return "never";
	instant_format(told->list.events[index].tool_time, text);
	return text;
}
