/* SPDX-License-Identifier: Apache-2.0 */
/* What is told on a case instead of the alert that became part of it. */
#include "hive.h"

/* The case was opened by us and nobody has closed it: with its cause gone it is
 * resolved. One that people made of the alert is theirs to close. */
static bool ends_case(const struct hive_talk *talk, const struct json *json)
{
	return talk->notice->ended != INSTANT_NEVER &&
	       talk->notice->link.case_number > 0 &&
	       strcmp(json_text_at(json, "status", ""), "Open") == 0;
}

static void set_resolved(struct hive_talk *talk, struct json_maker *maker,
	struct json_node *root)
{
	const struct verdict_record *verdict = talk->notice->verdict;
	bool failed = verdict->episode_kind == EPISODE_FAIL ||
		      (verdict->episode_kind == EPISODE_NONE &&
			      verdict->previous == VERDICT_FAIL);
	char at[INSTANT_TEXT];

	instant_format(talk->notice->ended, at);
	json_set_text(maker, root, "status", "Resolved");
	json_set_text(maker, root, "resolutionStatus",
		failed ? "TruePositive" : "Indeterminate");
	json_set_text(maker, root, "summary",
		arena_printf(talk->arena,
			"The criterion is %s again since %s: %s",
			verdict_name(verdict->verdict), at, verdict->summary));
}

/* Our words among those of the people who work on the case. */
enum status hive_tell_case(struct hive_talk *talk, const char *ours)
{
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *root = json_object(maker);
	const char *path = arena_printf(talk->arena, "/api/case/%s",
		url_encode(talk->arena, talk->notice->link.case_id));
	struct hive_answer answer;
	const char *text, *body;
	bool ends;
	size_t size;
	enum status status = hive_call(talk, "GET", path, NULL, 0, &answer);

	if (status != OK || answer.came != HIVE_WELL) {
		hive_give_up(talk, &answer);
		return status;
	}
	text = hive_describe(talk->arena,
		json_text_at(answer.json, "description", ""), talk->ref, ours);
	json_set_text(maker, root, "description", text);
	ends = ends_case(talk, answer.json);
	if (ends)
		set_resolved(talk, maker, root);
	body = json_write(maker, root, &size);
	status = hive_call(talk, "PATCH", path, body, size, &answer);
	if (status != OK)
		return status;
	hive_give_up(talk, &answer);
	if (answer.came == HIVE_WELL &&
		(strcmp(json_text_at(answer.json, "description", ""), text) ||
			(ends && ends_case(talk, answer.json))))
		sink_say(&talk->notice->outcome, SINK_AGAIN, answer.code,
			"answered %ld, yet the case is not as it was to be",
			answer.code);
	return status;
}
