/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vulnerabilities of one snapshot, and how class `scan` writes them: one key
 * each, in the order of the keys, counted by severity. Knows no scanner.
 */
#pragma once

#include "base/arena.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stddef.h>

/* Keys are indexed: PostgreSQL takes no row of an index over 2,700 bytes. */
#define FINDING_KEY_MAX 1024

enum rating {
	RATING_CRITICAL,
	RATING_HIGH,
	RATING_MEDIUM,
	RATING_LOW,
	RATING_INFO,
	RATING_UNKNOWN,
	RATINGS /* how many; also "no such word" */
};
/* Case-blind; "negligible" is info. RATINGS for another word. */
enum rating rating_parse(const char *word);

/* Texts live as long as the arena; NULL where the scanner says nothing. */
struct finding {
	const char *key; /* set by finding_name() */
	const char *vulnerability;
	const char *package; /* finding_package() */
	const char *version;
	const char *fixed_version;
	const char *status;
	const char *path;
	/* Other ids: an array of strings, and one more. */
	const struct json *aliases;
	const char *alias;
	enum rating severity;
	size_t order;
};

struct findings {
	struct arena *arena;
	struct finding *items;
	size_t count, room;
};

/* For at most `room` findings. */
void findings_init(struct findings *findings, struct arena *arena, size_t room);
/* A zeroed one; BUG over the room. */
struct finding *finding_add(struct findings *findings);
/* A package URL without qualifiers and subpath; else name@version. */
const char *finding_package(struct arena *arena, const char *purl,
	const char *name, const char *version);
/* Folds the id onto the only CVE among its aliases where it is none itself,
 * and makes the key; false where that is over FINDING_KEY_MAX. */
bool finding_name(struct arena *arena, struct finding *finding) MUST_CHECK;
/* Sorts by key; of findings with one key the worst stays, of equals the first.
 */
void findings_settle(struct findings *findings);
/* Sets `findings` and `counts` of a scan's body. */
void findings_set(const struct findings *findings, struct json_maker *maker,
	struct json_node *body);
