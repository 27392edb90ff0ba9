/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_MOST 4096

uint64_t stamp_add_number(uint64_t stamp, uint64_t number)
{
	return (stamp ^ number) * UINT64_C(1099511628211);
}

uint64_t stamp_add(uint64_t stamp, const char *path)
{
	struct stat seen;
	uint64_t parts[5] = {0};

	if (!path)
		return stamp;
	if (stat(path, &seen) == 0) {
		parts[0] = (uint64_t)seen.st_ino;
		parts[1] = (uint64_t)seen.st_size;
		parts[2] = (uint64_t)seen.st_mtim.tv_sec;
		parts[3] = (uint64_t)seen.st_mtim.tv_nsec;
		parts[4] = (uint64_t)seen.st_dev;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		stamp = stamp_add_number(stamp, parts[i]);
	return stamp;
}

static int seen(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

uint64_t stamp_add_folder(uint64_t stamp, const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, seen, alphasort);

	for (int i = 0; i < count; i++) {
		char path[PATH_MOST];

		snprintf(path, sizeof(path), "%s/%s", folder,
			entries[i]->d_name);
		for (const char *at = entries[i]->d_name; *at; at++)
			stamp = stamp_add_number(stamp, (unsigned char)*at);
		stamp = stamp_add(stamp, path);
		free(entries[i]);
	}
	free(entries);
	return stamp;
}

uint64_t stamp_add_files(uint64_t stamp, const struct stamp_file *files)
{
	for (; files; files = files->next)
		stamp = stamp_add(stamp, files->path);
	return stamp;
}
