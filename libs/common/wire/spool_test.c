/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/spool.h"

#include "base/strbuf.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#define ROOM 16

struct fixture {
	char folder[64];
	struct spool *spool;
	struct arena *arena;
	struct reason reason;
	struct spool_item items[ROOM];
	size_t count;
};

static void begin(struct fixture *f, size_t max)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/spool-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->arena = arena_new(64u << 20);
	assert_int_equal(spool_open(f->folder, max, &f->spool, &f->reason), OK);
}

static void end(struct fixture *f)
{
	DIR *dir = opendir(f->folder);
	struct dirent *entry;

	spool_close(&f->spool);
	assert_null(f->spool);
	while ((entry = readdir(dir)) != NULL) {
		char path[400];

		snprintf(path, sizeof(path), "%s/%s", f->folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	rmdir(f->folder);
	arena_free(&f->arena);
}

static enum status put(struct fixture *f, const char *lane, const char *text)
{
	struct spool_item item = {
		.lane = lane, .bytes = text, .size = strlen(text)};

	return spool_put(f->spool, &item, 1, &f->reason);
}

/* "lane:bytes lane:bytes" of what is there, at most `max`. */
static const char *first(struct fixture *f, size_t max)
{
	struct strbuf out;
	const char *text;

	strbuf_init(&out, 10000);
	f->count = 0;
	if (spool_first(f->spool, f->arena, max, 1 << 20, f->items, &f->count,
		    &f->reason) != OK)
		f->count = 0;
	for (size_t i = 0; i < f->count; i++)
		strbuf_addf(&out, "%s%s:%.*s", i ? " " : "", f->items[i].lane,
			(int)f->items[i].size, (const char *)f->items[i].bytes);
	text = arena_string(f->arena, out.text);
	strbuf_release(&out);
	return text;
}

static enum status drop_first(struct fixture *f, size_t count)
{
	uint64_t numbers[ROOM];

	first(f, count);
	for (size_t i = 0; i < f->count; i++)
		numbers[i] = f->items[i].number;
	return spool_remove(f->spool, numbers, f->count, &f->reason);
}

static void reopen(struct fixture *f, size_t max)
{
	spool_close(&f->spool);
	assert_int_equal(spool_open(f->folder, max, &f->spool, &f->reason), OK);
}

static void test_spool__gives_back_in_order(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1 << 20);
	assert_string_equal(first(&f, 9), "");
	assert_int_equal(put(&f, "a", "1"), OK);
	assert_int_equal(put(&f, "b", "2"), OK);
	assert_int_equal(put(&f, "a", ""), OK);
	assert_string_equal(first(&f, 9), "a:1 b:2 a:");
	assert_string_equal(first(&f, 2), "a:1 b:2");
	end(&f);
}

static void test_spool__knows_which_lanes_have_items(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1 << 20);
	assert_false(spool_holds(f.spool, "a"));
	assert_int_equal(put(&f, "a", "1"), OK);
	assert_int_equal(put(&f, "ab", "2"), OK);
	assert_int_equal(put(&f, "a", "3"), OK);
	assert_true(spool_holds(f.spool, "a"));
	assert_int_equal(drop_first(&f, 2), OK);
	assert_true(spool_holds(f.spool, "a"));
	assert_false(spool_holds(f.spool, "ab"));
	assert_int_equal(drop_first(&f, 1), OK);
	assert_false(spool_holds(f.spool, "a"));
	assert_int_equal(spool_count(f.spool), 0);
	assert_int_equal(spool_bytes(f.spool), 0);
	end(&f);
}

static void test_spool__survives_a_reopening(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(put(&f, "a", "1"), OK);
	assert_int_equal(put(&f, "b", "2"), OK);
	assert_int_equal(drop_first(&f, 1), OK);
	reopen(&f, 1 << 20);
	assert_true(spool_holds(f.spool, "b"));
	assert_int_equal(put(&f, "b", "3"), OK);
	assert_string_equal(first(&f, 9), "b:2 b:3");
	end(&f);
}

/* The child ends without closing anything, as a killed process does. */
static void test_spool__survives_a_crash_after_put(void **state)
{
	struct fixture f;
	pid_t child;
	int ended;

	(void)state;
	begin(&f, 1 << 20);
	spool_close(&f.spool);
	child = fork();
	if (child == 0) {
		if (spool_open(f.folder, 1 << 20, &f.spool, &f.reason) != OK ||
			put(&f, "a", "kept") != OK)
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFSIGNALED(ended));
	assert_int_equal(
		spool_open(f.folder, 1 << 20, &f.spool, &f.reason), OK);
	assert_string_equal(first(&f, 9), "a:kept");
	end(&f);
}

static void test_spool__stores_all_or_none(void **state)
{
	static char large[300000];
	struct fixture f;
	struct spool_item items[4];

	(void)state;
	begin(&f, 1000000);
	for (int i = 0; i < 4; i++)
		items[i] = (struct spool_item){
			.lane = "a", .bytes = large, .size = sizeof(large)};
	assert_int_equal(spool_put(f.spool, items, 4, &f.reason), RETRY);
	assert_non_null(strstr(f.reason.sentence, "full"));
	assert_int_equal(spool_count(f.spool), 0);
	assert_int_equal(spool_put(f.spool, items, 3, &f.reason), OK);
	assert_int_equal(spool_count(f.spool), 3);
	assert_true(spool_room(f.spool) < sizeof(large));
	end(&f);
}

