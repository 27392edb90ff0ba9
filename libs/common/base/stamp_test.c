/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"

#include <stdbool.h>

/* What is done in a folder, and whose stamp is another then. */
struct step {
	const char *name;
	const char *text;   /* written into it; NULL: nothing is */
	const char *become; /* its name from now on; NULL with no text: gone */
	bool file;          /* of the file "a" */
	bool folder;
};

static const struct step steps[] = {
	{"a", "one", NULL, true, true},
	{"b", "two", NULL, false, true},
	{"b", NULL, "a", true, true},
	{"a", "three", NULL, true, true},
	{".b", "hidden", NULL, false, false},
	{".b", NULL, NULL, false, false},
	{"a", NULL, "c", true, true},
	{"c", NULL, "d", false, true},
	{"d", NULL, NULL, false, true},
};

static void in(const char *folder, const char *name, char ret[64])
{
	snprintf(ret, 64, "%s/%s", folder, name);
}

static void take(const char *folder, const struct step *step)
{
	char path[64], become[64];
	FILE *file;

	in(folder, step->name, path);
	if (step->text) {
		file = fopen(path, "we");
		assert_non_null(file);
		fputs(step->text, file);
		fclose(file);
	} else if (step->become) {
		in(folder, step->become, become);
		assert_int_equal(rename(path, become), 0);
	} else {
		assert_int_equal(unlink(path), 0);
	}
}

static void test_stamp__is_another_where_a_file_or_a_name_is(void **state)
{
	char folder[] = "/tmp/stamp-test-XXXXXX", path[64];
	uint64_t missing, empty, file, all;

	(void)state;
	assert_non_null(mkdtemp(folder));
	in(folder, "a", path);
	missing = file = stamp_add(STAMP_NONE, path);
	empty = all = stamp_add_folder(STAMP_NONE, folder);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		uint64_t file_before = file, all_before = all;

		take(folder, &steps[i]);
		file = stamp_add(STAMP_NONE, path);
		all = stamp_add_folder(STAMP_NONE, folder);
		if ((file != file_before) != steps[i].file ||
			(all != all_before) != steps[i].folder)
			fail_msg("step %zu: file %d, folder %d", i,
				file != file_before, all != all_before);
	}
	assert_true(file == missing && all == empty);
	rmdir(folder);
}

static void test_stamp__of_no_file_adds_nothing(void **state)
{
	(void)state;
	assert_true(stamp_add(42, NULL) == 42);
}
