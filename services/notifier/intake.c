/* SPDX-License-Identifier: Apache-2.0 */
#include "intake.h"

#include "base/log.h"
#include "label_set.h"
#include "metric.h"
#include "throttle.h"
#include "wire/json.h"

#include <string.h>

#define ARRAY_MAX (4u << 20)

/* One verdict on its way through. */
struct taking {
	struct intake *intake;
	struct pg *pg;
	struct arena *arena;
	const struct verdict_record *verdict;
	const char *record; /* the verdict as JSON */
	instant now;
	bool again; /* by other files: only what differs is touched */
	struct reason *reterr;
};

static void count(struct taking *t, enum metric row)
{
	if (t->intake->metrics && !t->again)
		metric_add(t->intake->metrics, row, NULL, 1);
}

/* IGNORED: it is a repeat, or older than what was seen. */
static enum status guard(struct taking *t)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	pg_args_init(&args, t->arena);
	pg_text(&args, t->verdict->subject);
	pg_text(&args, t->verdict->criterion);
	pg_integer(&args, t->verdict->generation);
	pg_integer(&args, t->verdict->n);
	status = pg_do(t->pg,
		"INSERT INTO verdict_seen AS seen"
		" (subject, criterion, generation, n) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (subject, criterion) DO UPDATE"
		" SET generation = excluded.generation, n = excluded.n"
		" WHERE (seen.generation, seen.n)"
		" < (excluded.generation, excluded.n)",
		&args, &touched, t->reterr);
	if (status != OK || touched)
		return status;
	count(t, METRIC_REPEATS);
	return IGNORED;
}

/* The pair has one present: whatever else stood open is over. */
static enum status close_others(struct taking *t)
{
	struct pg_args args;

	pg_args_init(&args, t->arena);
	pg_text(&args, t->verdict->subject);
	pg_text(&args, t->verdict->criterion);
	pg_text(&args, t->verdict->episode);
	pg_instant(&args, t->verdict->since);
	pg_integer(&args, t->verdict->generation);
	pg_integer(&args, t->verdict->n);
	pg_text(&args, t->record);
	pg_instant(&args, throttle_due(t->verdict->known_at, t->now));
	return pg_do(t->pg,
		"WITH over AS (UPDATE episode SET"
		" closed = greatest(opened, $4), generation = $5, n = $6,"
		" record = $7 WHERE subject = $1 AND criterion = $2"
		" AND closed = 'infinity' AND id IS DISTINCT FROM $3"
		" RETURNING id, closed)"
		" UPDATE notice SET open = false, ended_at = over.closed,"
		" revision = revision + 1, due_at = $8"
		" FROM over WHERE notice.episode = over.id AND notice.open",
		&args, NULL, t->reterr);
}

static enum status put_episode(struct taking *t)
{
	const struct verdict_record *verdict = t->verdict;
	struct pg_args args;

	pg_args_init(&args, t->arena);
	pg_text(&args, verdict->episode);
	pg_text(&args, verdict->tenant);
	pg_text(&args, verdict->criterion);
	pg_text(&args, verdict->subject);
	pg_text(&args,
		verdict->episode_kind == EPISODE_FAIL ? "fail" : "doubt");
	pg_instant(&args, verdict->episode_opened);
	pg_instant(&args, verdict->episode_closed);
	pg_bool(&args, verdict->suppressed_by != NULL);
	pg_integer(&args, verdict->generation);
	pg_integer(&args, verdict->n);
	pg_text(&args, t->record);
	return pg_do(t->pg,
		"INSERT INTO episode (id, tenant, criterion, subject, kind,"
		" opened, closed, suppressed, generation, n, record) VALUES"
		" ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
		" ON CONFLICT (id) DO UPDATE SET opened = excluded.opened,"
		" closed = excluded.closed, suppressed = excluded.suppressed,"
		" generation = excluded.generation, n = excluded.n,"
		" record = excluded.record",
		&args, NULL, t->reterr);
}

/* Columns of the notices that are owed, for unnest. */
struct owed {
	struct pg_array *sinks, *targets, *identities, *shared;
	size_t count;
	const struct party *party;
	const char *labels;
};

static void owe(struct owed *owed, const struct sink_config *sink,
	const char *fingerprint)
{
	const char *identity =
		sink->kind->by_labels ? fingerprint : owed->party->thehive;

	for (size_t i = 0; i < sink->url_count; i++) {
		pg_array_text(owed->sinks, sink->name);
		pg_array_text(owed->targets, sink->urls[i]);
		pg_array_text(owed->identities, identity);
		pg_array_bool(owed->shared, sink->kind->by_labels);
		owed->count++;
	}
}

