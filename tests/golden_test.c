/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every request of tests/samples through the same code as the loop's, held to
 * what stands beside it: .expect.json (the evidence) or .reject.txt (the
 * refusal). POSTERN_GOLDEN=write in the environment writes them anew instead,
 * for a reader to look at.
 */
#include "sample.h"
#include "translate/normalise.h"
#include "translate/translation.h"

#include <dirent.h>
#include <unistd.h>

#define FOLDER POSTERN_SOURCE_DIR "/tests/samples"
#define PATH_ROOM 700

struct golden {
	int samples, failures;
	bool write;
};

/* "…/010-x" of "…/010-x.http", then what is added. */
static void beside(const char *http, const char *suffix, char *ret)
{
	snprintf(ret, PATH_ROOM, "%.*s%s",
		(int)(strlen(http) - strlen(".http")), http, suffix);
}

static const char *evidence_text(
	struct arena *arena, const struct normalised *made)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *list = json_array(maker);
	size_t length;

	for (size_t i = 0; i < made->count; i++) {
		const struct json *one;
		struct reason why;

		assert_int_equal(
			json_read(arena, made->records[i].value,
				made->records[i].value_length, &one, &why),
			OK);
		json_add_copy(maker, list, one);
	}
	return arena_printf(
		arena, "%s\n", json_write_pretty(maker, list, &length));
}

static void write_file(const char *path, const char *text, const char *other)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	unlink(other);
}

static void complain(struct golden *golden, const char *path, const char *what)
{
	golden->failures++;
	fprintf(stderr, "%s: %s\n", path, what);
}

/* The first line that differs says more than two long texts. */
static void compare(
	struct golden *golden, const char *path, char *want, char *got)
{
	char *wanted, *found;
	int number = 0;

	do {
		number++;
		wanted = sample_line(&want);
		found = sample_line(&got);
	} while (wanted && found && strcmp(wanted, found) == 0);
	if (!wanted && !found)
		return;
	golden->failures++;
	fprintf(stderr, "%s:%d: want %s\n%s:%d: got  %s\n", path, number,
		wanted ? wanted : "(the end)", path, number,
		found ? found : "(the end)");
}

static void judge(struct golden *golden, struct arena *arena, const char *http,
	bool refused, const char *text)
{
	char path[PATH_ROOM], other[PATH_ROOM];
	size_t size;
	char *want;

	beside(http, refused ? ".reject.txt" : ".expect.json", path);
	beside(http, refused ? ".expect.json" : ".reject.txt", other);
	if (golden->write) {
		write_file(path, text, other);
		return;
	}
	want = sample_file(arena, path, &size);
	if (!want)
		complain(golden, http,
			refused ? arena_printf(arena, "is refused: %s", text)
				: "is taken, and no .expect.json says so");
	else if (access(other, R_OK) == 0)
		complain(golden, other, "stands beside the opposite");
	else
		compare(golden, path, want, arena_string(arena, text));
}

static void try_sample(
	struct golden *golden, const char *tool, const char *http)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	struct normalise_input input = {.tool = tool};
	char subjects[PATH_ROOM];
	struct sample sample;
	struct normalised made;
	struct reason why;
	size_t size;
	char *text = sample_file(arena, http, &size);
	enum status status;

	golden->samples++;
	snprintf(subjects, sizeof(subjects), "%s/%s/subjects.yaml", FOLDER,
		tool);
	if (!text || !sample_parse(text, size, &sample, true)) {
		complain(golden, http, "is no request, see the README");
		arena_free(&arena);
		return;
	}
	input.source = sample.source;
	input.headers = sample.headers;
	input.header_count = sample.header_count;
	input.body = sample.body;
	input.size = sample.size;
	input.received = sample.received;
	input.subjects = access(subjects, R_OK) == 0 ? subjects : NULL;
	status = normalise(arena, &input, &made, &why);
	if (status == OK || status == IGNORED) {
		if (status == IGNORED)
			made.count = 0;
		judge(golden, arena, http, false, evidence_text(arena, &made));
	} else {
		judge(golden, arena, http, true,
			arena_printf(
				arena, "%s: %s\n", why.place, why.sentence));
	}
	arena_free(&arena);
}

static bool ends(const char *name, const char *with)
{
	size_t length = strlen(name), tail = strlen(with);

	return length > tail && strcmp(name + length - tail, with) == 0;
}

static void try_folder(struct golden *golden, const char *tool)
{
	char path[PATH_ROOM];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/%s", FOLDER, tool);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		char file[PATH_ROOM + 300], http[PATH_ROOM];
		const char *suffix =
			ends(entry->d_name, ".expect.json")  ? ".expect.json"
			: ends(entry->d_name, ".reject.txt") ? ".reject.txt"
							     : NULL;

		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (ends(file, ".http")) {
			try_sample(golden, tool, file);
		} else if (suffix) {
			snprintf(http, sizeof(http), "%.*s.http",
				(int)(strlen(file) - strlen(suffix)), file);
			if (access(http, R_OK) != 0)
				complain(golden, file, "has no request");
		}
	}
	if (folder)
		closedir(folder);
}

static void test_golden__each_sample_gives_what_stands_beside_it(void **state)
{
	const char *mode = getenv("POSTERN_GOLDEN");
	struct golden golden = {.write = mode && strcmp(mode, "write") == 0};
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && adapter_find(entry->d_name))
			try_folder(&golden, entry->d_name);
	closedir(folder);
	assert_true(golden.samples > 0);
	assert_int_equal(golden.failures, 0);
}
