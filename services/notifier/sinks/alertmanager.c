/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alertmanager, API v2: one array of alerts per send, the whole state of each
 * alert in it. An alert there ends by itself at its endsAt, so what stands is
 * sent again before; what is over is sent with an endsAt that has passed.
 */
#include "base/memory.h"
#include "base/strbuf.h"
#include "model/trace.h"
#include "sink.h"
#include "wire/crypto.h"
#include "wire/httpc.h"
#include "wire/json.h"

#define ANSWER_MAX 4096
#define WHY_MAX 1000

struct sink_line {
	struct httpc *httpc;
	char *url, *ready;
	char *authorization; /* NULL: none */
	instant timeout, ends_ahead, watchdog_ends_ahead;
};

struct sending {
	struct sink_line *line;
	const struct sink_permit *permit;
	struct arena *arena;
	instant now;
	struct reason *reterr;
};

static char *authorization_of(const struct sink_settings *settings)
{
	struct strbuf text, pair;
	char *result, *coded;

	if (!settings->user && !settings->bearer)
		return NULL;
	strbuf_init(&text, 16384);
	strbuf_init(&pair, 8192);
	if (settings->user) {
		strbuf_addf(&pair, "%s:%s", settings->user, settings->password);
		coded = memory_new(BASE64_ROOM(pair.length));
		base64_encode(pair.text, pair.length, coded);
		strbuf_addf(&text, "Authorization: Basic %s", coded);
		crypto_wipe(coded, strlen(coded));
		memory_free(coded);
	} else {
		strbuf_addf(
			&text, "Authorization: Bearer %s", settings->bearer);
	}
	result = memory_string(text.text);
	crypto_wipe(text.text, text.length);
	crypto_wipe(pair.text, pair.length);
	strbuf_release(&text);
	strbuf_release(&pair);
	return result;
}

static void alertmanager_close(struct sink_line **line)
{
	if (!*line)
		return;
	httpc_close(&(*line)->httpc);
	if ((*line)->authorization)
		crypto_wipe(
			(*line)->authorization, strlen((*line)->authorization));
	memory_free((*line)->authorization);
	memory_free((*line)->url);
	memory_free((*line)->ready);
	memory_free(*line);
	*line = NULL;
}

static enum status alertmanager_open(const struct sink_settings *settings,
	struct sink_line **ret, struct reason *reterr)
{
	struct httpc_settings client = {
		.ca = settings->ca,
		.certificate = settings->certificate,
		.key = settings->key,
		.connect_deadline = settings->timeout,
		.deadline = settings->timeout,
		.answer_max = ANSWER_MAX,
		.user_agent = "postern-notifier/" POSTERN_VERSION,
	};
	struct sink_line *line = memory_new(sizeof(*line));
	char url[4200];
	enum status status = httpc_open(&client, &line->httpc, reterr);

	if (status != OK) {
		memory_free(line);
		return status;
	}
	snprintf(url, sizeof(url), "%.4000s/api/v2/alerts", settings->url);
	line->url = memory_string(url);
	snprintf(url, sizeof(url), "%.4000s/api/v2/status", settings->url);
	line->ready = memory_string(url);
	line->authorization = authorization_of(settings);
	line->timeout = settings->timeout;
	line->ends_ahead = settings->ends_ahead;
	line->watchdog_ends_ahead = settings->watchdog_ends_ahead;
	*ret = line;
	return OK;
}

static const char *why(
	struct arena *arena, const struct verdict_record *verdict)
{
	struct strbuf text;
	char *result;

	strbuf_init(&text, 60000);
	for (size_t i = 0; i < verdict->deciding_count; i++)
		strbuf_addf(&text, "%s%s: %s", i ? "; " : "",
			verdict->deciding[i].name, verdict->deciding[i].value);
	result = arena_string(arena, text.text);
	strbuf_release(&text);
	utf8_cut(result, WHY_MAX);
	return result;
}

static struct json_node *annotations(struct arena *arena,
	struct json_maker *maker, const struct sink_notice *notice)
{
	const struct verdict_record *verdict = notice->verdict;
	struct json_node *map = json_object(maker);
	char since[INSTANT_TEXT], trace[TRACE_ID];

