/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include <string.h>

static const char *const tasks[] = {"PO.1.1", "PO.1.2", "PO.1.3", "PO.2.1",
	"PO.2.2", "PO.2.3", "PO.3.1", "PO.3.2", "PO.3.3", "PO.4.1", "PO.4.2",
	"PO.5.1", "PO.5.2"};
#define TASKS (sizeof(tasks) / sizeof(tasks[0]))

const char *task_of(const char *id)
{
	size_t length = strcspn(id, "-");

	for (size_t i = 0; id[length] && i < TASKS; i++)
		if (strlen(tasks[i]) == length &&
			strncmp(tasks[i], id, length) == 0)
			return tasks[i];
	return NULL;
}

bool task_is(const char *name)
{
	for (size_t i = 0; i < TASKS; i++)
		if (strcmp(tasks[i], name) == 0)
			return true;
	return false;
}

bool task_is_practice(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; length > 0 && i < TASKS; i++)
		if (strncmp(tasks[i], name, length) == 0 &&
			strcmp(strchr(tasks[i] + 3, '.'), tasks[i] + length) ==
				0)
			return true;
	return false;
}
