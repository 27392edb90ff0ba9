/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows that a judge writes: verdict, its history, its episodes. Every
 * function works inside the pair's transaction, after store_lock.
 */
#pragma once

#include "agenda.h"
#include "episode.h"

struct stored {
	int64_t generation, n; /* n: records published so far */
	enum verdict verdict;  /* VERDICTS: none yet */
	instant since;
	instant judged_at;
	instant known_at; /* of this transaction; never twice the same */
	instant next_change;
	instant due_at;   /* of the pair's row by clock; INSTANT_NEVER: none */
	instant first_at; /* earliest time it was judged at; INSTANT_NEVER */
	const char *silent;        /* tool subject, or NULL */
	const char *suppressed_by; /* or NULL */
	enum episode_kind episode_kind;
	const char *episode; /* id; NULL: none is open */
	instant episode_opened;
	const char *face;       /* what else consumers act on, as published */
	const char *labels;     /* of the subject, as judged with */
	const char *pack;       /* digest */
	const char *record;     /* JSON; NULL: none yet */
	const char *labels_now; /* JSON of the subject's labels */
	instant first_seen; /* the subject was; INT64_MIN: it is not known */
};

/*
 * Inserts or locks the pair's row: from here to the commit nobody else judges
 * it, and what is read later is not older. `ret_labels` is what the subject is
 * called now, to be compared with ret->labels.
 */
enum status store_lock(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, struct stored *ret,
	const char **ret_labels, struct reason *reterr) MUST_CHECK;
enum status store_write(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *stored,
	struct reason *reterr) MUST_CHECK;

/* Rows that end at `from` or later, and those of every episode that does. */
enum status store_history(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, instant from,
	const struct history_row **ret, size_t *ret_count,
	struct reason *reterr) MUST_CHECK;
enum status store_change(struct pg *pg, struct arena *arena,
	const struct agenda_pair *pair, const struct stored *stored,
	const struct history_change *change, struct reason *reterr) MUST_CHECK;

/*
 * Carries out a move on table episode. An episode that opens takes the id of
 * one that was published for the same run, if there is one; else its own.
 * `*ret_opened` is its id, NULL where none opened.
 */
enum status store_episode(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct agenda_pair *pair,
	const struct stored *stored, const struct episode_move *move,
	enum episode_kind kind, const char **ret_opened,
	struct reason *reterr) MUST_CHECK;
