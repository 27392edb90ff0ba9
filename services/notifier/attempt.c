/* SPDX-License-Identifier: Apache-2.0 */
#include "attempt.h"

#include "daemon/relay.h"

#define ARRAY_MAX (4u << 20)

enum status attempts_begin(struct pg *pg, struct arena *arena,
	const struct notice *notices, size_t count, instant doubtful_until,
	struct reason *reterr)
{
	struct pg_array *ids = pg_array_new(arena, ARRAY_MAX);
	struct pg_args args;

	for (size_t i = 0; i < count; i++)
		if (notices[i].out.action == NOTICE_FIRE ||
			notices[i].out.action == NOTICE_CREATE)
			pg_array_integer(ids, notices[i].id);
	if (!pg_array_count(ids))
		return OK;
	pg_args_init(&args, arena);
	pg_array_arg(&args, ids);
	pg_instant(&args, doubtful_until);
	return pg_do(pg,
		"UPDATE notice SET doubtful_until = $2"
		" WHERE id = ANY($1::bigint[])",
		&args, NULL, reterr);
}

static enum status write_states(struct pg *pg, struct arena *arena,
	const struct notice *notices, size_t count, struct reason *reterr)
{
	struct pg_array *rows[12];
	struct pg_args args;

	pg_args_init(&args, arena);
	for (int i = 0; i < 12; i++)
		rows[i] = pg_array_new(arena, ARRAY_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct notice *notice = &notices[i];

		pg_array_integer(rows[0], notice->id);
		pg_array_integer(rows[1], notice->revision);
		pg_array_bool(rows[2], notice->standing);
		pg_array_integer(rows[3], notice->sent_generation);
		pg_array_integer(rows[4], notice->sent_n);
		pg_array_bool(rows[5], notice->promoted);
		pg_array_instant(rows[6], notice->doubtful_until);
		pg_array_instant(rows[7], notice->resent_until);
		pg_array_integer(rows[8], notice->attempts);
		pg_array_integer(rows[9], notice->tries);
		pg_array_text(rows[10],
			notice->out.action == NOTICE_ACTIONS
				? notice->outcome
				: notice_outcome_name(notice->result));
		pg_array_instant(rows[11], notice->due_at);
	}
	for (int i = 0; i < 12; i++)
		pg_array_arg(&args, rows[i]);
	/* Where intake has changed its mind meanwhile, its due time stands. */
	return pg_do(pg,
		"UPDATE notice SET standing = s.standing,"
		" sent_generation = s.generation, sent_n = s.n,"
		" promoted = s.promoted, doubtful_until = s.doubtful,"
		" resent_until = s.resent, attempts = s.attempts,"
		" tries = s.tries, outcome = s.outcome,"
		" due_at = CASE WHEN notice.revision = s.revision"
		" THEN s.due ELSE notice.due_at END"
		" FROM unnest($1::bigint[], $2::bigint[], $3::bool[],"
		" $4::bigint[], $5::bigint[], $6::bool[], $7::timestamptz[],"
		" $8::timestamptz[], $9::bigint[], $10::int[], $11::text[],"
		" $12::timestamptz[]) AS s (id, revision, standing,"
		" generation, n, promoted, doubtful, resent, attempts, tries,"
		" outcome, due) WHERE notice.id = s.id",
		&args, NULL, reterr);
}

