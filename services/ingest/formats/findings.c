/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/findings.h"

#include "base/bug.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const names[RATINGS] = {
	"critical", "high", "medium", "low", "info", "unknown"};

enum rating rating_parse(const char *word)
{
	int i = 0;

	if (strcasecmp(word, "negligible") == 0)
		return RATING_INFO;
	while (i < RATINGS && strcasecmp(names[i], word) != 0)
		i++;
	return (enum rating)i;
}

void findings_init(struct findings *findings, struct arena *arena, size_t room)
{
	*findings = (struct findings){.arena = arena,
		.items = arena_array(arena, room + 1, sizeof(struct finding)),
		.room = room};
}

struct finding *finding_add(struct findings *findings)
{
	struct finding *finding = &findings->items[findings->count];

	MUST(findings->count < findings->room);
	finding->order = findings->count++;
	return finding;
}

const char *finding_package(struct arena *arena, const char *purl,
	const char *name, const char *version)
{
	if (purl)
		return arena_copy(arena, purl, strcspn(purl, "?#"));
	return version ? arena_printf(arena, "%s@%s", name, version) : name;
}

/* NULL where there is none or a choice: an advisory may be about many. */
static const char *only_cve(const struct json *ids)
{
	const char *ret = NULL;

	JSON_EACH (ids, walk) {
		const char *id = json_text(walk.value);

		if (!id || strncmp(id, "CVE-", 4) != 0)
			continue;
		if (ret)
			return NULL;
		ret = id;
	}
	return ret;
}

bool finding_name(struct arena *arena, struct finding *finding)
{
	const char *cve = only_cve(finding->aliases);

	if (cve && strncmp(finding->vulnerability, "CVE-", 4) != 0) {
		finding->alias = finding->vulnerability;
		finding->vulnerability = cve;
	}
	finding->key = arena_printf(arena, "%s %s%s%s", finding->vulnerability,
		finding->package, finding->path ? " " : "",
		finding->path ? finding->path : "");
	return strlen(finding->key) <= FINDING_KEY_MAX;
}

static int compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	if (order != 0)
		return order;
	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void findings_settle(struct findings *findings)
{
	struct finding *items = findings->items;
	size_t kept = 0;

	if (findings->count == 0)
		return;
	qsort(items, findings->count, sizeof(items[0]), compare);
	for (size_t i = 1; i < findings->count; i++)
		if (strcmp(items[i].key, items[kept].key) != 0)
			items[++kept] = items[i];
	findings->count = kept + 1;
}

static void set_aliases(struct json_maker *maker, struct json_node *node,
	const struct finding *finding)
{
	struct json_node *aliases = json_array(maker);

	if (finding->alias)
		json_add_text(maker, aliases, finding->alias);
	JSON_EACH (finding->aliases, walk) {
		const char *id = json_text(walk.value);

		if (id && strcmp(id, finding->vulnerability) != 0)
			json_add_text(maker, aliases, id);
	}
	if (json_node_count(aliases) > 0)
		json_set_node(maker, node, "aliases", aliases);
}

static struct json_node *finding_node(
	struct json_maker *maker, const struct finding *finding)
{
	struct json_node *node = json_object(maker);

	json_set_text(maker, node, "key", finding->key);
	json_set_text(maker, node, "vulnerability", finding->vulnerability);
	set_aliases(maker, node, finding);
	json_set_text(maker, node, "package", finding->package);
	json_set_text(maker, node, "version", finding->version);
	json_set_text(maker, node, "fixed_version", finding->fixed_version);
	json_set_text(maker, node, "severity", names[finding->severity]);
	json_set_text(maker, node, "status", finding->status);
	json_set_text(maker, node, "path", finding->path);
	return node;
}

void findings_set(const struct findings *findings, struct json_maker *maker,
	struct json_node *body)
{
	struct json_node *list = json_array(maker);
	struct json_node *counts = json_object(maker);
	int64_t numbers[RATINGS] = {0};

	for (size_t i = 0; i < findings->count; i++) {
		numbers[findings->items[i].severity]++;
		json_add_node(
			maker, list, finding_node(maker, &findings->items[i]));
	}
	for (int i = 0; i < RATINGS; i++)
		json_set_integer(maker, counts, names[i], numbers[i]);
	json_set_node(maker, body, "findings", list);
	json_set_node(maker, body, "counts", counts);
}
