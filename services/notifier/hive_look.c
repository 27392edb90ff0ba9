/* SPDX-License-Identifier: Apache-2.0 */
/* Reading back: the one alert of an episode, and what to do with its twins. */
#include "hive.h"

#define FOUND_MAX 50
#define TWIN "Duplicate of alert "

bool hive_read_alert(const struct json *json, struct hive_alert *ret)
{
	*ret = (struct hive_alert){
		.id = json_text(json_get(json, "_id")),
		.case_id = json_text(json_get(json, "case")),
		.description = json_text_at(json, "description", ""),
		.json = json,
	};
	if (!ret->id)
		ret->id = json_text(json_get(json, "id"));
	return ret->id != NULL;
}

static void add_equal(struct json_maker *maker, struct json_node *list,
	const char *field, const char *value)
{
	struct json_node *node = json_object(maker);

	json_set_text(maker, node, "_field", field);
	json_set_text(maker, node, "_value", value);
	json_add_node(maker, list, node);
}

static const char *search_body(struct hive_talk *talk, size_t *ret_size)
{
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *root = json_object(maker);
	struct json_node *query = json_object(maker);
	struct json_node *both = json_array(maker);

	add_equal(maker, both, "type", HIVE_TYPE);
	add_equal(maker, both, "source", talk->hive->source);
	add_equal(maker, both, "sourceRef", talk->ref);
	json_set_node(maker, query, "_and", both);
	json_set_node(maker, root, "query", query);
	return json_write(maker, root, ret_size);
}

/* An index may be generous: the triple counts exactly. */
static bool is_ours(struct hive_talk *talk, const struct json *json)
{
	return strcmp(json_text_at(json, "type", ""), HIVE_TYPE) == 0 &&
	       strcmp(json_text_at(json, "source", ""), talk->hive->source) ==
		       0 &&
	       strcmp(json_text_at(json, "sourceRef", ""), talk->ref) == 0;
}

static enum status find_all(struct hive_talk *talk, struct hive_alert *list,
	size_t *ret_count, struct hive_answer *ret)
{
	size_t size;
	const char *body = search_body(talk, &size);
	enum status status = hive_call(talk, "POST",
		arena_printf(talk->arena, "/api/alert/_search?range=0-%d",
			FOUND_MAX),
		body, size, ret);

	*ret_count = 0;
	if (status != OK || ret->came != HIVE_WELL)
		return status;
	JSON_EACH (ret->json, walk)
		if (*ret_count < FOUND_MAX && is_ours(talk, walk.value) &&
			hive_read_alert(walk.value, &list[*ret_count]))
			(*ret_count)++;
	return OK;
}

/* Ids are "~" and a number without leading zeros. */
static bool lower(const char *one, const char *other)
{
	size_t a = strlen(one), b = strlen(other);

	return a != b ? a < b : strcmp(one, other) < 0;
}

static const struct hive_alert *keep(
	const struct hive_alert *list, size_t count)
{
	const struct hive_alert *kept = &list[0];

	for (size_t i = 1; i < count; i++) {
		bool imported = list[i].case_id && !kept->case_id;
		bool equal = !list[i].case_id == !kept->case_id;

		if (imported || (equal && lower(list[i].id, kept->id)))
			kept = &list[i];
	}
	return kept;
}

static enum status mark_twin(struct hive_talk *talk,
	const struct hive_alert *twin, const char *kept,
	struct hive_answer *ret)
{
	struct json_maker *maker = json_maker_new(talk->arena);
	struct json_node *root = json_object(maker);
	size_t size;
	const char *body;

	json_set_text(maker, root, "description",
		arena_printf(talk->arena,
			TWIN "%s: TheHive took the same one twice. Postern "
			     "keeps %s up to date, not this one.",
			kept, kept));
	json_set_bool(maker, root, "read", true);
	body = json_write(maker, root, &size);
	return hive_call(talk, "PATCH",
		arena_printf(talk->arena, "/api/alert/%s",
			url_encode(talk->arena, twin->id)),
		body, size, ret);
}

static enum status reconcile(struct hive_talk *talk,
	const struct hive_alert *list, size_t count,
	const struct hive_alert *kept, struct hive_answer *ret)
{
	for (size_t i = 0; i < count; i++) {
		const struct hive_alert *twin = &list[i];
		enum status status;

		if (twin == kept || twin->case_id ||
			strncmp(twin->description, TWIN, strlen(TWIN)) == 0)
			continue;
		status = mark_twin(talk, twin, kept->id, ret);
		if (status != OK || ret->came != HIVE_WELL)
			return status;
	}
	return OK;
}

static enum status look_for_all(struct hive_talk *talk, struct hive_alert *ret,
	bool *ret_found, struct hive_answer *ret_answer)
{
	struct hive_alert *list =
		arena_array(talk->arena, FOUND_MAX, sizeof(*list));
	const struct hive_alert *kept;
	size_t count = 0;
	enum status status = find_all(talk, list, &count, ret_answer);

	*ret_found = count > 0;
	if (status != OK || ret_answer->came != HIVE_WELL || !count)
		return status;
	kept = keep(list, count);
	*ret = *kept;
	return reconcile(talk, list, count, kept, ret_answer);
}

static enum status look_at(struct hive_talk *talk, const char *id,
	struct hive_alert *ret, bool *ret_found, struct hive_answer *ret_answer)
{
	enum status status = hive_call(talk, "GET",
		arena_printf(talk->arena, "/api/alert/%s",
			url_encode(talk->arena, id)),
		NULL, 0, ret_answer);

	*ret_found = status == OK && ret_answer->came == HIVE_WELL &&
		     hive_read_alert(ret_answer->json, ret);
	return status;
}

enum status hive_look(struct hive_talk *talk, bool all, struct hive_alert *ret,
	bool *ret_found, struct hive_answer *ret_answer)
{
	const char *id = talk->notice->link.alert;
	enum status status;

	if (!id || all)
		return look_for_all(talk, ret, ret_found, ret_answer);
	status = look_at(talk, id, ret, ret_found, ret_answer);
	if (status != OK || ret_answer->came != HIVE_MISSING)
		return status;
	/* Under load that proves nothing. */
	status = look_for_all(talk, ret, ret_found, ret_answer);
	if (status != OK || ret_answer->came != HIVE_WELL || *ret_found)
		return status;
	status = look_at(talk, id, ret, ret_found, ret_answer);
	if (status == OK && ret_answer->came == HIVE_MISSING)
		ret_answer->came = HIVE_WELL; /* gone it is */
	return status;
}
