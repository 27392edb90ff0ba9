/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For relation.c and projections/ only: the timelines that one batch touches,
 * between the tables and timeline.h. Each is named by up to three texts, the
 * first of them the subject. The tables are the caller's business, which hands
 * in the statements that read and clear them.
 */
#pragma once

#include "timeline.h"

#include "base/reason.h"
#include "wire/crypto.h"
#include "wire/pg.h"

struct lane_said {
	const char *names[3];
	struct timeline_statement statement;
	const void *origin; /* the caller's */
};

struct lane {
	const char *const *names;
	struct timeline *timeline;
	instant from; /* of the earliest new statement */
};

struct lanes {
	struct pg *pg;
	struct arena *arena;
	struct lane_said *said; /* sorted by names */
	size_t said_count;
	struct lane *list;
	size_t count;
};

/* Array parameters of what a batch changes are bounded by this. */
#define LANES_BOUND ((size_t)256 << 20)

typedef enum status lanes_step(struct lanes *lanes, struct reason *reterr);
/* The tables behind timelines of one kind. */
struct lanes_tables {
	lanes_step *load;           /* by lanes_know and lanes_bring */
	lanes_step *add_statements; /* what was said, as it was said */
	const char *clear;          /* deletes the rows of $1::tid[] */
	lanes_step *add_rows;       /* all that lanes_new gives */
};
/*
 * Says it: sorts `said`, opens a timeline for each name, loads what is known
 * of it, and writes what is new and takes away what is gone.
 */
enum status lanes_write(struct lanes *lanes, const struct lanes_tables *tables,
	struct lane_said *said, size_t count, struct reason *reterr) MUST_CHECK;

/*
 * Runs `sql` with four arrays: the three names and the earliest time, which it
 * unnests WITH ORDINALITY. Its columns: number of the lane from 1, then
 * effective_at, recorded_at, evidence in hex, complete, and the caller's, which
 * `items` reads for a statement that is not complete (NULL: all are).
 */
enum status lanes_know(struct lanes *lanes, const char *sql,
	enum status (*items)(struct lanes *lanes, const struct pg_rows *rows,
		size_t row, struct timeline_statement *ret,
		struct reason *reterr),
	struct reason *reterr) MUST_CHECK;
/*
 * The same for rows. Columns: number, ctid, valid_from, valid_until, evidence
 * and closed_by in hex, and the caller's, which `item` reads.
 */
enum status lanes_bring(struct lanes *lanes, const char *sql,
	void (*item)(struct lanes *lanes, const struct pg_rows *rows,
		size_t row, struct timeline_item *ret),
	struct reason *reterr) MUST_CHECK;
/* The next row that is new, and its lane. Zero the walk to begin. */
struct lanes_walk {
	size_t lane;
	struct timeline_walk walk;
};
bool lanes_new(const struct lanes *lanes, struct lanes_walk *walk,
	const struct lane **ret_lane, struct timeline_row *ret);

/* A bytea element from hex; NULL is null. */
void lanes_array_id(struct pg_array *array, const char *hex);
