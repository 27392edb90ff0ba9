/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/known.h"

#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_NAME "sources.known"
/* Ten thousand sources with the longest names. */
#define FILE_MAX ((size_t)8 << 20)

static enum status read_all(struct arena *arena, const char *path,
	const char **ret, size_t *ret_size, struct reason *reterr)
{
	FILE *file = fopen(path, "re");
	char *bytes;

	if (!file && errno == ENOENT)
		return IGNORED;
	if (!file) {
		reason_set(reterr, path, "cannot be read: %s", strerror(errno));
		return REJECT;
	}
	bytes = arena_alloc(arena, FILE_MAX);
	*ret_size = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	*ret = bytes;
	return OK;
}

enum status known_read(struct arena *arena, const char *folder,
	struct known **ret, size_t *ret_count, struct reason *reterr)
{
	const char *path = arena_printf(arena, "%s/" FILE_NAME, folder);
	const struct json *root, *list;
	const char *bytes;
	struct known *rows;
	size_t size, count = 0;
	enum status status = read_all(arena, path, &bytes, &size, reterr);

	if (status == OK)
		status = json_read(arena, bytes, size, &root, reterr);
	if (status != OK) {
		if (status == REJECT)
			reason_within(reterr, path);
		return status;
	}
	list = json_get(root, "sources");
	rows = arena_array(arena, json_count(list) + 1, sizeof(*rows));
	JSON_EACH (list, walk) {
		struct known row = {json_text_at(walk.value, "name", ""),
			json_text_at(walk.value, "tool", ""),
			json_text_at(walk.value, "tenant", "")};

		if (!*row.name || !*row.tool || !*row.tenant) {
			reason_set(reterr, path, "names no source");
			return REJECT;
		}
		rows[count++] = row;
	}
	*ret = rows;
	*ret_count = count;
	return OK;
}

static const char *text_of(
	struct arena *arena, const struct sources *sources, size_t *ret_length)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *root = json_object(maker);
	struct json_node *list = json_array(maker);

	for (size_t i = 0; i < sources_count(sources); i++) {
		const struct source *source = sources_at(sources, i);
		struct json_node *row = json_object(maker);

		json_set_text(maker, row, "name", source->name);
		json_set_text(maker, row, "tool", source->tool);
		json_set_text(maker, row, "tenant", source->tenant);
		json_add_node(maker, list, row);
	}
	json_set_node(maker, root, "sources", list);
	return json_write_pretty(maker, root, ret_length);
}

static bool write_synced(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool whole = fd >= 0;

	while (whole && size > 0) {
		ssize_t written = write(fd, bytes, size);

		whole = written > 0;
		bytes += whole ? written : 0;
		size -= whole ? (size_t)written : 0;
	}
	whole = whole && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return whole;
}

static bool sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return synced;
}

enum status known_write(struct arena *arena, const char *folder,
	const struct sources *sources, struct reason *reterr)
{
	const char *path = arena_printf(arena, "%s/" FILE_NAME, folder);
	const char *draft = arena_printf(arena, "%s.new", path);
	size_t length;
	const char *text = text_of(arena, sources, &length);

	if (write_synced(draft, text, length) && rename(draft, path) == 0 &&
		sync_folder(folder))
		return OK;
	reason_set(reterr, path, "cannot be written: %s", strerror(errno));
	return RETRY;
}
