/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health.h"

static void assert_report(struct health *health, bool well, const char *text)
{
	struct strbuf out;

	strbuf_init(&out, 1000);
	assert_int_equal(health_report(health, &out), well);
	assert_string_equal(out.text, text);
	strbuf_release(&out);
}

static void test_health__is_well_only_when_every_check_is(void **state)
{
	struct clock clock = clock_held(0);
	struct health *health = health_new(&clock);
	int broker = health_check(health, "broker", 0);
	int pack = health_check(health, "pack", 0);

	(void)state;
	health_set(health, broker, true, "connected");
	assert_report(health, false,
		"ok broker: connected\nfailed pack: not looked at yet\n");
	health_set(health, pack, true, "loaded");
	assert_report(health, true, "ok broker: connected\nok pack: loaded\n");
	health_set(health, broker, false, "gone");
	assert_report(health, false, "failed broker: gone\nok pack: loaded\n");
	health_free(&health);
}

static void test_health__no_progress_is_not_well(void **state)
{
	struct clock clock = clock_held(0);
	struct health *health = health_new(&clock);
	int loop = health_check(health, "loop", 10 * INSTANT_SECOND);

	(void)state;
	health_set(health, loop, true, "turning");
	clock.held = 10 * INSTANT_SECOND;
	assert_report(health, true, "ok loop: turning\n");
	clock.held = 11 * INSTANT_SECOND;
	assert_report(health, false, "failed loop: no progress for 11 s\n");
	health_free(&health);
}

static void test_health__is_a_gauge_of_each_check(void **state)
{
	struct clock clock = clock_held(0);
	struct health *health = health_new(&clock);
	int loop = health_check(health, "sink \"a\"", 10 * INSTANT_SECOND);
	struct strbuf out;

	(void)state;
	health_check(health, "other", 0);
	health_set(health, loop, true, "turning");
	strbuf_init(&out, 2000);
	health_write(health, &out);
	assert_non_null(strstr(out.text,
		"postern_check_well{check=\"sink \\\"a\\\"\"} 1\n"
		"postern_check_well{check=\"other\"} 0\n"));
	assert_non_null(strstr(out.text, "\npostern_ready 0\n"));
	health_set(health, 1, true, "well");
	strbuf_reset(&out);
	health_write(health, &out);
	assert_non_null(strstr(out.text, "\npostern_ready 1\n"));
	clock.held = 11 * INSTANT_SECOND;
	strbuf_reset(&out);
	health_write(health, &out);
	assert_non_null(strstr(out.text, "\npostern_ready 0\n"));
	strbuf_release(&out);
	health_free(&health);
}

static void test_health__refused_files_are_named_by_their_end(void **state)
{
	struct health *health = health_new(&clock_wall);
	int check = health_check(health, "files", 0);
	struct reason reason = {.sentence = "\"x\" is not known here"};
	struct strbuf out;

	(void)state;
	strbuf_init(&out, 1000);
	memset(reason.place, 'p', sizeof(reason.place) - 1);
	memcpy(reason.place + 150, "/roles.yaml:12:3",
		sizeof("/roles.yaml:12:3"));
	health_older(health, check, &reason);
	assert_true(health_report(health, &out));
	assert_non_null(
		strstr(out.text, "ok files: older files in force: ..p"));
	assert_non_null(strstr(
		out.text, "p/roles.yaml:12:3: \"x\" is not known here\n"));
	strbuf_reset(&out);
	health_set(health, check, true, "fine");
	health_patience(health, check, INSTANT_MINUTE);
	assert_true(health_report(health, &out));
	strbuf_release(&out);
	health_free(&health);
}
