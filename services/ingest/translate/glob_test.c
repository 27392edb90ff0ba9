/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/glob.h"

static bool matches(const char *pattern, const char *text, const char *captures)
{
	struct glob_capture got[GLOB_STARS_MAX];
	struct reason why;
	char joined[200] = "";
	size_t stars, n = 0;

	assert_int_equal(glob_check(pattern, &stars, &why), OK);
	if (!glob_match(pattern, text, got))
		return false;
	for (size_t i = 0; i < stars; i++)
		n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%.*s",
			i ? "|" : "", (int)got[i].length, got[i].text);
	assert_string_equal(joined, captures);
	return true;
}

static void test_glob__matches_whole_texts(void **state)
{
	(void)state;
	assert_true(matches("shop", "shop", ""));
	assert_false(matches("shop", "shops", ""));
	assert_false(matches("shop", "sho", ""));
	assert_true(matches("", "", ""));
	assert_false(matches("", "a", ""));
	assert_true(matches("sh?p", "sh\xc3\xb6p", ""));
	assert_false(matches("sh?p", "shp", ""));
	assert_true(matches("[a-c]x[!0-9]", "bxy", ""));
	assert_false(matches("[a-c]x[!0-9]", "bx1", ""));
	assert_true(matches("[]]", "]", ""));
	assert_true(matches("\\*\\[", "*[", ""));
	assert_false(matches("\\*", "a", ""));
}

static void test_glob__tells_what_each_star_took(void **state)
{
	(void)state;
	assert_true(matches("*-*", "shop-eu-prod", "shop|eu-prod"));
	assert_true(matches("*-prod", "shop-eu-prod", "shop-eu"));
	assert_true(matches("*", "", ""));
	assert_true(matches("**", "ab", "|ab"));
	assert_true(matches("https://*/*/*", "https://h/a/b/c", "h|a|b/c"));
	assert_true(matches("*ab", "aab", "a"));
	assert_false(matches("*-prod", "shop-test", ""));
	assert_false(matches("a*b", "a", ""));
}

static void test_glob__is_not_slow_on_a_hostile_text(void **state)
{
	char text[1001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(matches("*a*a*a*a*a*a*a*a*b", text, ""));
}

static void test_glob__refuses_what_is_no_pattern(void **state)
{
	struct reason why;
	size_t stars;

	(void)state;
	assert_int_equal(glob_check("a[b", &stars, &why), REJECT);
	assert_int_equal(glob_check("[]", &stars, &why), REJECT);
	assert_int_equal(glob_check("a\\", &stars, &why), REJECT);
	assert_int_equal(glob_check("**********", &stars, &why), REJECT);
}
