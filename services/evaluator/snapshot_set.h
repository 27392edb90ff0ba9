/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots that came in parts: kept in table snapshot_part until all are
 * there and their digest is right, in whatever order they come. Until then they
 * change nothing.
 */
#pragma once

#include "model/evidence.h"
#include "wire/crypto.h"
#include "wire/pg.h"

/* Parts are made of one delivery, and the judge's now passes its receipt only
 * when all that was made of it is there: what is missing this long after it
 * never comes. */
#define SNAPSHOT_PATIENCE INSTANT_MINUTE
/* Missing parts that are named, at most. */
#define SNAPSHOT_NAMED 5

/* One whole snapshot, its parts in order. */
struct snapshot_whole {
	const char *subject, *source, *tool;
	const char *target; /* "" where none was named; for an index */
	const char *snapshot;
	bool complete;
	instant effective, recorded;
	size_t part_count;
	const char **evidence;      /* id of each part, hex */
	const struct json **bodies; /* the member named like the class */
};

/* Of evidence that is a snapshot by itself. */
void snapshot_set_single(struct arena *arena, struct crypto *crypto,
	const struct evidence *evidence, struct snapshot_whole *ret);
/*
 * Stages parts whose content is stored already, and returns the snapshots that
 * are whole by it; they are staged no more. A set whose digest is another stays
 * and is marked.
 */
enum status snapshot_set_stage(struct pg *pg, struct arena *arena,
	struct crypto *crypto, const struct evidence *const *parts,
	size_t count, struct snapshot_whole **ret, size_t *ret_count,
	struct reason *reterr) MUST_CHECK;
/* The body of stored evidence of a class; NULL where its content is gone. */
enum status snapshot_set_body(struct arena *arena, enum evidence_class class,
	const char *content, const struct json **ret,
	struct reason *reterr) MUST_CHECK;
