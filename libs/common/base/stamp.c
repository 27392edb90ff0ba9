/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"

#include <stddef.h>
#include <sys/stat.h>

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
		stamp = (stamp ^ parts[i]) * UINT64_C(1099511628211);
	return stamp;
}
