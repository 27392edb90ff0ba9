/* SPDX-License-Identifier: Apache-2.0 */
#include "announce.h"

#include "judgement.h"

#include "base/bug.h"

#include <string.h>

#define IDS_BYTES (1u << 16)

struct evidence_list {
	const char **ids, **payloads;
	size_t count, payload_count;
	const char *traceparent; /* of the first, which is the newest */
};

static bool has(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static void add(struct evidence_list *list, const char *id, const char *payload,
	const char *traceparent)
{
	if (list->count == VERDICT_LIST_MAX || has(list->ids, list->count, id))
		return;
	if (!list->count)
		list->traceparent = traceparent;
	list->ids[list->count++] = id;
	if (!has(list->payloads, list->payload_count, payload))
		list->payloads[list->payload_count++] = payload;
}

static bool decides(const struct judgement *details, const char *id)
{
	for (size_t i = 0; i < details->deciding_count; i++)
		if (details->deciding[i].evidence &&
			strcmp(details->deciding[i].evidence, id) == 0)
			return true;
	return false;
}

/* True where the window had every piece. */
static bool from_window(
	const struct announcement *in, struct evidence_list *list)
{
	for (size_t i = 0; in->window && i < in->window->evidence_count; i++) {
		const struct window_evidence *row = &in->window->evidence[i];

		if (decides(in->details, row->id))
			add(list, row->id, row->delivery_digest,
				row->traceparent);
	}
	for (size_t i = 0; i < in->details->deciding_count; i++) {
		const char *id = in->details->deciding[i].evidence;

		if (id && !has(list->ids, list->count, id))
			return false;
	}
	return true;
}

static enum status from_store(struct pg *pg, struct arena *arena,
	const struct announcement *in, struct evidence_list *list,
	struct reason *reterr)
{
	struct pg_array *ids = pg_array_new(arena, IDS_BYTES);
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	for (size_t i = 0; i < in->details->deciding_count; i++)
		if (in->details->deciding[i].evidence)
			pg_array_text(ids, in->details->deciding[i].evidence);
	pg_args_init(&args, arena);
	pg_array_arg(&args, ids);
	status = pg_run(pg,
		"SELECT encode(e.id, 'hex'), e.delivery_digest, e.traceparent"
		" FROM evidence_seen s JOIN evidence e"
		" ON e.recorded_at = s.recorded_at AND e.id = s.id"
		" WHERE s.id = ANY (ARRAY(SELECT decode(i, 'hex')"
		" FROM unnest($1::text[]) AS i)) ORDER BY"
		" e.effective_at DESC, e.recorded_at DESC, e.id DESC",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	list->count = list->payload_count = 0;
	for (size_t i = 0; i < pg_count(rows); i++)
		add(list, arena_string(arena, pg_get(rows, i, 0)),
			arena_string(arena, pg_get(rows, i, 1)),
			pg_null(rows, i, 2)
				? NULL
				: arena_string(arena, pg_get(rows, i, 2)));
	pg_rows_free(&rows);
	return OK;
}

static void fill_criterion(const struct criterion *criterion,
	const struct judgement *details, struct verdict_record *ret)
{
	bool doubt = episode_kind_of(ret->verdict) == EPISODE_DOUBT;

	ret->sentence = criterion->sentence;
	ret->task = criterion->task;
	ret->severity = criterion->severity;
	ret->role = doubt && criterion->doubt_role ? criterion->doubt_role
						   : criterion->role;
	ret->case_policy = criterion->case_policy;
	ret->case_after = criterion->case_after;
	if (criterion->case_triage && details->triage &&
		ret->verdict == VERDICT_FAIL) {
		ret->case_policy = CASE_AT_ONCE;
		ret->case_after = 0;
	}
}

/* Of a criterion that is gone only its last record tells. */
static enum status fill_retired(struct arena *arena,
	const struct announcement *in, struct verdict_record *ret,
	struct reason *reterr)
{
	struct verdict_record last;
	enum status status;

	MUST(in->stored->record);
	status = verdict_read(arena, in->stored->record,
		strlen(in->stored->record), &last, reterr);
	if (status != OK)
		return status;
	ret->sentence = last.sentence;
	ret->task = last.task;
	ret->severity = last.severity;
	ret->role = last.role;
	ret->case_policy = last.case_policy;
	ret->case_after = last.case_after;
	return OK;
}

static void fill_stored(struct arena *arena, const struct announcement *in,
	struct verdict_record *ret)
{
	const struct stored *stored = in->stored;

	ret->tenant = subject_tenant_of(arena, in->pair->subject);
	ret->criterion = in->pair->criterion;
	ret->subject = in->pair->subject;
	ret->generation = stored->generation;
	ret->verdict = stored->verdict;
	ret->previous = VERDICTS;
	ret->since = stored->since;
	ret->judged_at = stored->judged_at;
	ret->known_at = stored->known_at;
	ret->next_change = stored->next_change;
	ret->suppressed_by = stored->suppressed_by;
	ret->episode_closed = INSTANT_NEVER;
	ret->labels = in->labels;
	ret->label_count = in->label_count < ANNOUNCE_LABELS ? in->label_count
							     : ANNOUNCE_LABELS;
	ret->pack_name = pack_name(in->pack);
	ret->pack_version = pack_version(in->pack);
	ret->pack_digest = pack_digest(in->pack);
}

static void fill_details(
	const struct judgement *details, struct verdict_record *ret)
{
	ret->summary = details->summary ? details->summary : "";
	ret->would_change = details->would_change;
	ret->profile = details->profile;
	ret->deciding = details->deciding;
	ret->deciding_count = details->deciding_count;
	ret->observables = details->observables;
	ret->observable_count = details->observable_count;
}

enum status announce_fill(struct pg *pg, struct arena *arena,
	const struct announcement *in, struct verdict_record *ret,
	struct reason *reterr)
{
	struct evidence_list list = {
		arena_array(arena, VERDICT_LIST_MAX, sizeof(char *)),
		arena_array(arena, VERDICT_LIST_MAX, sizeof(char *)), 0, 0,
		NULL};
	enum status status = OK;

	*ret = (struct verdict_record){0};
	fill_stored(arena, in, ret);
	fill_details(in->details, ret);
	if (in->criterion)
		fill_criterion(in->criterion, in->details, ret);
	else
		status = fill_retired(arena, in, ret, reterr);
	if (status == OK && !from_window(in, &list))
		status = from_store(pg, arena, in, &list, reterr);
	ret->evidence = list.ids;
	ret->evidence_count = list.count;
	ret->payloads = list.payloads;
	ret->payload_count = list.payload_count;
	ret->traceparent = list.traceparent;
	return status;
}

const char *announce_face(
	struct arena *arena, const struct verdict_record *record)
{
	const char *face = arena_printf(arena, "%s %s %s %lld",
		severity_name(record->severity), record->role,
		case_policy_name(record->case_policy),
		(long long)record->case_after);

	for (size_t i = 0; i < record->label_count; i++)
		face = arena_printf(arena, "%s %s=%s", face,
			record->labels[i].name, record->labels[i].value);
	return face;
}

const struct judgement *announce_recall(struct arena *arena, const char *text)
{
	struct judgement *ret = arena_alloc(arena, sizeof(*ret));
	struct verdict_record record;
	struct reason reason;

	if (!text ||
		verdict_read(arena, text, strlen(text), &record, &reason) != OK)
		return NULL;
	ret->verdict = record.verdict;
	ret->next_change = record.next_change;
	ret->summary = record.summary;
	ret->would_change = record.would_change;
	ret->profile = record.profile;
	ret->triage = record.verdict == VERDICT_FAIL &&
		      record.case_policy == CASE_AT_ONCE;
	ret->deciding_count = record.deciding_count;
	for (size_t i = 0; i < record.deciding_count; i++)
		ret->deciding[i] = record.deciding[i];
	ret->observable_count = record.observable_count;
	for (size_t i = 0; i < record.observable_count; i++)
		ret->observables[i] = record.observables[i];
	return ret;
}

const struct judgement *announce_recall_row(
	struct arena *arena, const struct history_row *row)
{
	struct judgement *ret = arena_alloc(arena, sizeof(*ret));
	const struct json *list = NULL;
	struct reason reason;

	ret->verdict = row->verdict;
	ret->next_change = INSTANT_NEVER;
	ret->summary = row->summary;
	if (json_read(arena, row->deciding, strlen(row->deciding), &list,
		    &reason) != OK)
		return ret;
	JSON_EACH (list, walk) {
		if (ret->deciding_count == VERDICT_LIST_MAX)
			break;
		ret->deciding[ret->deciding_count++] =
			(struct deciding){json_text_at(walk.value, "name", ""),
				json_text_at(walk.value, "value", ""),
				json_text(json_get(walk.value, "evidence"))};
	}
	return ret;
}
