/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks of SSDF (SP 800-218 v1.1), Prepare the Organization: what a
 * criterion may belong to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The whole task "PO.3.2" that `id` begins with, up to its '-'; NULL: none. */
const char *task_of(const char *id);
/* "PO.3.2" is a task, "PO.3" a practice. */
bool task_is(const char *name);
bool task_is_practice(const char *name);
