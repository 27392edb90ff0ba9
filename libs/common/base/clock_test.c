/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>
#include "base/reason.h"

static instant parse(const char *text)
{
	struct reason reason;
	instant at;

	assert_int_equal(instant_parse(text, strlen(text), &at, &reason), OK);
	return at;
}

static void test_instant__reads_any_zone_and_fraction(void **state)
{
	(void)state;
	assert_int_equal(parse("1970-01-01T00:00:01Z"), INSTANT_SECOND);
	assert_int_equal(parse("2021-08-19T12:16:32.000-04:00"),
		parse("2021-08-19T16:16:32Z"));
	assert_int_equal(
		parse("2026-01-02T03:04:05.123456789+01:00") % INSTANT_SECOND,
		123456);
	assert_int_equal(
		parse("2026-06-30T23:59:60Z"), parse("2026-07-01T00:00:00Z"));
	assert_int_equal(
		parse("2000-03-01T00:00:00Z") - parse("2000-02-29T00:00:00Z"),
		INSTANT_DAY);
	assert_int_equal(
		parse("0000-01-01T00:00:00Z"), -62167219200 * INSTANT_SECOND);
}

static void test_instant__refuses_what_is_no_time(void **state)
{
	static const char *const bad[] = {"", "yesterday",
		"2026-13-01T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-01T00:00:00", "2026-01-01T00:00:00Zx",
		"2026-01-01T25:00:00Z", "1700000000", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-04-31T23:59:60Z"};
	struct reason reason;
	instant at;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			instant_parse(bad[i], strlen(bad[i]), &at, &reason),
			REJECT);
}

static void test_instant__formats_what_it_parses(void **state)
{
	static const char *const texts[] = {"2026-11-24T08:00:00Z",
		"2026-11-24T08:00:00.000001Z", "1969-12-31T23:59:59.500000Z"};
	char text[INSTANT_TEXT];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		instant_format(parse(texts[i]), text);
		assert_string_equal(text, texts[i]);
	}
}

static void test_duration__reads_units_and_formats_the_shortest(void **state)
{
	static const struct {
		const char *in;
		instant us;
		const char *out;
	} rows[] = {{"90", 90 * INSTANT_SECOND, "90s"},
		{"120s", 2 * INSTANT_MINUTE, "2m"}, {"24h", INSTANT_DAY, "1d"},
		{"250ms", 250000, "250ms"}, {"0s", 0, "0ms"}};
	struct reason reason;
	char text[INSTANT_TEXT];
	instant us;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(duration_parse(rows[i].in, &us, &reason), OK);
		assert_int_equal(us, rows[i].us);
		duration_format(us, text);
		assert_string_equal(text, rows[i].out);
	}
}

static void test_duration__refuses_words_signs_and_overflow(void **state)
{
	static const char *const bad[] = {
		"", "-1s", "soon", "1w", "1.5h", "99999999999999999d"};
	struct reason reason;
	instant us;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(duration_parse(bad[i], &us, &reason), REJECT);
}

static void test_clock__held_clock_stands_still(void **state)
{
	struct clock clock = clock_held(42);

	(void)state;
	assert_int_equal(clock_now(&clock), 42);
	clock.held = 43;
	assert_int_equal(clock_now(&clock), 43);
	assert_true(clock_now(&clock_wall) > parse("2026-01-01T00:00:00Z"));
	instant before = clock_monotonic();
	clock_sleep(2000);
	assert_true(clock_monotonic() - before >= 2000);
}

/* Against the C library, over leap days, centuries and both signs. */
static void test_clock__formats_as_the_c_library_does(void **state)
{
	char got[INSTANT_TEXT], wanted[INSTANT_TEXT];

	(void)state;
	for (int64_t day = -719000; day < 2900000; day += 13) {
		time_t seconds = (time_t)(day * 86400 + day % 86400);
		struct tm parts;

		gmtime_r(&seconds, &parts);
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", &parts);
		if (parts.tm_year + 1900 < 1000 || parts.tm_year > 8099)
			continue; /* the C library's year has no zeros before */
		instant_format((instant)seconds * INSTANT_SECOND, got);
		assert_string_equal(got, wanted);
	}
	instant_format(-1, got);
	assert_string_equal(got, "1969-12-31T23:59:59.999999Z");
	instant_format(INSTANT_NEVER, got);
	assert_string_equal(got, "9999-12-31T23:59:59.775807Z");
	instant_format(INT64_MIN, got);
	assert_string_equal(got, "0000-01-01T00:00:00.224192Z");
}
