/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The evaluator's only state machine: the table of episode.def, and how an
 * open episode follows the history when late evidence rewrites it. Pure.
 *
 * An episode spans a run: neighbouring rows of history of its kind. It stays
 * with the run it was opened in; where that run has gone, with the first one
 * that begins later. So the same fact never gets a second episode, whenever
 * we learn about it. A row that is settling opens none: nobody is told before
 * the time is over that a rule gives what it waits for.
 */
#pragma once

#include "history.h"

enum episode_action {
	EPISODE_STAY,
	EPISODE_OPEN,
	EPISODE_CLOSE,
	EPISODE_TURN, /* close this one, open one of the other kind */
};

enum episode_kind episode_kind_of(enum verdict verdict);
const char *episode_kind_name(enum episode_kind kind); /* "" for none */
enum episode_kind episode_kind_parse(const char *word);
enum episode_action episode_act(enum episode_kind open, enum verdict verdict);
/* Why, as the table says. */
const char *episode_cause(enum episode_kind open, enum verdict verdict);

struct episode_move {
	bool close;     /* the open one ended */
	instant closed; /* when */
	bool moved;     /* the open one goes on and began at `opened` */
	bool open;      /* another one began at `opened` */
	instant opened;
	/* The row that ended what is closed; NULL: the current one. */
	const struct history_row *ended_by;
};

/*
 * `open` is the kind that is open, `opened` since when; `rows` the history
 * from there (or from an earlier time) to now. Without a row that still is,
 * what is open closes.
 */
void episode_follow(enum episode_kind open, instant opened,
	const struct history_change *history, struct episode_move *ret);
