/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include "base/memory.h"
#include "route_private.h"

#include <fnmatch.h>

#define ARENA_MAX (16u << 20)
#define SINKS_MAX 50
#define ROUTES_MAX 1000
#define WORDS_MAX 50

/* Words a route is content with; none: any. */
struct words {
	const char **words;
	size_t count;
};

struct route {
	struct words role, severity, verdict, criterion, tenant;
	const struct sink_config **sinks;
	size_t sink_count;
};

struct routes {
	struct arena *arena;
	struct sink_config *sinks;
	size_t sink_count;
	struct route *rows;
	size_t count;
	const struct stamp_file *files;
};

static const struct sink_config *find(
	const struct routes *routes, const char *name)
{
	for (size_t i = 0; i < routes->sink_count; i++)
		if (strcmp(routes->sinks[i].name, name) == 0)
			return &routes->sinks[i];
	return NULL;
}

static enum status read_sinks(struct route_reading *reading,
	struct routes *routes, const struct doc *map)
{
	if (map->kind != DOC_MAP || !map->count || map->count > SINKS_MAX)
		return doc_error(map, reading->reterr,
			"\"sinks\" must be a map of 1 to %d", SINKS_MAX);
	routes->sinks =
		arena_array(routes->arena, map->count, sizeof(*routes->sinks));
	DOC_EACH (map, node) {
		enum status status = route_read_sink(
			reading, node, &routes->sinks[routes->sink_count++]);

		if (status != OK)
			return status;
	}
	return OK;
}

/* A word or a list of words. */
static enum status read_words(struct route_reading *reading,
	const struct doc *node, const char *key, struct words *ret)
{
	const struct doc *value = doc_get(node, key);
	const struct doc *item;

	if (!value)
		return OK;
	if (value->kind == DOC_MAP || value->count > WORDS_MAX)
		return doc_error(value, reading->reterr,
			"\"%s\" must be a word or a list of words", key);
	item = value->kind == DOC_LIST ? value->first : value;
	ret->words = arena_array(
		reading->arena, value->count + 1, sizeof(*ret->words));
	for (; item; item = value->kind == DOC_LIST ? item->next : NULL) {
		if (item->kind != DOC_SCALAR || !*item->text)
			return doc_error(item, reading->reterr,
				"\"%s\" must be a word or a list of words",
				key);
		ret->words[ret->count++] = item->text;
	}
	if (!ret->count)
		return doc_error(value, reading->reterr,
			"\"%s\" lists nothing: leave it out for any", key);
	return OK;
}

static enum status check_words(struct route_reading *reading,
	const struct doc *node, const struct route *route)
{
	for (size_t i = 0; i < route->severity.count; i++)
		if (severity_parse(route->severity.words[i]) == SEVERITIES)
			return doc_error(doc_get(node, "severity"),
				reading->reterr,
				"there is no severity \"%s\": critical, high, "
				"medium, low",
				route->severity.words[i]);
	for (size_t i = 0; i < route->verdict.count; i++)
		if (verdict_parse(route->verdict.words[i]) == VERDICTS)
			return doc_error(doc_get(node, "verdict"),
				reading->reterr, "there is no verdict \"%s\"",
				route->verdict.words[i]);
	return OK;
}

static enum status read_targets(struct route_reading *reading,
	const struct routes *routes, const struct doc *node,
	struct route *route)
{
	const struct doc *list = doc_get(node, "sinks");

	if (!list || list->kind != DOC_LIST || list->count > SINKS_MAX)
		return doc_error(list ? list : node, reading->reterr,
			"needs sinks: a list of names; [] tells nobody");
	route->sinks = arena_array(
		reading->arena, list->count + 1, sizeof(*route->sinks));
	DOC_EACH (list, item) {
		const struct sink_config *sink =
			item->kind == DOC_SCALAR ? find(routes, item->text)
						 : NULL;

		if (!sink)
			return doc_error(item, reading->reterr,
				"there is no sink \"%s\"",
				item->kind == DOC_SCALAR ? item->text : "");
		for (size_t i = 0; i < route->sink_count; i++)
			if (route->sinks[i] == sink)
				return doc_error(item, reading->reterr,
					"\"%s\" is there already", item->text);
		route->sinks[route->sink_count++] = sink;
	}
	return OK;
}

