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
	uint64_t stamp; /* of all files, as they were read */
};

/* CONFIG with file:line:column. */
enum status directory_read(const char *roles, const char *routes,
	struct directory **ret, struct reason *reterr) MUST_CHECK;
/* The stamp of those files now. */
uint64_t directory_stamp(const char *roles, const char *routes,
	const struct directory *directory);
/* For book_new. Accepts NULL. */
void directory_free(void *directory);
