/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/doc.h"

static struct arena *arena;
static struct reason why;

static enum status read_text(const char *text, const struct doc **ret)
{
	if (!arena)
		arena = arena_new(64 << 20);
	return doc_read(arena, "f.yaml", text, strlen(text), ret, &why);
}

static const struct doc *good(const char *text)
{
	const struct doc *root;

	if (read_text(text, &root) != OK)
		fail_msg("%s: %s", why.place, why.sentence);
	return root;
}

static void assert_refused(const char *text, const char *place)
{
	const struct doc *root;

	assert_int_equal(read_text(text, &root), CONFIG);
	assert_string_equal(why.place, place);
}

static void test_doc__reads_typed_members(void **state)
{
	const struct doc *d =
		good("name: x\ncount: 7\non: true\nevery: 15m\nlist: [a, b]\n");
	const char *text;
	int64_t n;
	bool b;
	instant t;

	(void)state;
	assert_int_equal(doc_text(d, "name", "-", &text, &why), OK);
	assert_string_equal(text, "x");
	assert_int_equal(doc_text(d, "none", "-", &text, &why), OK);
	assert_string_equal(text, "-");
	assert_int_equal(doc_integer(d, "count", 0, 9, 1, &n, &why), OK);
	assert_int_equal(n, 7);
	assert_int_equal(doc_bool(d, "on", false, &b, &why), OK);
	assert_true(b);
	assert_int_equal(doc_duration(d, "every", 0, &t, &why), OK);
	assert_int_equal(t, 15 * INSTANT_MINUTE);
	assert_int_equal(doc_get(d, "list")->count, 2);
	assert_string_equal(doc_get(d, "list")->first->next->text, "b");
}

static void test_doc__names_line_and_column_of_a_wrong_member(void **state)
{
	const struct doc *d = good("a:\n  b: word\n  c: 70\n");
	const struct doc *a = doc_get(d, "a");
	const char *text;
	int64_t n;
	bool b;
	instant t;

	(void)state;
	assert_int_equal(doc_integer(a, "b", 0, 9, 1, &n, &why), CONFIG);
	assert_string_equal(why.place, "f.yaml:2:6");
	assert_int_equal(doc_integer(a, "c", 0, 9, 1, &n, &why), CONFIG);
	assert_string_equal(why.place, "f.yaml:3:6");
	assert_int_equal(doc_bool(a, "b", 0, &b, &why), CONFIG);
	assert_int_equal(doc_duration(a, "b", 0, &t, &why), CONFIG);
	assert_int_equal(doc_text(d, "a", "", &text, &why), CONFIG);
	assert_int_equal(doc_text_required(a, "zz", &text, &why), CONFIG);
	assert_string_equal(why.sentence, "\"zz\" is missing");
}

static void test_doc__refuses_what_means_two_things(void **state)
{
	(void)state;
	assert_refused("a: 1\na: 2\n", "f.yaml:2:1");
	assert_refused("a: &x 1\nb: *x\n", "f.yaml:2:4");
	assert_refused("a: 1\n---\nb: 2\n", "f.yaml:2:1");
	assert_refused("", "f.yaml:1:1");
	assert_refused("a: [1\n", "f.yaml:2:1");
	assert_refused("a: \"x\\0y\"\n", "f.yaml:1:4");
}

static void test_doc__names_a_member_that_is_not_known(void **state)
{
	static const char *const known[] = {"a", NULL};

	(void)state;
	assert_int_equal(doc_only(good("a: 1\nbb: 2\n"), known, &why), CONFIG);
	assert_string_equal(why.place, "f.yaml:2:5");
	assert_int_equal(
		doc_only(good("a: 1\nbb:\n- x\n"), known, &why), CONFIG);
	assert_string_equal(why.place, "f.yaml:2:1");
	assert_int_equal(doc_only(good("a: 1\n"), known, &why), OK);
}

static void test_doc__bounds_depth(void **state)
{
	char text[200];

	(void)state;
	memset(text, '[', 100);
	memset(text + 100, ']', 99);
	text[199] = '\0';
	assert_refused(text, "f.yaml:1:33");
}

static void test_doc__says_that_a_file_is_not_there(void **state)
{
	const struct doc *root;

	(void)state;
	good("a: 1");
	assert_int_equal(
		doc_read_file(arena, "/nonexistent.yaml", &root, &why), CONFIG);
	assert_string_equal(why.place, "/nonexistent.yaml");
}