/* Role to party, party and verdict to sinks. */
static void find_owed(struct taking *t, struct owed *owed)
{
	const struct intake *intake = t->intake;
	const struct sink_config *const *sinks;
	char fingerprint[FINGERPRINT];
	struct label *labels;
	size_t count_of_labels = 0, sink_count = 0;

	owed->sinks = pg_array_new(t->arena, ARRAY_MAX);
	owed->targets = pg_array_new(t->arena, ARRAY_MAX);
	owed->identities = pg_array_new(t->arena, ARRAY_MAX);
	owed->shared = pg_array_new(t->arena, ARRAY_MAX);
	owed->party = roles_party(intake->roles, t->verdict);
	labels = label_set(t->arena, t->verdict, owed->party, &count_of_labels);
	label_fingerprint(labels, count_of_labels, fingerprint);
	owed->labels = label_write(t->arena, labels, count_of_labels);
	if (t->verdict->episode_closed != INSTANT_NEVER)
		return;
	if (t->verdict->suppressed_by) {
		count(t, METRIC_SUPPRESSED);
		return;
	}
	sinks = routes_match(intake->routes, t->verdict, &sink_count);
	if (!sinks) {
		count(t, METRIC_UNROUTED);
		log_line(LOG_WARN, "NOTIFIER-UNROUTED",
			LOG_TEXT("criterion", t->verdict->criterion),
			LOG_TEXT("subject", t->verdict->subject),
			LOG_TEXT("role", t->verdict->role));
	}
	for (size_t i = 0; i < sink_count; i++)
		owe(owed, sinks[i], fingerprint);
}

/* $1 episode, $2 sinks, $3 targets, $4 identities, $5 shared */
static void owed_args(
	struct taking *t, const struct owed *owed, struct pg_args *args)
{
	pg_args_init(args, t->arena);
	pg_text(args, t->verdict->episode);
	pg_array_arg(args, owed->sinks);
	pg_array_arg(args, owed->targets);
	pg_array_arg(args, owed->identities);
	pg_array_arg(args, owed->shared);
}

#define OWED                                                                   \
	"unnest($2::text[], $3::text[], $4::text[], $5::bool[])"               \
	" AS owed (sink, target, identity, shared)"

/* What stands for this episode and is owed no more: another party, another
 * route, other labels, suppressed, or closed. */
static enum status end_rest(struct taking *t, const struct owed *owed)
{
	instant end = t->verdict->episode_closed;
	struct pg_args args;

	owed_args(t, owed, &args);
	pg_instant(&args, end == INSTANT_NEVER || end > t->now ? t->now : end);
	pg_instant(&args, throttle_due(t->verdict->known_at, t->now));
	return pg_do(t->pg,
		"UPDATE notice SET open = false, ended_at = $6,"
		" revision = revision + 1, due_at = $7"
		" WHERE episode = $1 AND open AND NOT EXISTS"
		" (SELECT 1 FROM " OWED " WHERE owed.sink = notice.sink"
		" AND owed.target = notice.target"
		" AND owed.identity = notice.identity)",
		&args, NULL, t->reterr);
}

/*
 * The same label set of an earlier episode is the same alert over there: its
 * resolution must not be said again once this one fires.
 */
static enum status supersede(struct taking *t, const struct owed *owed)
{
	struct pg_args args;

	owed_args(t, owed, &args);
	return pg_do(t->pg,
		"UPDATE notice SET standing = false, due_at = 'infinity',"
		" doubtful_until = '-infinity', resent_until = '-infinity',"
		" revision = revision + 1 FROM " OWED
		" WHERE owed.shared AND notice.sink = owed.sink"
		" AND notice.target = owed.target"
		" AND notice.identity = owed.identity"
		" AND notice.episode <> $1 AND NOT notice.open"
		" AND notice.due_at < 'infinity'",
		&args, NULL, t->reterr);
}

static instant promotion(const struct verdict_record *verdict)
{
	switch (verdict->case_policy) {
	case CASE_AT_ONCE:
		return verdict->episode_opened;
	case CASE_AFTER:
		return verdict->episode_opened + verdict->case_after;
	case CASE_NEVER:
		break;
	}
	return INSTANT_NEVER;
}

static enum status put_notices(struct taking *t, const struct owed *owed)
{
	struct pg_args args;

	owed_args(t, owed, &args);
	pg_text(&args, t->verdict->role);
	pg_text(&args, owed->party->name);
	pg_text(&args, owed->party->thehive);
	pg_text(&args, owed->labels);
	pg_instant(&args, promotion(t->verdict));
	pg_instant(&args, throttle_due(t->verdict->known_at, t->now));
	pg_bool(&args, t->again);
	return pg_do(t->pg,
		"INSERT INTO notice AS old (episode, sink, target, identity,"
		" role, party, party_key, labels, promote_at, due_at, open)"
		" SELECT $1, sink, target, identity, $6, $7, $8, $9, $10, $11,"
		" true FROM " OWED
		" ON CONFLICT (episode, sink, target, identity) DO UPDATE SET"
		" role = excluded.role, party = excluded.party,"
		" party_key = excluded.party_key, labels = excluded.labels,"
		" promote_at = excluded.promote_at, due_at = excluded.due_at,"
		" open = true, ended_at = 'infinity',"
		" revision = old.revision + 1"
		" WHERE NOT $12 OR (old.role, old.party, old.party_key,"
		" old.labels, old.open) IS DISTINCT FROM (excluded.role,"
		" excluded.party, excluded.party_key, excluded.labels, true)",
		&args, NULL, t->reterr);
}