	if (!verdict) {
		json_set_text(
			maker, map, "summary", "Postern's notifier is alive");
		json_set_text(maker, map, "description",
			"This alert always fires. When it is gone, nothing "
			"that Postern says can be heard here.");
		return map;
	}
	instant_format(verdict->since, since);
	json_set_text(maker, map, "summary", verdict->summary);
	json_set_text(maker, map, "description", verdict->sentence);
	json_set_text(maker, map, "would_change", verdict->would_change);
	json_set_text(maker, map, "episode", notice->episode);
	json_set_text(maker, map, "verdict", verdict_name(verdict->verdict));
	json_set_text(maker, map, "since", since);
	json_set_text(maker, map, "task", verdict->task);
	json_set_text(maker, map, "profile", verdict->profile);
	if (verdict->deciding_count)
		json_set_text(maker, map, "why", why(arena, verdict));
	if (verdict->evidence_count)
		json_set_text(maker, map, "evidence", verdict->evidence[0]);
	if (verdict->traceparent) {
		trace_id(verdict->traceparent, trace);
		json_set_text(maker, map, "trace", trace);
	}
	return map;
}

static enum status add_alert(struct sending *s, struct json_maker *maker,
	struct json_node *array, const struct sink_notice *notice)
{
	struct json_node *alert = json_object(maker);
	instant ends =
		s->now + (notice->verdict ? s->line->ends_ahead
					  : s->line->watchdog_ends_ahead);
	instant starts = notice->opened;
	const struct json *labels;
	enum status status = json_read(s->arena, notice->labels,
		strlen(notice->labels), &labels, s->reterr);

	if (status != OK)
		return CONFIG; /* we wrote them ourselves */
	if (notice->ended != INSTANT_NEVER)
		ends = notice->ended < s->now ? notice->ended : s->now;
	/* An end before its start is refused; without a start it would be the
	 * end. */
	if (starts > ends)
		starts = ends;
	json_set_copy(maker, alert, "labels", labels);
	json_set_node(maker, alert, "annotations",
		annotations(s->arena, maker, notice));
	json_set_instant(maker, alert, "startsAt", starts);
	json_set_instant(maker, alert, "endsAt", ends);
	json_add_node(maker, array, alert);
	return OK;
}

static enum status write_body(struct sending *s,
	const struct sink_notice *notices, size_t count, const char **ret,
	size_t *ret_size)
{
	struct json_maker *maker = json_maker_new(s->arena);
	struct json_node *array = json_array(maker);
	enum status status = OK;

	for (size_t i = 0; status == OK && i < count; i++)
		status = add_alert(s, maker, array, &notices[i]);
	if (status == OK)
		*ret = json_write(maker, array, ret_size);
	return status;
}

static void say_all(struct sink_notice *notices, size_t count,
	const struct sink_outcome *outcome)
{
	for (size_t i = 0; i < count; i++)
		notices[i].outcome = *outcome;
}

/*
 * What an answer's code means for all that was sent. Only Alertmanager itself
 * refuses an alert in JSON; a 400 in plain text is a proxy or a TLS port, and
 * no alert's fault.
 */
static enum sink_result judge(const struct httpc_answer *answer)
{
	bool json = strncmp(answer->type, "application/json", 16) == 0;

	if (answer->code >= 200 && answer->code < 300)
		return SINK_DELIVERED;
	if (answer->code == 413 ||
		(json && (answer->code == 400 || answer->code == 422)))
		return SINK_FAILED;
	if (answer->code >= 500 || answer->code == 408 || answer->code == 429)
		return SINK_AWAY;
	return SINK_BARRED;
}

static void say_answer(
	const struct httpc_answer *answer, struct sink_outcome *ret)
{
	enum sink_result result = judge(answer);

	if (result == SINK_DELIVERED)
		sink_say(ret, result, answer->code, "%s", "");
	else if (answer->location && *answer->location)
		sink_say(ret, result, answer->code,
			"answered %ld, which points to %s: redirects are not "
			"followed, write the right address into urls",
			answer->code, answer->location);
	else
		sink_say(ret, result, answer->code, "answered %ld: %.*s",
			answer->code, 220, answer->body);
	if (answer->retry_after > 0)
		ret->wait = answer->retry_after * INSTANT_SECOND;
}

