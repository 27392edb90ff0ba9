/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

struct fixture {
	struct arena *arena;
	struct input input;
	struct reason reason;
	enum status status;
};

static void load(struct fixture *f, const char *ending, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/input-test-XXXXXX%s", ending);
	fd = mkstemps(path, (int)strlen(ending));
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	memset(f, 0, sizeof(*f));
	f->arena = arena_new(1 << 20);
	f->status = input_read(f->arena, path, &f->input, &f->reason);
	unlink(path);
}

static void test_input__takes_a_body_as_it_is(void **state)
{
	struct fixture f;

	(void)state;
	load(&f, ".json", "GET x: y\n\n{}\n");
	assert_int_equal(f.status, OK);
	assert_int_equal(f.input.size, 13);
	assert_int_equal(f.input.header_count, 0);
	arena_free(&f.arena);
}

static void test_input__takes_a_request_apart(void **state)
{
	struct fixture f;

	(void)state;
	load(&f, ".http",
		"POST /v1/hooks/x HTTP/1.1\r\nX-Kind:  ping \r\n\r\n{}\n");
	assert_int_equal(f.status, OK);
	assert_int_equal(f.input.header_count, 1);
	assert_string_equal(f.input.headers[0].name, "X-Kind");
	assert_string_equal(f.input.headers[0].value, "ping");
	assert_memory_equal(f.input.body, "{}\n", 3);
	assert_int_equal(f.input.size, 3);
	arena_free(&f.arena);
}

static void test_input__names_what_is_wrong_with_a_request(void **state)
{
	struct fixture f;

	(void)state;
	load(&f, ".http", "POST / HTTP/1.1\nno colon\n\n{}");
	assert_int_equal(f.status, REJECT);
	assert_non_null(strstr(f.reason.sentence, "no colon"));
	arena_free(&f.arena);
	load(&f, ".http", "POST / HTTP/1.1\nX: y\n");
	assert_int_equal(f.status, REJECT);
	assert_non_null(strstr(f.reason.sentence, "line 3"));
	arena_free(&f.arena);
}

static void test_input__says_which_file_is_not_there(void **state)
{
	struct fixture f = {.arena = arena_new(1 << 20)};

	(void)state;
	assert_int_equal(
		input_read(f.arena, "/nowhere/at/all", &f.input, &f.reason),
		REJECT);
	assert_string_equal(f.reason.place, "/nowhere/at/all");
	arena_free(&f.arena);
}
