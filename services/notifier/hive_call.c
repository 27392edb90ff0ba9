/* SPDX-License-Identifier: Apache-2.0 */
#include "hive.h"

static bool names_a_route(const char *message)
{
	return *message == '/';
}

static enum hive_came judge_error(
	long code, const char *type, const char *message)
{
	bool creating = strcmp(type, "CreateError") == 0 ||
			strcmp(type, "ConflictError") == 0;

	switch (code) {
	case 409:
		return HIVE_EXISTS;
	case 400:
		return creating && strstr(message, "already exist") &&
				       !strstr(message, "Observable")
			       ? HIVE_EXISTS
			       : HIVE_REFUSED;
	case 404:
		return names_a_route(message) ? HIVE_BARRED : HIVE_MISSING;
	case 413:
		return HIVE_LARGE;
	case 408:
	case 429:
		return HIVE_AWAY;
	default:
		break;
	}
	return code >= 500 ? HIVE_ODD : HIVE_BARRED;
}

void hive_judge(struct arena *arena, const struct httpc_answer *answer,
	struct hive_answer *ret)
{
	const struct json *json = NULL;
	const char *type, *message;
	struct reason reason;

	*ret = (struct hive_answer){.code = answer->code, .why = ""};
	if (answer->retry_after > 0)
		ret->wait = answer->retry_after * INSTANT_SECOND;
	if (answer->size && json_read(arena, answer->body, answer->size, &json,
				    &reason) != OK)
		json = NULL;
	if (answer->code >= 200 && answer->code < 300 && json) {
		ret->json = json;
		return;
	}
	type = json_text_at(json, "type", "");
	message = json_text_at(json, "message", "");
	if (answer->code >= 200 && answer->code < 300)
		ret->came = HIVE_AWAY; /* somebody answers in its place */
	else if (!json_is_object(json) && answer->code >= 500)
		ret->came = HIVE_AWAY;
	else if (!json_is_object(json) &&
		 (answer->code == 404 || answer->code == 400))
		ret->came = HIVE_BARRED; /* a proxy, or a TLS port */
	else
		ret->came = judge_error(answer->code, type, message);
	/* A gateway's error may come after TheHive has done it. */
	ret->doubtful = answer->code >= 500 ||
			(answer->code >= 200 && answer->code < 300);
	if (answer->location && *answer->location) {
		ret->why = arena_printf(arena,
			"answered %ld, which points to %s: redirects are not "
			"followed, write the right address into urls",
			answer->code, answer->location);
		return;
	}
	ret->why = json_is_object(json)
			   ? arena_printf(arena, "answered %ld %s: %.200s",
				     answer->code, type, message)
			   : arena_printf(arena,
				     "answered %ld without JSON (%.60s)",
				     answer->code, answer->type);
}

enum status hive_call(struct hive_talk *talk, const char *method,
	const char *path, const char *body, size_t size,
	struct hive_answer *ret)
{
	const struct verdict_record *verdict = talk->notice->verdict;
	const char *headers[4] = {talk->key->authorization};
	size_t header_count = 1;
	struct httpc_request request = {.method = method,
		.url = arena_printf(talk->arena, "%s%s", talk->hive->url, path),
		.headers = headers,
		.body = body,
		.size = size};
	struct httpc_answer answer;
	struct reason reason;
	bool doubtful = false;
	enum status status = talk->permit->ask(
		talk->permit->context, talk->hive->timeout, talk->reterr);

	if (status != OK)
		return status;
	if (body)
		headers[header_count++] = "Content-Type: application/json";
	if (verdict && verdict->traceparent)
		headers[header_count] = arena_printf(
			talk->arena, "traceparent: %s", verdict->traceparent);
	if (httpc_call(talk->hive->httpc, talk->arena, &request, &answer,
		    &doubtful, &reason) != OK) {
		*ret = (struct hive_answer){.came = HIVE_AWAY,
			.doubtful = doubtful,
			.why = arena_string(talk->arena, reason.sentence)};
		return OK;
	}
	hive_judge(talk->arena, &answer, ret);
	if (answer.code == 401 || answer.code == 402 || answer.code == 403)
		talk->key->refused = true;
	return OK;
}

void hive_give_up(struct hive_talk *talk, const struct hive_answer *answer)
{
	static const enum sink_result results[] = {
		[HIVE_WELL] = SINK_DELIVERED,
		[HIVE_EXISTS] = SINK_AGAIN,
		[HIVE_MISSING] = SINK_AGAIN,
		[HIVE_LARGE] = SINK_FAILED,
		[HIVE_REFUSED] = SINK_FAILED,
		[HIVE_ODD] = SINK_AGAIN,
		[HIVE_AWAY] = SINK_AWAY,
		[HIVE_BARRED] = SINK_BARRED,
	};
	struct sink_outcome *outcome = &talk->notice->outcome;

	sink_say(outcome, results[answer->came], answer->code, "%s",
		answer->why);
	outcome->wait = answer->wait;
	outcome->doubtful = answer->doubtful;
}
