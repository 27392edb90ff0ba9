/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members of a JSON document that somebody else wrote, each with its type
 * looked at. The first refusal sticks, with its JSON path; after it answers are
 * empty and harmless, so whoever reads a document looks once, at the end.
 * Knows JSON only, no tool.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"
#include "wire/json.h"

struct member_fault {
	enum status status; /* OK until something is refused */
	struct reason *reterr;
};

/* One value of the document and where it stands. */
struct members {
	const struct json *from;
	const struct members *outer; /* NULL: `from` is the document */
	const char *path;            /* of the object or array inside `outer` */
	size_t index;                /* of the array; SIZE_MAX: no array */
	struct member_fault *fault;  /* shared by all of one document */
};

/* The document itself, which must be an object. */
struct members members_of(const struct json *root, struct member_fault *fault);
/* An item of the array at `path`, which must be an object. `outer` must
 * outlive it. */
struct members members_item(const struct members *outer, const char *path,
	size_t index, const struct json *item);
/* The object at `path`, refused where it is absent. `outer` must outlive it. */
struct members members_within(const struct members *outer, const char *path);

/*
 * By dotted path through objects ("head.repo.name"). What stands on the way
 * and is neither an object nor null is refused, like a value of another type.
 * Those without _if refuse what is absent, null or empty, too.
 */
const char *member_text(const struct members *members, const char *path);
/* NULL where absent, null or empty. */
const char *member_text_if(const struct members *members, const char *path);
/* Within 2^53. */
int64_t member_integer(const struct members *members, const char *path);
/* False where absent or null. */
bool member_integer_if(
	const struct members *members, const char *path, int64_t *ret);
bool member_flag_if(const struct members *members, const char *path);
/* RFC 3339; INSTANT_NEVER where absent, null, empty or Go's zero time. */
instant member_time_if(const struct members *members, const char *path);
const struct json *member_object(
	const struct members *members, const char *path);
const struct json *member_object_if(
	const struct members *members, const char *path);
/* NULL where absent or null. */
const struct json *member_list_if(
	const struct members *members, const char *path);

/* Refuses what is at `path` in the caller's words. */
void member_refuse(const struct members *members, const char *path,
	const char *fmt, ...) PRINTF(3, 4);