static void test_spool__is_full_and_empties_again_for_ever(void **state)
{
	static char large[200000];
	struct fixture f;
	struct spool_item item = {
		.lane = "a", .bytes = large, .size = sizeof(large)};

	(void)state;
	begin(&f, 1000000);
	for (int round = 0; round < 40; round++) {
		while (spool_put(f.spool, &item, 1, &f.reason) == OK)
			assert_true(spool_count(f.spool) < 6);
		assert_int_equal(spool_count(f.spool), 4);
		arena_reset(f.arena);
		assert_int_equal(drop_first(&f, round % 4 + 1), OK);
	}
	end(&f);
}

static void test_spool__a_smaller_bound_keeps_what_is_there(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1 << 20);
	for (int i = 0; i < 5; i++)
		assert_int_equal(put(&f, "a", "0123456789"), OK);
	reopen(&f, 100);
	assert_int_equal(spool_count(f.spool), 5);
	assert_int_equal(spool_room(f.spool), 0);
	assert_int_equal(put(&f, "a", "x"), RETRY);
	assert_int_equal(drop_first(&f, 5), OK);
	assert_int_equal(put(&f, "a", "x"), OK);
	end(&f);
}

static void test_spool__belongs_to_one_process(void **state)
{
	struct fixture f;
	struct spool *second = NULL;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(
		spool_open(f.folder, 1 << 20, &second, &f.reason), CONFIG);
	assert_non_null(strstr(f.reason.sentence, "another process"));
	end(&f);
}

static void test_spool__refuses_a_folder_it_cannot_use(void **state)
{
	struct fixture f;
	struct spool *second = NULL;
	char path[100];
	FILE *file;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(
		spool_open("/nonexistent/deep/spool", 1000, &second, &f.reason),
		CONFIG);
	spool_close(&f.spool);
	snprintf(path, sizeof(path), "%s/data.mdb", f.folder);
	file = fopen(path, "w");
	for (int i = 0; i < 9000; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(
		spool_open(f.folder, 1000, &second, &f.reason), CONFIG);
	end(&f);
}

static void test_spool__forgetting_twice_is_harmless(void **state)
{
	struct fixture f;
	uint64_t number;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(put(&f, "a", "1"), OK);
	first(&f, 1);
	number = f.items[0].number;
	assert_int_equal(spool_remove(f.spool, &number, 1, &f.reason), OK);
	assert_int_equal(spool_remove(f.spool, &number, 1, &f.reason), OK);
	assert_int_equal(spool_count(f.spool), 0);
	end(&f);
}

static void park(struct fixture *f, uint64_t number)
{
	assert_int_equal(spool_park(f->spool, &number, 1, &f->reason), OK);
}

static void test_spool__puts_aside_what_holds_up_the_rest(void **state)
{
	struct fixture f;
	uint64_t bad;
	size_t bytes;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(put(&f, "a", "one"), OK);
	assert_int_equal(put(&f, "a", "two"), OK);
	assert_int_equal(put(&f, "b", "three"), OK);
	assert_string_equal(first(&f, 9), "a:one a:two b:three");
	bad = f.items[0].number;
	bytes = spool_bytes(f.spool);
	park(&f, bad);
	park(&f, bad); /* it is not there any more */
	assert_string_equal(first(&f, 9), "a:two b:three");
	assert_int_equal(spool_parked(f.spool), 1);
	assert_int_equal(spool_count(f.spool), 2);
	assert_int_equal(spool_bytes(f.spool), bytes);
	/* It stays on disk, and new ones come before it. */
	reopen(&f, 1 << 20);
	assert_int_equal(spool_parked(f.spool), 1);
	assert_int_equal(spool_bytes(f.spool), bytes);
	assert_int_equal(put(&f, "a", "four"), OK);
	assert_string_equal(first(&f, 9), "a:two b:three a:four");
	assert_true(spool_holds(f.spool, "a"));
	end(&f);
}

static void test_spool__takes_back_what_was_put_aside(void **state)
{
	static const char *const texts[] = {"1", "2", "3"};
	struct fixture f;
	uint64_t next = 0;

	(void)state;
	begin(&f, 1 << 20);
	assert_int_equal(
		spool_unpark(f.spool, 0, 9, &next, &f.reason), IGNORED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(put(&f, "a", texts[i]), OK);
		assert_int_equal(strlen(first(&f, 1)), 3);
		park(&f, f.items[0].number);
	}
	assert_int_equal(spool_count(f.spool), 0);
	assert_false(spool_holds(f.spool, "a"));
	assert_int_equal(put(&f, "a", "4"), OK);
	assert_int_equal(spool_unpark(f.spool, 0, 1, &next, &f.reason), OK);
	assert_string_equal(first(&f, 9), "a:1 a:4");
	reopen(&f, 1 << 20);
	assert_int_equal(spool_unpark(f.spool, next, 9, &next, &f.reason), OK);
	assert_string_equal(first(&f, 9), "a:1 a:2 a:3 a:4");
	assert_int_equal(spool_parked(f.spool), 0);
	assert_int_equal(
		spool_unpark(f.spool, next, 9, &next, &f.reason), IGNORED);
	end(&f);
}
