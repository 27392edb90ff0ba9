/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/progress.h"

/* One life: begins the batch at `first` and dies in it. */
static void die(char text[PROGRESS_TEXT], int64_t next, int64_t first,
	int64_t end, size_t count)
{
	struct deaths deaths;

	progress_read(text, next, &deaths);
	deaths_begin(&deaths, first, end, count);
	progress_write(&deaths, text);
}

static void test_progress__three_deaths_shrink_three_alone_park(void **state)
{
	char text[PROGRESS_TEXT] = "";
	const int64_t offsets[] = {10, 11, 12};
	struct deaths deaths;
	bool again;

	(void)state;
	for (int i = 0; i < DEATHS_MOST; i++) {
		progress_read(text, 10, &deaths);
		assert_int_equal(
			progress_share(&deaths, offsets, 3, &again), 3);
		assert_false(again);
		die(text, 10, 10, 13, 3);
	}
	for (int i = 0; i < DEATHS_MOST; i++) {
		progress_read(text, 10, &deaths);
		assert_int_equal(
			progress_share(&deaths, offsets, 3, &again), 1);
		assert_false(deaths_park(&deaths, 10));
		die(text, 10, 10, 11, 1);
	}
	progress_read(text, 10, &deaths);
	assert_true(deaths_park(&deaths, 10));
}

static void test_progress__chunks_before_a_suspect_are_no_batch(void **state)
{
	char text[PROGRESS_TEXT] = "";
	const int64_t offsets[] = {7, 8, 9, 10, 11};
	struct deaths deaths;
	bool again;

	(void)state;
	die(text, 7, 10, 12, 2);
	progress_read(text, 7, &deaths);
	assert_int_equal(progress_share(&deaths, offsets, 5, &again), 3);
	assert_true(again);
	assert_int_equal(progress_share(&deaths, offsets + 3, 2, &again), 2);
	assert_false(again);
	assert_int_equal(deaths.deaths, 1);
}

static void test_progress__nothing_begun_is_an_empty_text(void **state)
{
	char text[PROGRESS_TEXT] = "x";
	struct deaths deaths = {0};

	(void)state;
	progress_write(&deaths, text);
	assert_string_equal(text, "");
}

static void test_progress__another_text_means_no_deaths(void **state)
{
	static const char *const texts[] = {"", "2 1 2 3 0", "1 5 4 1 0",
		"1 5 6 -1 0", "1 1 9 1 0", "1 5 6 1", "1 5 6 1 0 x",
		"nonsense"};
	struct deaths deaths;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		progress_read(texts[i], 5, &deaths);
		assert_int_equal(deaths.until, 0);
		assert_int_equal(deaths.deaths, 0);
	}
}