static enum status write_attempts(struct pg *pg, struct arena *arena,
	const struct attempt_place *place, const struct notice *notices,
	size_t count, struct reason *reterr)
{
	struct pg_array *rows[6];
	struct pg_args args;

	pg_args_init(&args, arena);
	for (int i = 0; i < 6; i++)
		rows[i] = pg_array_new(arena, ARRAY_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct sink_outcome *outcome = &notices[i].out.outcome;

		if (!notices[i].said)
			continue;
		pg_array_integer(rows[0], notices[i].id);
		pg_array_integer(rows[1], notices[i].attempts);
		pg_array_text(
			rows[2], notice_action_name(notices[i].out.action));
		pg_array_text(rows[3], notice_outcome_name(notices[i].result));
		pg_array_integer(rows[4], outcome->code);
		pg_array_text(rows[5], *outcome->why ? outcome->why : NULL);
	}
	if (!pg_array_count(rows[0]))
		return OK;
	for (int i = 0; i < 6; i++)
		pg_array_arg(&args, rows[i]);
	pg_instant(&args, place->at);
	return pg_do(pg,
		"INSERT INTO attempt"
		" (notice, number, action, outcome, code, why, at)"
		" SELECT *, $7 FROM unnest($1::bigint[], $2::bigint[],"
		" $3::text[], $4::text[], $5::int[], $6::text[])"
		" ON CONFLICT DO NOTHING",
		&args, NULL, reterr);
}

static enum status write_links(struct pg *pg, struct arena *arena,
	const struct notice *notices, size_t count, struct reason *reterr)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < count; i++) {
		const struct sink_link *link = &notices[i].out.link;
		struct pg_args args;

		if (!link->alert || !notices[i].said)
			continue;
		pg_args_init(&args, arena);
		pg_integer(&args, notices[i].id);
		pg_text(&args, link->alert);
		pg_text(&args, link->case_id);
		if (link->case_id)
			pg_integer(&args, link->case_number);
		else
			pg_text(&args, NULL);
		status = pg_do(pg,
			"INSERT INTO case_link"
			" (notice, alert, case_id, case_number)"
			" VALUES ($1, $2, $3, $4)"
			" ON CONFLICT (notice) DO UPDATE SET"
			" alert = excluded.alert, case_id = excluded.case_id,"
			" case_number = excluded.case_number",
			&args, NULL, reterr);
	}
	return status;
}

static void fill_record(const struct attempt_place *place,
	const struct notice *notice, struct notice_record *ret)
{
	const struct verdict_record *verdict = notice->out.verdict;
	const struct sink_outcome *outcome = &notice->out.outcome;

	*ret = (struct notice_record){
		.notice = notice->id,
		.episode = notice->out.episode,
		.criterion = verdict->criterion,
		.subject = verdict->subject,
		.tenant = verdict->tenant,
		.generation = notice->generation,
		.n = notice->n,
		.verdict = verdict_name(verdict->verdict),
		.role = notice->out.role,
		.party = notice->out.party,
		.sink = place->sink,
		.target = place->target,
		.action = notice->out.action,
		.outcome = notice->result,
		.attempt = notice->attempts,
		.code = outcome->code,
		.why = *outcome->why ? outcome->why : NULL,
		.at = place->at,
		.traceparent = verdict->traceparent,
	};
}

static enum status publish(struct pg *pg, struct arena *arena,
	const struct attempt_place *place, const struct notice *notices,
	size_t count, struct reason *reterr)
{
	struct kafka_record *records =
		arena_array(arena, count + 1, sizeof(*records));
	size_t said = 0;

	for (size_t i = 0; i < count; i++) {
		struct notice_record record;

		if (!notices[i].said)
			continue;
		fill_record(place, &notices[i], &record);
		notice_encode(arena, &record, &records[said]);
		records[said++].topic = place->topic;
	}
	return outbox_add(pg, arena, records, said, reterr);
}

enum status attempts_end(struct pg *pg, struct arena *arena,
	const struct attempt_place *place, const struct notice *notices,
	size_t count, struct reason *reterr)
{
	enum status status;

	if (!count)
		return OK;
	status = write_states(pg, arena, notices, count, reterr);
	if (status == OK)
		status = write_attempts(
			pg, arena, place, notices, count, reterr);
	if (status == OK)
		status = write_links(pg, arena, notices, count, reterr);
	if (status == OK)
		status = publish(pg, arena, place, notices, count, reterr);
	return status;
}
