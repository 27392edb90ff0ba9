/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter is its file, its samples and its row in docs/sources.md: whatever
 * is missing is named. */
#include "adapter.h"
#include "sample.h"

#include <dirent.h>

#define SAMPLES POSTERN_SOURCE_DIR "/tests/samples"
#define FILES POSTERN_SOURCE_DIR "/services/ingest/adapters"

static int failures;

static void complain(const char *tool, const char *what)
{
	failures++;
	fprintf(stderr, "%s: %s\n", tool, what);
}

/* How many files of the folder end so; -1 where there is no folder. */
static int count_files(const char *tool, const char *suffix)
{
	char path[600];
	struct dirent *entry;
	DIR *folder;
	int count = 0;

	snprintf(path, sizeof(path), "%s/%s", SAMPLES, tool);
	folder = opendir(path);
	if (!folder)
		return -1;
	while ((entry = readdir(folder))) {
		size_t length = strlen(entry->d_name), tail = strlen(suffix);

		count += length > tail &&
			 strcmp(entry->d_name + length - tail, suffix) == 0;
	}
	closedir(folder);
	return count;
}

static void test_registry__each_adapter_has_samples_and_a_row(void **state)
{
	struct arena *arena = arena_new(16u << 20);
	size_t size;
	char *doc = sample_file(
		arena, POSTERN_SOURCE_DIR "/docs/sources.md", &size);

	(void)state;
	failures = 0;
	assert_non_null(doc);
	for (size_t i = 0; i < adapter_table_size; i++) {
		const char *tool = adapter_table[i]->name;

		if (count_files(tool, ".http") <= 0)
			complain(tool, "has no request in tests/samples");
		if (count_files(tool, ".expect.json") <= 0)
			complain(tool, "has no sample that is taken");
		if (!strstr(doc, arena_printf(arena, "\n| `%s` |", tool)))
			complain(tool, "has no row in docs/sources.md");
	}
	assert_int_equal(failures, 0);
	arena_free(&arena);
}

static void test_registry__each_folder_of_samples_has_an_adapter(void **state)
{
	DIR *folder = opendir(SAMPLES);
	struct dirent *entry;

	(void)state;
	failures = 0;
	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (!strchr(entry->d_name, '.') && !adapter_find(entry->d_name))
			complain(entry->d_name, "is the name of no adapter");
	closedir(folder);
	assert_int_equal(failures, 0);
}

static void test_registry__each_adapter_is_named_like_its_file(void **state)
{
	DIR *folder = opendir(FILES);
	struct dirent *entry;
	size_t files = 0;

	(void)state;
	failures = 0;
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		size_t length = strlen(entry->d_name);
		char name[300];

		if (length < 3 || strcmp(entry->d_name + length - 2, ".c") ||
			strstr(entry->d_name, "_test.c"))
			continue;
		files++;
		snprintf(name, sizeof(name), "%.*s", (int)length - 2,
			entry->d_name);
		if (!adapter_find(name))
			complain(name, "holds no adapter of that name");
	}
	closedir(folder);
	assert_int_equal(failures, 0);
	assert_int_equal(files, adapter_table_size);
}
