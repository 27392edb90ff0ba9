/* SPDX-License-Identifier: Apache-2.0 */
/* Table episode: what was published, and where late evidence has moved it. */
#include "store.h"

#include "base/bug.h"

#define ID_TRIES 16

struct episode_write {
	struct pg *pg;
	struct arena *arena;
	struct crypto *crypto;
	const struct agenda_pair *pair;
	const struct stored *stored;
	const struct episode_move *move;
	const char *tenant;
};

static const char *id_of(const struct episode_write *w, instant opened)
{
	char *id = arena_alloc(w->arena, EVIDENCE_ID);

	verdict_episode_id(w->crypto, w->tenant, w->pair->criterion,
		w->pair->subject, opened, id);
	return id;
}

static enum status close_it(
	const struct episode_write *w, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, w->arena);
	pg_text(&args, w->stored->episode);
	pg_instant(&args, w->move->closed);
	pg_instant(&args, w->stored->known_at);
	return pg_do(w->pg,
		"UPDATE episode SET closed = $2, known_at = $3"
		" WHERE id = decode($1, 'hex')",
		&args, NULL, reterr);
}

static enum status move_it(
	const struct episode_write *w, const char *id, struct reason *reterr)
{
	struct pg_args args;

	pg_args_init(&args, w->arena);
	pg_text(&args, id);
	pg_text(&args, id_of(w, w->move->opened));
	pg_instant(&args, w->move->opened);
	pg_instant(&args, w->stored->known_at);
	return pg_do(w->pg,
		"UPDATE episode SET true_id = decode($2, 'hex'), opened = $3,"
		" closed = 'infinity', known_at = $4"
		" WHERE id = decode($1, 'hex')",
		&args, NULL, reterr);
}

/* One that was published for the run that begins at `opened`; NULL: none. */
static enum status find_published(const struct episode_write *w,
	enum episode_kind kind, const char **ret, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, w->arena);
	pg_text(&args, w->pair->criterion);
	pg_text(&args, w->pair->subject);
	pg_text(&args, episode_kind_name(kind));
	pg_instant(&args, w->move->opened);
	status = pg_run(w->pg,
		"SELECT encode(id, 'hex') FROM episode WHERE criterion = $1"
		" AND subject = $2 AND kind = $3 AND opened >= $4"
		" ORDER BY opened LIMIT 1",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret = pg_count(rows) ? arena_string(w->arena, pg_get(rows, 0, 0))
			      : NULL;
	pg_rows_free(&rows);
	return OK;
}

/* The id may be taken by an episode that has moved away from this time: the
 * next microsecond's then, for ids are never used for two. */
static enum status open_new(const struct episode_write *w,
	enum episode_kind kind, const char **ret, struct reason *reterr)
{
	const char *true_id = id_of(w, w->move->opened);

	for (int i = 0; i < ID_TRIES; i++) {
		const char *id = id_of(w, w->move->opened + i);
		struct pg_args args;
		int64_t touched = 0;
		enum status status;

		pg_args_init(&args, w->arena);
		pg_text(&args, id);
		pg_text(&args, true_id);
		pg_text(&args, w->pair->criterion);
		pg_text(&args, w->pair->subject);
		pg_text(&args, episode_kind_name(kind));
		pg_instant(&args, w->move->opened);
		pg_instant(&args, w->stored->known_at);
		status = pg_do(w->pg,
			"INSERT INTO episode (id, true_id, criterion, subject,"
			" kind, opened, known_at) VALUES (decode($1, 'hex'),"
			" decode($2, 'hex'), $3, $4, $5, $6, $7)"
			" ON CONFLICT DO NOTHING",
			&args, &touched, reterr);
		if (status != OK)
			return status;
		if (touched) {
			*ret = id;
			return OK;
		}
	}
	reason_set(reterr, w->pair->subject,
		"the ids of %d episodes of %s in a row are taken", ID_TRIES,
		w->pair->criterion);
	return REJECT;
}

enum status store_episode(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct agenda_pair *pair,
	const struct stored *stored, const struct episode_move *move,
	enum episode_kind kind, const char **ret_opened, struct reason *reterr)
{
	const struct episode_write w = {.pg = pg,
		.arena = arena,
		.crypto = crypto,
		.pair = pair,
		.stored = stored,
		.move = move,
		.tenant = subject_tenant_of(arena, pair->subject)};
	const char *published = NULL;
	enum status status = OK;

	*ret_opened = NULL;
	if (move->close)
		status = close_it(&w, reterr);
	if (status == OK && move->moved)
		status = move_it(&w, stored->episode, reterr);
	if (status != OK || !move->open)
		return status;
	status = find_published(&w, kind, &published, reterr);
	if (status == OK && published) {
		status = move_it(&w, published, reterr);
		if (status == OK)
			*ret_opened = published;
	} else if (status == OK) {
		status = open_new(&w, kind, ret_opened, reterr);
	}
	return status;
}
