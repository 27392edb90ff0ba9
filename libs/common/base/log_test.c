/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>

/* What one call wrote to standard output. */
static void capture(char *text, size_t size, bool json)
{
	int pipes[2];
	int saved = dup(STDOUT_FILENO);
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	fflush(stdout);
	dup2(pipes[1], STDOUT_FILENO);
	log_setup(LOG_INFO, json);
	log_line(LOG_INFO, "TEST-ID", LOG_TEXT("name", "a \"b\"\nc"),
		LOG_NUMBER("count", 7));
	log_line(LOG_DEBUG, "NOT-SHOWN", LOG_NUMBER("count", 8));
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(pipes[1]);
	n = read(pipes[0], text, size - 1);
	assert_true(n > 0);
	text[n] = '\0';
	close(pipes[0]);
}

static void test_log__writes_logfmt_on_one_line(void **state)
{
	char text[1000];

	(void)state;
	capture(text, sizeof(text), false);
	assert_non_null(strstr(text,
		" level=info id=TEST-ID name=\"a \\\"b\\\"\\nc\" count=7\n"));
	assert_null(strstr(text, "NOT-SHOWN"));
}

static void test_log__writes_json_on_one_line(void **state)
{
	char text[1000];

	(void)state;
	capture(text, sizeof(text), true);
	assert_non_null(strstr(text, "\"id\":\"TEST-ID\",\"name\":\"a \\\"b"));
	assert_non_null(strstr(text, "\"count\":7}\n"));
}

static void test_log__knows_its_levels(void **state)
{
	enum log_level level;

	(void)state;
	assert_int_equal(log_level_parse("warn", &level), OK);
	assert_int_equal(level, LOG_WARN);
	assert_int_equal(log_level_parse("loud", &level), REJECT);
}
