/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include "base/memory.h"
#include "base/stamp.h"

void directory_free(void *text)
{
	struct directory *directory = text;

	if (!directory)
		return;
	routes_free(&directory->routes);
	roles_free(&directory->roles);
	memory_free(directory);
}

enum status directory_read(const char *roles, const char *routes,
	struct directory **ret, struct reason *reterr)
{
	struct directory *directory = memory_new(sizeof(*directory));
	enum status status = roles_load(roles, &directory->roles, reterr);

	if (status == OK)
		status = routes_load(
			routes, directory->roles, &directory->routes, reterr);
	if (status != OK) {
		directory_free(directory);
		return status;
	}
	directory->stamp = directory_stamp(roles, routes, directory);
	*ret = directory;
	return OK;
}

uint64_t directory_stamp(const char *roles, const char *routes,
	const struct directory *directory)
{
	uint64_t stamp = stamp_add(stamp_add(STAMP_NONE, roles), routes);

	return stamp_add_files(stamp, routes_files(directory->routes));
}
