/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/settings.h"

#include "wire/doc.h"

struct values {
	const char *name;
	const char *password;
	int64_t count;
	int64_t room;
	instant wait;
	bool on;
	const struct doc *map;
};

static const struct setting table[] = {
	{"name", SETTING_TEXT, "x", 0, 0, true, false, false,
		offsetof(struct values, name), "A name."},
	{"password", SETTING_TEXT, "", 0, 0, false, true, false,
		offsetof(struct values, password), "A password."},
	{"count", SETTING_INTEGER, "3", 1, 9, false, false, false,
		offsetof(struct values, count), "A count."},
	{"room-left", SETTING_SIZE, "2KiB", 0, 0, false, false, false,
		offsetof(struct values, room), "A size."},
	{"wait", SETTING_DURATION, "5s", 0, 0, false, false, false,
		offsetof(struct values, wait), "A wait."},
	{"on", SETTING_BOOL, "false", 0, 0, false, false, false,
		offsetof(struct values, on), "A switch."},
	{"map", SETTING_MAP, "", 0, 0, false, false, false,
		offsetof(struct values, map), "A map."},
	{0},
};

static struct values values;
static struct arena *arena;
static struct reason why;
static enum settings_wish wish;
static int which;

static enum status load(int argc, const char *const *argv)
{
	static const char *const switches[] = {
		"create", "Makes it.", "drop", "Drops it.", NULL};
	struct settings_program program = {.service = "test",
		.sentence = "s",
		.table = table,
		.switches = switches,
		.values = &values,
		.arena = arena ? arena : (arena = arena_new(64 << 20))};

	memset(&values, 0, sizeof(values));
	return settings_load(
		&program, argc, (char **)(uintptr_t)argv, &wish, &which, &why);
}

#define LOAD(...)                                                              \
	load((int)(sizeof((const char *[]){"p", __VA_ARGS__}) /                \
		     sizeof(char *)),                                          \
		(const char *[]){"p", __VA_ARGS__})

static const char *file_with(const char *text)
{
	static char path[] = "/tmp/postern-settings-XXXXXX";
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/postern-settings-XXXXXX");
	file = fdopen(mkstemp(path), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return path;
}

static void test_settings__have_defaults_of_each_type(void **state)
{
	(void)state;
	assert_int_equal(LOAD("--count", "4"), OK);
	assert_int_equal(wish, SETTINGS_RUN);
	assert_string_equal(values.name, "x");
	assert_null(values.password);
	assert_int_equal(values.count, 4);
	assert_int_equal(values.room, 2048);
	assert_int_equal(values.wait, 5 * INSTANT_SECOND);
	assert_false(values.on);
}

static void test_settings__flag_beats_environment_beats_file(void **state)
{
	const char *path = file_with("count: 5\nname: file\nwait: 7s\n"
				     "map:\n  a: b\n");

	(void)state;
	setenv("POSTERN_TEST_COUNT", "6", 1);
	setenv("POSTERN_TEST_ROOM_LEFT", "1MiB", 1);
	assert_int_equal(LOAD("--name=flag", "--config", path, "--on"), OK);
	unsetenv("POSTERN_TEST_COUNT");
	unsetenv("POSTERN_TEST_ROOM_LEFT");
	unlink(path);
	assert_string_equal(values.name, "flag");
	assert_int_equal(values.count, 6);
	assert_int_equal(values.room, 1 << 20);
	assert_int_equal(values.wait, 7 * INSTANT_SECOND);
	assert_true(values.on);
	assert_string_equal(doc_get(values.map, "a")->text, "b");
}

static void test_settings__name_the_place_of_a_mistake(void **state)
{
	const char *path = file_with("name: a\ncount: many\n");
	char want[100];

	(void)state;
	snprintf(want, sizeof(want), "%s:2:8", path);
	assert_int_equal(LOAD("--config", path), CONFIG);
	assert_string_equal(why.place, want);
	unlink(path);
	assert_int_equal(LOAD("--count=10"), REJECT);
	assert_string_equal(why.place, "--count");
	assert_int_equal(LOAD("--colour=red"), REJECT);
	assert_string_equal(why.place, "--colour");
	assert_int_equal(LOAD("--count"), REJECT);
	assert_int_equal(LOAD("--on=maybe"), REJECT);
	assert_int_equal(LOAD("--wait=soon"), REJECT);
	assert_int_equal(LOAD("--room-left=2PiB"), REJECT);
	assert_int_equal(LOAD("stray"), REJECT);
	assert_int_equal(LOAD("--name="), CONFIG);
	assert_string_equal(why.place, "name");
	assert_int_equal(LOAD("--config", "/nonexistent"), CONFIG);
}

static void test_settings__secrets_come_from_files_and_are_not_shown(void **s)
{
	const char *path = file_with("hunter2\nrest\n");
	struct settings_program program = {
		.service = "test", .table = table, .values = &values};
	struct strbuf out;

	(void)s;
	assert_int_equal(LOAD("--password-file", path), OK);
	unlink(path);
	assert_string_equal(values.password, "hunter2");
	strbuf_init(&out, 10000);
	settings_print(&program, &out);
	assert_null(strstr(out.text, "hunter2"));
	assert_non_null(strstr(out.text, "password: ***\n"));
	assert_non_null(strstr(out.text, "wait: 5s\n"));
	strbuf_release(&out);
	assert_int_equal(LOAD("--name-file", path), REJECT);
}

static void test_settings__know_what_is_wished(void **state)
{
	(void)state;
	assert_int_equal(LOAD("--check"), OK);
	assert_int_equal(wish, SETTINGS_CHECK);
	assert_int_equal(LOAD("--health", "--name", ""), OK);
	assert_int_equal(wish, SETTINGS_HEALTH);
	assert_int_equal(LOAD("--alive"), OK);
	assert_int_equal(wish, SETTINGS_ALIVE);
	assert_int_equal(LOAD("--check", "--name", ""), CONFIG);
	assert_int_equal(LOAD("--drop", "--count=2"), OK);
	assert_int_equal(wish, SETTINGS_SWITCH);
	assert_int_equal(which, 1);
	assert_int_equal(values.count, 2);
}