static enum status owe_all(struct taking *t)
{
	struct owed owed = {0};
	enum status status;

	find_owed(t, &owed);
	status = end_rest(t, &owed);
	if (status != OK || !owed.count)
		return status;
	status = supersede(t, &owed);
	return status == OK ? put_notices(t, &owed) : status;
}

static enum status take_episode(struct taking *t)
{
	enum status status = put_episode(t);

	return status == OK ? owe_all(t) : status;
}

static enum status take(struct taking *t)
{
	enum status status = guard(t);

	if (status != OK)
		return status;
	count(t, METRIC_VERDICTS);
	status = close_others(t);
	if (status == OK && t->verdict->episode_kind != EPISODE_NONE)
		status = take_episode(t);
	return status;
}

static enum status take_all(struct intake *intake, struct pg *pg,
	struct arena *arena, const struct kafka_batch *batch,
	size_t *ret_culprit, struct reason *reterr)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < batch->count; i++) {
		const struct kafka_record *record = &batch->records[i];
		struct verdict_record verdict = {0};
		struct taking t = {.intake = intake,
			.pg = pg,
			.arena = arena,
			.verdict = &verdict,
			.now = clock_now(intake->clock),
			.reterr = reterr};

		*ret_culprit = i;
		status = verdict_decode(arena, record, &verdict, reterr);
		if (status == OK) {
			t.record = arena_copy(
				arena, record->value, record->value_length);
			status = take(&t);
		}
		if (status == IGNORED)
			status = OK;
	}
	if (status != OK)
		return status;
	*ret_culprit = batch->count;
	return pg_do(pg, "SELECT pg_notify('" INTAKE_CHANNEL "', '')", NULL,
		NULL, reterr);
}

/* What is in force now; given back by the caller. */
static struct edition *open_files(struct intake *intake)
{
	struct edition *edition;
	const struct directory *directory;

	if (!intake->book)
		return NULL;
	edition = book_get(intake->book);
	directory = edition_text(edition);
	intake->roles = directory->roles;
	intake->routes = directory->routes;
	return edition;
}

enum status intake_apply(void *context, struct pg *pg, struct arena *arena,
	const struct kafka_batch *batch, size_t *ret_culprit,
	struct reason *reterr)
{
	struct intake *intake = context;
	struct edition *edition = open_files(intake);
	enum status status =
		take_all(intake, pg, arena, batch, ret_culprit, reterr);

	edition_unref(&edition);
	return status;
}

static enum status next_open(struct taking *t, const char *after,
	const char **ret_id, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, t->arena);
	pg_text(&args, after);
	status = pg_run(t->pg,
		"SELECT id, record FROM episode WHERE closed = 'infinity'"
		" AND id > $1 ORDER BY id LIMIT 1 FOR UPDATE",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	if (pg_count(rows)) {
		*ret_id = arena_string(t->arena, pg_get(rows, 0, 0));
		t->record = arena_string(t->arena, pg_get(rows, 0, 1));
	} else {
		status = IGNORED;
	}
	pg_rows_free(&rows);
	return status;
}

static enum status reroute(
	struct taking *t, const char *after, const char **ret_id)
{
	struct verdict_record verdict = {0};
	enum status status = pg_begin(t->pg, t->reterr);

	if (status == OK)
		status = next_open(t, after, ret_id, t->reterr);
	if (status == OK)
		status = verdict_read(t->arena, t->record, strlen(t->record),
			&verdict, t->reterr);
	t->verdict = &verdict;
	if (status == OK)
		status = owe_all(t);
	if (status == OK)
		status = pg_do(t->pg,
			"SELECT pg_notify('" INTAKE_CHANNEL "', '')", NULL,
			NULL, t->reterr);
	t->verdict = NULL; /* it ends with this call */
	return status == OK ? pg_commit(t->pg, t->reterr) : status;
}

enum status intake_reroute(struct intake *intake, struct pg *pg,
	struct arena *arena, const char *after, const char **ret_id,
	struct reason *reterr)
{
	struct edition *edition = open_files(intake);
	struct taking t = {.intake = intake,
		.pg = pg,
		.arena = arena,
		.now = clock_now(intake->clock),
		.again = true,
		.reterr = reterr};
	enum status status = reroute(&t, after, ret_id);

	if (status != OK)
		pg_rollback(pg);
	edition_unref(&edition);
	return status;
}
