/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.yaml: which sinks there are, and which of them hear of a verdict.
 * Reads the secrets' files, too. Never changes once read.
 */
#pragma once

#include "base/stamp.h"
#include "role.h"
#include "sink.h"

struct sink_config {
	const char *name;
	const struct sink *kind;
	const char **urls; /* one per instance; at least one, "" where none */
	size_t url_count;
	struct sink_settings settings; /* of each instance, but its url */
};

struct routes;
/* CONFIG with file:line:column. `roles` say which keys parties need. */
enum status routes_load(const char *path, const struct roles *roles,
	struct routes **ret, struct reason *reterr) MUST_CHECK;
/* Overwrites the secrets. Accepts NULL, leaves NULL. */
void routes_free(struct routes **routes);

/* The files that it names: secrets, certificates; NULL: none. */
const struct stamp_file *routes_files(const struct routes *routes);
size_t routes_sinks(const struct routes *routes);
const struct sink_config *routes_sink_at(
	const struct routes *routes, size_t index);
/*
 * The sinks of the first route that matches; `ret_count` 0 where that route
 * names none, or no route matches: then the result is NULL.
 */
const struct sink_config *const *routes_match(const struct routes *routes,
	const struct verdict_record *verdict, size_t *ret_count);
