/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of a pack: refused with a place, or criteria that can be
 * judged. The first byte chooses the file. Seeds: packs/ssdf-po.
 */
#include "pack_private.h"
#include "window.h"

#include <stdlib.h>
#include <string.h>

#define SERVICE "default/service/prod/shop"
#define REPO "default/repo/github.com/acme/shop"

static const char clocks_text[] =
	"profiles: [{name: bod-26-04, rows: [{within: 1d}]}]";
static const char deployment_text[] =
	"{\"deployment\": {\"phase\": \"succeeded\", \"sync\": \"synced\","
	" \"revision\": \"r1\", \"history\": [{\"deployed_at\":"
	" \"1970-01-01T00:00:01Z\"}]}}";
static const char change_text[] =
	"{\"change\": {\"action\": \"approved\", \"revision\": \"r1\","
	" \"number\": 7, \"actor\": \"ann\"}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static const struct json *body(struct arena *arena, const char *text)
{
	const struct json *json;
	struct reason reason;

	require(json_read(arena, text, strlen(text), &json, &reason) == OK);
	return json;
}

static void judge(struct arena *arena, const struct criterion *criterion)
{
	const struct window_evidence evidence[] = {
		{.id = "2",
			.class = CLASS_DEPLOYMENT,
			.kind = "sync",
			.subject = SERVICE,
			.source = "argocd",
			.effective = 2 * INSTANT_SECOND,
			.data = body(arena, deployment_text)},
		{.id = "1",
			.class = CLASS_CHANGE,
			.kind = "review",
			.subject = REPO,
			.source = "github",
			.relation = "built-from",
			.effective = INSTANT_SECOND,
			.data = body(arena, change_text)},
	};
	const struct window_relation relation = {.relation = "built-from",
		.other = REPO,
		.until = INSTANT_NEVER};
	const struct window window = {.subject = SERVICE,
		.tenant = "default",
		.evidence = evidence,
		.evidence_count = 2,
		.relations = &relation,
		.relation_count = 1};
	struct judgement said;
	instant at = 3 * INSTANT_SECOND;

	for (int i = 0; i < 3 && at != INSTANT_NEVER; i++) {
		criterion->rule->judge(
			criterion, criterion->plan, &window, at, arena, &said);
		require(said.verdict < VERDICTS && said.next_change > at);
		require(said.summary && said.would_change);
		at = said.next_change;
	}
}

static enum status read_file(struct pack *pack, uint8_t choice,
	const struct doc *root, struct reason *reason)
{
	switch (choice % 3) {
	case 0:
		return pack_read_head(pack, root, reason);
	case 1:
		return clock_profiles_read(
			pack->arena, root, &pack->clocks, reason);
	default:
		return pack_read_criteria(pack, root, reason);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pack pack = {.arena = arena_new(256u << 20)};
	struct reason reason = {.sentence = ""};
	const struct doc *root;
	enum status status = IGNORED;

	pack.criteria = arena_array(
		pack.arena, PACK_CRITERIA_MAX, sizeof(pack.criteria[0]));
	require(doc_read(pack.arena, "clocks.yaml", clocks_text,
			strlen(clocks_text), &root, &reason) == OK);
	require(clock_profiles_read(pack.arena, root, &pack.clocks, &reason) ==
		OK);
	if (size > 0)
		status = doc_read(pack.arena, "fuzz.yaml",
			(const char *)data + 1, size - 1, &root, &reason);
	if (status == OK)
		status = read_file(&pack, data[0], root, &reason);
	require(status == OK || status == IGNORED || status == CONFIG);
	require(status != CONFIG ||
		(reason.sentence[0] && strstr(reason.place, "fuzz.yaml:")));
	for (size_t i = 0; i < pack.count; i++)
		judge(pack.arena, pack.criteria[i]);
	arena_free(&pack.arena);
	return 0;
}
