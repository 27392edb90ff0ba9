/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <fcntl.h>

/* Runs the program's own table with its output thrown away. */
static int call(int argc, char **argv)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int code;

	fflush(NULL);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	code = command_main(argc, argv);
	fflush(NULL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(null);
	return code;
}

#define CALL(...)                                                              \
	call((int)(sizeof((const char *[]){"postern", __VA_ARGS__}) /          \
		     sizeof(char *)),                                          \
		(char **)(uintptr_t)(const char *[]){"postern", __VA_ARGS__})

static void test_command__tells_usage_from_refusal(void **state)
{
	(void)state;
	unsetenv("POSTERN_INGEST_SOURCES");
	assert_int_equal(CALL("--help"), COMMAND_DONE);
	assert_int_equal(CALL("--version"), COMMAND_DONE);
	assert_int_equal(CALL("--manual"), COMMAND_DONE);
	assert_int_equal(CALL("send", "--help"), COMMAND_DONE);
	assert_int_equal(CALL("sned"), COMMAND_USAGE);
	assert_int_equal(CALL("send"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "-x", "file"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "--unknown", "file"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "--json=yes", "file"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "file", "--url"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "--source", "a", "file"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "--source", "a", "--source=b", "file"),
		COMMAND_USAGE);
	assert_int_equal(CALL("send", "one", "two"), COMMAND_USAGE);
	assert_int_equal(CALL("send", "--source", "a", "--sources",
				 "/nowhere/at/all", "--", "-x"),
		COMMAND_REFUSED);
}

static void test_command__takes_a_variable_for_an_option(void **state)
{
	(void)state;
	setenv("POSTERN_INGEST_SOURCES", "/nowhere/at/all", 1);
	assert_int_equal(
		CALL("send", "--source", "a", "file"), COMMAND_REFUSED);
	unsetenv("POSTERN_INGEST_SOURCES");
}

static void test_command__describes_every_option_it_has(void **state)
{
	(void)state;
	for (size_t i = 0; i < command_table_size; i++) {
		const struct option_row *row = command_table[i]->options;

		assert_non_null(command_table[i]->sentence);
		for (; row->name; row++) {
			assert_non_null(row->sentence);
			assert_true(row->flag == (row->value == NULL));
		}
	}
}
