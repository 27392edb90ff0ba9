/* SPDX-License-Identifier: Apache-2.0 */
#include "rejection.h"

#include "model/cloudevent.h"
#include "wire/json.h"

static const struct rejection whole = {.stage = "edge",
	.source = "web",
	.tool = "git",
	.tenant = "acme",
	.delivery = "0123456789abcdef0123456789abcdef",
	.digest = "sha256:00",
	.size = 17,
	.received = INSTANT_SECOND,
	.reason = "too large",
	.path = "body",
	.adapter = "git/1",
	.oversized = true};

static const struct json *data_read(
	struct arena *arena, const struct kafka_record *record)
{
	const struct json *data;
	struct reason reason;

	assert_int_equal(json_read(arena, record->value, record->value_length,
				 &data, &reason),
		OK);
	return data;
}

static void test_rejection__says_all_it_was_told(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct kafka_record record;
	struct cloudevent event;
	const struct json *data;
	struct reason reason;
	int64_t size;

	(void)state;
	rejection_encode(arena, &whole, &record);
	assert_int_equal(
		cloudevent_decode(arena, &record, &event, &reason), OK);
	assert_string_equal(event.type, "dev.postern.rejected.v1");
	assert_string_equal(event.tenant, "acme");
	assert_int_equal(event.recorded, INSTANT_SECOND);
	assert_memory_equal(record.key, "web", record.key_length);
	data = data_read(arena, &record);
	assert_string_equal(json_text_at(data, "stage", ""), "edge");
	assert_string_equal(json_text_at(data, "reason", ""), "too large");
	assert_string_equal(
		json_text_at(data, "delivery.digest", ""), "sha256:00");
	assert_true(json_integer(json_path(data, "delivery.size"), &size));
	assert_int_equal(size, 17);
	assert_true(json_true(json_get(data, "oversized")));
	arena_free(&arena);
}

static void test_rejection__leaves_out_what_is_not_known(void **state)
{
	struct arena *arena = arena_new(1u << 20);
	struct rejection part = whole;
	struct kafka_record record;
	const struct json *data;

	(void)state;
	part.digest = part.adapter = NULL;
	part.path = "";
	part.oversized = false;
	rejection_encode(arena, &part, &record);
	data = data_read(arena, &record);
	assert_null(json_path(data, "delivery.digest"));
	assert_null(json_get(data, "adapter"));
	assert_null(json_get(data, "path"));
	assert_null(json_get(data, "oversized"));
	arena_free(&arena);
}
