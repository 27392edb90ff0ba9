/* SPDX-License-Identifier: Apache-2.0 */
/* roles.yaml and routes.yaml: read at the start, by --check, and anew on
 * SIGHUP, when both are taken or neither. */
#pragma once

#include "daemon/book.h"
#include "route.h"

/* What both say: an edition of the book. */
struct directory {
	struct roles *roles;
	struct routes *routes;
};

/* CONFIG with file:line:column. */
enum status directory_read(const char *roles, const char *routes,
	struct directory **ret, struct reason *reterr) MUST_CHECK;
/* For book_new. Accepts NULL. */
void directory_free(void *directory);
