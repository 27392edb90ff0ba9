/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/envelope.h"

static struct reason why;

static const char *mode_of(const char *name, const char *value)
{
	const struct kafka_header header = {name, value, strlen(value)};
	const struct delivery delivery = {
		.headers = &header, .header_count = 1};

	return envelope_mode(&delivery);
}

static void test_envelope__knows_the_modes_by_their_headers(void **state)
{
	(void)state;
	assert_string_equal(
		mode_of("content-type", "application/cloudevents+json"),
		"structured");
	assert_string_equal(
		mode_of("content-type",
			"Application/CloudEvents+JSON; charset=utf-8"),
		"structured");
	assert_string_equal(
		mode_of("content-type", "application/cloudevents-batch+json"),
		"batch");
	assert_string_equal(mode_of("ce-specversion", "1.0"), "binary");
	assert_null(mode_of("content-type", "application/cloudevents+jsonx"));
	assert_null(mode_of("content-type", "application/json"));
}

static void test_envelope__headers_are_percent_decoded(void **state)
{
	struct arena *arena = arena_new(1 << 16);
	const struct kafka_header headers[] = {{"ce-subject", "a%20b%2fc", 9},
		{"ce-id", "50%", 3}, {"ce-type", "%00x%zz%4", 9}};
	const struct delivery delivery = {
		.arena = arena, .headers = headers, .header_count = 3};
	struct envelope got = envelope_headers(&delivery);

	(void)state;
	assert_string_equal(got.subject, "a b/c");
	assert_string_equal(got.id, "50%");
	assert_string_equal(got.type, "%00x%zz%4");
	assert_null(got.time);
	assert_int_equal(envelope_check(&got, &why), REJECT);
	assert_string_equal(why.place, "ce-specversion");
	arena_free(&arena);
}

static enum status read_event(
	struct arena *arena, const char *text, struct envelope *ret)
{
	const struct json *json;

	assert_int_equal(json_read(arena, text, strlen(text), &json, &why), OK);
	return envelope_json(json, "$[3]", arena, ret, &why);
}

static void test_envelope__names_the_attribute_that_is_wrong(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	struct envelope got;

	(void)state;
	assert_int_equal(read_event(arena, "7", &got), REJECT);
	assert_string_equal(why.place, "$[3]");
	assert_int_equal(read_event(arena, "{\"time\":7}", &got), REJECT);
	assert_string_equal(why.place, "$[3].time");
	assert_int_equal(
		read_event(arena, "{\"data_base64\":\"\"}", &got), REJECT);
	assert_string_equal(why.place, "$[3].data_base64");
	assert_int_equal(read_event(arena,
				 "{\"specversion\":\"1.0\",\"id\":\"\"}", &got),
		OK);
	assert_int_equal(envelope_check(&got, &why), REJECT);
	assert_string_equal(why.place, "$[3].id");
	assert_int_equal(read_event(arena,
				 "{\"specversion\":\"2.0\",\"id\":\"a\","
				 "\"source\":\"b\",\"type\":\"c\"}",
				 &got),
		OK);
	assert_int_equal(envelope_check(&got, &why), REJECT);
	assert_string_equal(why.place, "$[3].specversion");
	arena_free(&arena);
}
