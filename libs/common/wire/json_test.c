/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json.h"

static struct arena *arena;

static const struct json *read_text(const char *text)
{
	struct reason reason;
	const struct json *value = NULL;

	if (!arena)
		arena = arena_new(64 << 20);
	if (json_read(arena, text, strlen(text), &value, &reason) != OK)
		fail_msg("%s: %s", reason.place, reason.sentence);
	return value;
}

static void assert_refused(const char *text, size_t size, const char *place)
{
	struct reason reason;
	const struct json *value;

	if (!arena)
		arena = arena_new(64 << 20);
	assert_int_equal(json_read(arena, text, size, &value, &reason), REJECT);
	assert_string_equal(reason.place, place);
}

static void test_json__reads_by_path_and_type(void **state)
{
	const struct json *v = read_text(
		"{\"a\":{\"b\":[1,{\"c\":\"x\"}]},\"n\":-5,\"t\":true}");
	int64_t n;

	(void)state;
	assert_string_equal(json_text_at(v, "a.b.1.c", "-"), "x");
	assert_string_equal(json_text_at(v, "a.b.7.c", "-"), "-");
	assert_string_equal(json_text_at(v, "a.b.x", "-"), "-");
	assert_true(json_integer(json_path(v, "n"), &n) && n == -5);
	assert_false(json_integer(json_path(v, "t"), &n));
	assert_true(json_true(json_get(v, "t")));
	assert_string_equal(json_type(json_get(v, "zz")), "absent");
	assert_string_equal(json_type(json_get(v, "a")), "object");
	assert_null(json_text(NULL));
}

static void test_json__walks_arrays_and_objects(void **state)
{
	const struct json *v = read_text("{\"k1\":[1,[2,3],4],\"k2\":{}}");
	char seen[100] = "";

	(void)state;
	JSON_EACH (v, member) {
		strncat(seen, member.key, 20);
		JSON_EACH (member.value, item)
			strncat(seen, json_type(item.value), 20);
	}
	assert_string_equal(seen, "k1numberarraynumberk2");
}

static void test_json__refuses_duplicate_keys_by_path(void **state)
{
	const char *text = "{\"a\":[0,{\"b\":1,\"c\":2,\"b\":3}]}";

	(void)state;
	assert_refused(text, strlen(text), "$.a[1].b");
}

/* Few keys are compared as they are, many are sorted first. */
static void test_json__finds_duplicates_among_few_and_many(void **state)
{
	char text[2000];

	(void)state;
	for (int count = 23; count <= 26; count++) {
		size_t n = 0;

		for (int i = 0; i < count; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
				"%s\"key%d\":%d", i ? "," : "{", i, i);
		snprintf(text + n, sizeof(text) - n, "}");
		assert_int_equal(json_count(read_text(text)), count);
		snprintf(
			text + n, sizeof(text) - n, ",\"key%d\":0}", count - 1);
		snprintf(text + 1500, 20, "$.key%d", count - 1);
		assert_refused(text, strlen(text), text + 1500);
	}
}

static void test_json__refuses_what_parsers_disagree_on(void **state)
{
	(void)state;
	assert_refused("", 0, "byte 0");
	assert_refused("{\"a\":\"\xff\"}", 9, "byte 6");
	assert_refused("{\"a\":\"\\u0000\"}", 14, "$.a");
	assert_refused("{\"a\\u0000b\":1}", 14, "$.a");
	assert_refused("{\"a\":\"\\ud800\"}", 14, "byte 12");
	assert_refused("{\"a\":1} x", 9, "byte 8");
	assert_refused("{\"a\":NaN}", 9, "byte 5");
	assert_refused("{\"a\":1", 6, "byte 6");
}

static void test_json__refuses_deep_nesting_without_falling_over(void **state)
{
	static char text[2000001];

	(void)state;
	memset(text, '[', 2000000);
	assert_refused(text, 2000000, "$");
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	assert_true(json_is_array(read_text(text)));
	memset(text, '[', 65);
	memset(text + 65, ']', 65);
	assert_refused(text, 130, "$");
	for (int i = 0; i < 65; i++)
		memcpy(text + 5 * i, "{\"a\":", 5);
	memset(text + 325, '1', 1);
	memset(text + 326, '}', 65);
	assert_refused(text, 391, "$");
}

static void test_json__many_brackets_side_by_side_are_not_deep(void **state)
{
	char text[2000] = "[[\"[[{\"]";

	(void)state;
	for (int i = 0; i < 200; i++)
		strncat(text, ",[{}]", 6);
	strncat(text, "]", 2);
	assert_int_equal(json_count(read_text(text)), 201);
}

static void test_json__keeps_numbers_exact_or_says_it_cannot(void **state)
{
	const struct json *v = read_text("[9223372036854775807,"
					 "92233720368547758070,1e400,3.0,0.5]");
	int64_t n;
	size_t length;

	(void)state;
	assert_true(json_integer(json_path(v, "0"), &n));
	assert_true(n == INT64_MAX);
	assert_false(json_integer(json_path(v, "1"), &n));
	assert_true(json_is_number(json_path(v, "1")));
	assert_true(json_integer(json_path(v, "3"), &n) && n == 3);
	assert_false(json_integer(json_path(v, "4"), &n));
	assert_string_equal(json_rewrite(arena, json_path(v, "1"), &length),
		"92233720368547758070");
}

static void test_json__makes_what_it_reads(void **state)
{
	const struct json *in = read_text("{\"x\":[1,2]}");
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *root = json_object(maker);
	struct json_node *list = json_array(maker);
	size_t length;

	(void)state;
	json_set_text(maker, root, "text", "q\"\n");
	json_set_text(maker, root, "none", NULL);
	json_set_integer(maker, root, "n", 7);
	json_set_instant(maker, root, "at", 1000000);
	json_set_instant(maker, root, "never", INT64_MAX);
	json_set_copy(maker, root, "copy", json_get(in, "x"));
	json_add_text(maker, list, "a");
	json_set_node(maker, root, "list", list);
	assert_int_equal(json_node_count(root), 5);
	assert_string_equal(json_write(maker, root, &length),
		"{\"text\":\"q\\\"\\n\",\"n\":7,\"at\":\"1970-01-01T00:00:"
		"01Z\","
		"\"copy\":[1,2],\"list\":[\"a\"]}");
}

static void test_json__replaces_bytes_that_are_no_utf8(void **state)
{
	struct json_maker *maker;
	struct json_node *root;
	size_t length;

	(void)state;
	read_text("{}");
	maker = json_maker_new(arena);
	root = json_object(maker);
	json_set_bytes(maker, root, "t", "a\xff\xc3\xa4\xed\xa0\x80", 7);
	assert_string_equal(json_write(maker, root, &length),
		"{\"t\":"
		"\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""
		"}");
}