static enum status read_route(struct route_reading *reading,
	const struct routes *routes, const struct doc *node,
	struct route *route)
{
	static const char *const keys[] = {"role", "severity", "verdict",
		"criterion", "tenant", "sinks", NULL};
	enum status status;

	if (node->kind != DOC_MAP)
		return doc_error(node, reading->reterr,
			"a route is a map: {role, severity, verdict, sinks}");
	status = doc_only(node, keys, reading->reterr);
	if (status == OK)
		status = read_words(reading, node, "role", &route->role);
	if (status == OK)
		status =
			read_words(reading, node, "severity", &route->severity);
	if (status == OK)
		status = read_words(reading, node, "verdict", &route->verdict);
	if (status == OK)
		status = read_words(
			reading, node, "criterion", &route->criterion);
	if (status == OK)
		status = read_words(reading, node, "tenant", &route->tenant);
	if (status == OK)
		status = check_words(reading, node, route);
	return status == OK ? read_targets(reading, routes, node, route)
			    : status;
}

static enum status read_routes(struct route_reading *reading,
	struct routes *routes, const struct doc *list)
{
	if (list->kind != DOC_LIST || !list->count || list->count > ROUTES_MAX)
		return doc_error(list, reading->reterr,
			"\"routes\" must be a list of 1 to %d", ROUTES_MAX);
	routes->rows =
		arena_array(routes->arena, list->count, sizeof(*routes->rows));
	DOC_EACH (list, node) {
		enum status status = read_route(
			reading, routes, node, &routes->rows[routes->count++]);

		if (status != OK)
			return status;
	}
	return OK;
}

static enum status read_all(struct route_reading *reading,
	struct routes *routes, const struct doc *root)
{
	static const char *const keys[] = {"sinks", "routes", NULL};
	enum status status;

	if (root->kind != DOC_MAP)
		return doc_error(
			root, reading->reterr, "must be a map: sinks: ...");
	status = doc_only(root, keys, reading->reterr);
	if (status == OK &&
		(!doc_get(root, "sinks") || !doc_get(root, "routes")))
		return doc_error(
			root, reading->reterr, "needs sinks and routes");
	if (status == OK)
		status = read_sinks(reading, routes, doc_get(root, "sinks"));
	return status == OK
		       ? read_routes(reading, routes, doc_get(root, "routes"))
		       : status;
}

enum status routes_load(const char *path, const struct roles *roles,
	struct routes **ret, struct reason *reterr)
{
	struct routes *routes = memory_new(sizeof(*routes));
	struct route_reading reading = {.roles = roles, .reterr = reterr};
	const struct doc *root;
	enum status status;

	routes->arena = arena_new(ARENA_MAX);
	reading.arena = routes->arena;
	status = doc_read_file(routes->arena, path, &root, reterr);
	if (status == OK)
		status = read_all(&reading, routes, root);
	if (status != OK) {
		routes_free(&routes);
		return status;
	}
	routes->files = reading.files;
	*ret = routes;
	return OK;
}

void routes_free(struct routes **routes)
{
	if (!*routes)
		return;
	for (size_t i = 0; i < (*routes)->sink_count; i++)
		route_wipe_sink(&(*routes)->sinks[i]);
	arena_free(&(*routes)->arena);
	memory_free(*routes);
	*routes = NULL;
}

const struct stamp_file *routes_files(const struct routes *routes)
{
	return routes->files;
}

size_t routes_sinks(const struct routes *routes)
{
	return routes->sink_count;
}

const struct sink_config *routes_sink_at(
	const struct routes *routes, size_t index)
{
	return &routes->sinks[index];
}

static bool content(const struct words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (fnmatch(words->words[i], word, 0) == 0)
			return true;
	return !words->count;
}

const struct sink_config *const *routes_match(const struct routes *routes,
	const struct verdict_record *verdict, size_t *ret_count)
{
	*ret_count = 0;
	for (size_t i = 0; i < routes->count; i++) {
		const struct route *route = &routes->rows[i];

		if (!content(&route->role, verdict->role) ||
			!content(&route->severity,
				severity_name(verdict->severity)) ||
			!content(&route->verdict,
				verdict_name(verdict->verdict)) ||
			!content(&route->criterion, verdict->criterion) ||
			!content(&route->tenant, verdict->tenant))
			continue;
		*ret_count = route->sink_count;
		return route->sinks;
	}
	return NULL;
}
