/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/form.h"

#include "base/testing.h"

static struct reason why;

static enum status field(const char *body, const char **ret, size_t *ret_size)
{
	static struct arena *arena;

	if (!arena)
		arena = arena_new(1 << 20);
	return form_field(
		arena, body, strlen(body), "payload", ret, ret_size, &why);
}

static void test_form__finds_the_one_field_and_decodes_it(void **state)
{
	static const struct {
		const char *body, *value;
	} rows[] = {{"payload=a", "a"}, {"payload=", ""},
		{"x=1&payload=a+b%2B%c3%A4&y=", "a b+\xc3\xa4"},
		{"xpayload=1&payload=2&payloads=3", "2"},
		{"&&payload==%3d&", "=="}};
	const char *value;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(field(rows[i].body, &value, &size), OK);
		assert_string_equal(value, rows[i].value);
		assert_int_equal(size, strlen(rows[i].value));
	}
	/* A NUL is a byte like others; who reads the value refuses it. */
	assert_int_equal(field("payload=a%00b", &value, &size), OK);
	assert_int_equal(size, 3);
}

static void test_form__refuses_with_the_byte(void **state)
{
	static const struct {
		const char *body, *place;
	} rows[] = {{"", "byte 0"}, {"payload", "byte 0"}, {"x=1", "byte 0"},
		{"payload=1&payload=1", "byte 10"}, {"payload=%", "byte 8"},
		{"payload=a%4", "byte 9"}, {"payload=%zz", "byte 8"}};
	const char *value;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(field(rows[i].body, &value, &size), REJECT);
		assert_string_equal(why.place, rows[i].place);
	}
}

static void test_form__a_document_is_a_field_or_the_body(void **state)
{
	static const char type[] =
		"Application/X-WWW-Form-URLencoded; charset=utf-8";
	static const char form[] = "payload=%5b7%5D", body[] = "[7]";
	struct arena *arena = arena_new(1 << 20);
	const struct json *json = NULL;

	(void)state;
	assert_int_equal(form_or_json(arena, type, form, strlen(form),
				 "payload", &json, &why),
		OK);
	assert_int_equal(json_count(json), 1);
	assert_int_equal(form_or_json(arena, NULL, body, strlen(body),
				 "payload", &json, &why),
		OK);
	assert_int_equal(form_or_json(arena, "application/json", body,
				 strlen(body), "payload", &json, &why),
		OK);
	assert_int_equal(form_or_json(arena, type, body, strlen(body),
				 "payload", &json, &why),
		REJECT);
	assert_int_equal(form_or_json(arena, type, "payload=%5B", 11, "payload",
				 &json, &why),
		REJECT);
	assert_string_equal(why.place, "field payload: byte 1");
	arena_free(&arena);
}
