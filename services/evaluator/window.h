/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows a rule may look at, and nothing else: read by window_load.c, looked
 * at through the functions below, which never show a row that is later than
 * the instant they are asked for. So one window serves every instant from
 * `from` on, and the same rows give the same judgement for ever.
 *
 * Order of evidence is (effective, recorded, id), newest first: the version
 * guard of every projection.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "model/evidence.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stddef.h>

struct window_evidence {
	const char *id; /* hex */
	enum evidence_class class;
	const char *kind;
	const char *subject;
	const char *source; /* configured name */
	const char *tool;
	const char *delivery_digest;
	instant effective;
	instant recorded;
	const char *traceparent; /* NULL: none */
	const struct json *data; /* the record's value: body under its class */
	/* By which relation this subject is a neighbour; NULL: its own. */
	const char *relation;
};

struct window_relation {
	const char *relation; /* as window_needs names it, "<runs" inwards */
	const char *other;
	instant from, until; /* no longer at until; INSTANT_NEVER: still */
	const char *evidence;
	/* Labels of the neighbour, for exposure and environment. */
	const struct label *labels;
	size_t label_count;
};

struct window_finding {
	const char *key; /* vulnerability and package */
	const char *vulnerability;
	const char *package;
	const char *severity;
	const char *fixed_version; /* NULL: none yet */
	const char *source;
	const char *target;
	/* Seen in snapshots from, no longer at until; INSTANT_NEVER: open. */
	instant from, until;
	/* An item that changes is a new row: open without a break since, and
	 * with a fixed version without a break since (0: has none now). */
	instant since, fixed_since;
	const struct json *detail; /* kev_date, exposed, automatable, ... */
	const char *evidence;      /* that opened it */
};

struct window_scan {
	const char *source, *tool, *target;
	instant effective;
	const char *evidence;
};

/* A snapshot in parts that is not whole. */
struct window_flaw {
	const char *subject; /* this one, or a neighbour */
	const char *source;
	const char *snapshot; /* id */
	instant effective;
	/* Nothing can make it whole from then on; INSTANT_NEVER never comes. At
	 * `until` a newer complete one took its place. */
	instant from, until;
	const char *what;     /* "parts 2, 3 of 5 never came" */
	const char *evidence; /* of a part that is there */
};

/* A source is declared with one interval, said however often. */
struct window_declaration {
	instant from, until; /* no longer at until */
};

/* Plain rows; only window_load.c and tests fill them. */
struct window {
	const char *subject;
	const char *tenant;
	const struct label *labels; /* of the subject, newest known */
	size_t label_count;
	const char *unmapped; /* why no rule maps it to a service; NULL */
	instant first_seen;   /* nobody listened for it before; 0: ever */
	instant from;         /* nothing can be asked for an earlier instant */
	const struct window_evidence *evidence; /* newest first */
	size_t evidence_count;
	const struct window_relation *relations;
	size_t relation_count;
	const struct window_finding *findings;
	size_t finding_count;
	const struct window_scan *scans; /* complete snapshots, newest first */
	size_t scan_count;
	const struct window_flaw *flaws; /* by (from, source, snapshot) */
	size_t flaw_count;
	const struct window_declaration *declarations;
	size_t declaration_count;
};

/* NULL where absent. */
const char *window_label(const struct window *window, const char *name);

/*
 * Walks evidence of a class at or before `at`, newest first, own or by a
 * relation ("runs", "<runs"; NULL: own only). A neighbour's is seen only where
 * it is a neighbour at `at`. Zero `index` to begin; NULL ends.
 */
struct window_walk {
	size_t index;
};
const struct window_evidence *window_next(const struct window *window,
	enum evidence_class class, const char *relation, instant at,
	struct window_walk *walk);
/* The first of that walk. */
const struct window_evidence *window_newest(const struct window *window,
	enum evidence_class class, const char *relation, instant at);
/* The relation in force at `at`, from index *cursor on; NULL ends. */
const struct window_relation *window_related(const struct window *window,
	const char *relation, instant at, size_t *cursor);
/* A finding that is open at `at`. */
const struct window_finding *window_open_finding(
	const struct window *window, instant at, size_t *cursor);
/* Newest complete scan at or before `at`; NULL: none. */
const struct window_scan *window_newest_scan(
	const struct window *window, instant at);
/* The smallest instant after `at` at which some row begins or ends;
 * INSTANT_NEVER: none. The judge walks from point to point. */
instant window_next_point(const struct window *window, instant at);
