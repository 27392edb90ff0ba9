/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reason.h"

static void test_reason__keeps_sentence_and_place(void **state)
{
	struct reason reason;

	(void)state;
	reason_set(&reason, "$.a", "want %s, got %d", "string", 7);
	assert_string_equal(reason.sentence, "want string, got 7");
	assert_string_equal(reason.place, "$.a");
}

static void test_reason__puts_the_outer_place_first(void **state)
{
	struct reason reason;

	(void)state;
	reason_set(&reason, "3:9", "x");
	reason_within(&reason, "pack.yaml");
	assert_string_equal(reason.place, "pack.yaml: 3:9");
}

static void test_reason__is_the_same_by_words_and_place(void **state)
{
	struct reason one, other;

	(void)state;
	reason_set(&one, "a:1", "x");
	reason_set(&other, "a:1", "x");
	assert_true(reason_same(&one, &other));
	reason_set(&other, "a:2", "x");
	assert_false(reason_same(&one, &other));
	reason_set(&other, "a:1", "y");
	assert_false(reason_same(&one, &other));
}

static void test_reason__cuts_at_a_utf8_boundary(void **state)
{
	struct reason reason;
	char text[1200];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 1] = '\0';
	reason_set(&reason, NULL, "x%s", text);
	size_t n = strlen(reason.sentence);
	assert_true(n < sizeof(reason.sentence));
	assert_int_equal((n - 1) % 2, 0);
}

static void test_utf8_cut__never_splits_a_sequence(void **state)
{
	char text[] = "ab\xe2\x82\xac";

	(void)state;
	utf8_cut(text, 4);
	assert_string_equal(text, "ab");
}
