/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_stamp__tells_another_file_from_the_one_before(void **state)
{
	char folder[] = "/tmp/stamp-test-XXXXXX", path[64], other[64];
	uint64_t first, second, missing;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(other, sizeof(other), "%s/b", folder);
	missing = stamp_add(STAMP_NONE, path);
	write_file(path, "one");
	first = stamp_add(STAMP_NONE, path);
	assert_true(first != missing);
	assert_true(first == stamp_add(STAMP_NONE, path));
	assert_true(first == stamp_add(first, NULL));
	write_file(other, "two");
	assert_int_equal(rename(other, path), 0);
	second = stamp_add(STAMP_NONE, path);
	assert_true(second != first);
	write_file(path, "three");
	assert_true(stamp_add(STAMP_NONE, path) != second);
	unlink(path);
	assert_true(stamp_add(STAMP_NONE, path) == missing);
	rmdir(folder);
}

static void test_stamp__of_a_folder_sees_each_file_and_name(void **state)
{
	char folder[] = "/tmp/stamp-test-XXXXXX", path[64], other[64];
	uint64_t empty, one, two;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/a", folder);
	snprintf(other, sizeof(other), "%s/.b", folder);
	empty = stamp_add_folder(STAMP_NONE, folder);
	write_file(path, "one");
	one = stamp_add_folder(STAMP_NONE, folder);
	assert_true(one != empty);
	write_file(path, "other");
	two = stamp_add_folder(STAMP_NONE, folder);
	assert_true(two != one);
	write_file(other, "hidden");
	assert_true(stamp_add_folder(STAMP_NONE, folder) == two);
	unlink(other);
	snprintf(other, sizeof(other), "%s/c", folder);
	assert_int_equal(rename(path, other), 0);
	assert_true(stamp_add_folder(STAMP_NONE, folder) != two);
	unlink(other);
	rmdir(folder);
}