/* A request has one trace; what belongs to several goes without, and each alert
 * has its own among its annotations. */
static const char *one_trace(
	struct arena *arena, const struct sink_notice *notices, size_t count)
{
	const char *parent = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct verdict_record *verdict = notices[i].verdict;

		if (!verdict || !verdict->traceparent ||
			(parent && strcmp(parent, verdict->traceparent) != 0))
			return NULL;
		parent = verdict->traceparent;
	}
	return parent ? arena_printf(arena, "traceparent: %s", parent) : NULL;
}

/* One request; the outcome is for all of its alerts. */
static enum status post(struct sending *s, const struct sink_notice *notices,
	size_t count, struct sink_outcome *ret)
{
	const char *trace = one_trace(s->arena, notices, count);
	const char *headers[] = {"Content-Type: application/json",
		s->line->authorization ? s->line->authorization : trace,
		s->line->authorization ? trace : NULL, NULL};
	struct httpc_request request = {
		.method = "POST", .url = s->line->url, .headers = headers};
	struct httpc_answer answer;
	struct reason reason;
	const char *body = NULL;
	bool doubtful = false;
	enum status status =
		write_body(s, notices, count, &body, &request.size);

	if (status == OK)
		status = s->permit->ask(
			s->permit->context, s->line->timeout, s->reterr);
	if (status != OK)
		return status;
	request.body = body;
	*ret = (struct sink_outcome){0};
	if (httpc_call(s->line->httpc, s->arena, &request, &answer, &doubtful,
		    &reason) != OK) {
		sink_say(ret, SINK_AWAY, 0, "%s", reason.sentence);
		ret->doubtful = doubtful;
		return OK;
	}
	say_answer(&answer, ret);
	return OK;
}

/*
 * A refused batch is halved until the alert that is to blame stands alone; the
 * others get through, and it poisons none.
 */
static enum status send_some(
	struct sending *s, struct sink_notice *notices, size_t count)
{
	struct sink_outcome outcome;
	size_t half = count / 2;
	enum status status = post(s, notices, count, &outcome);

	if (status != OK)
		return status;
	say_all(notices, count, &outcome);
	if (outcome.result != SINK_FAILED || count == 1)
		return OK;
	status = send_some(s, notices, half);
	return status == OK ? send_some(s, notices + half, count - half)
			    : status;
}

static enum status alertmanager_send(struct sink_line *line,
	const struct sink_permit *permit, struct arena *arena, instant now,
	struct sink_notice *notices, size_t count, struct reason *reterr)
{
	struct sending sending = {line, permit, arena, now, reterr};

	return count ? send_some(&sending, notices, count) : OK;
}

/* Of the same API, so that the way of the alerts is what is tried. */
static void alertmanager_look(
	struct sink_line *line, struct arena *arena, struct sink_outcome *ret)
{
	const char *headers[] = {line->authorization, NULL};
	struct httpc_request request = {
		.method = "GET", .url = line->ready, .headers = headers};
	struct httpc_answer answer;
	struct reason reason;
	bool doubtful = false;

	*ret = (struct sink_outcome){0};
	if (httpc_call(line->httpc, arena, &request, &answer, &doubtful,
		    &reason) != OK) {
		sink_say(ret, SINK_AWAY, 0, "%s", reason.sentence);
		return;
	}
	say_answer(&answer, ret);
	if (ret->result == SINK_DELIVERED &&
		strncmp(answer.type, "application/json", 16) != 0)
		sink_say(ret, SINK_BARRED, answer.code,
			"answered %ld without JSON: this is no Alertmanager",
			answer.code);
}

static const char *const alertmanager_options[] = {
	"basic_auth", "key_file", "ca", "certificate", "key", NULL};

const struct sink sink_alertmanager = {
	.name = "alertmanager",
	.options = alertmanager_options,
	.has_urls = true,
	.by_labels = true,
	.refreshes = true,
	.batch = 256,
	.timeout = 10 * INSTANT_SECOND,
	.open = alertmanager_open,
	.send = alertmanager_send,
	.look = alertmanager_look,
	.close = alertmanager_close,
};
