/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of what evidence of each class carries, as the files of
 * schemas/events say it: who may be wrong about it (a sender of our own
 * schema, an adapter, another producer) is told where. One table, held to the
 * schemas by its test. No I/O here.
 */
#pragma once

#include "base/reason.h"
#include "model/evidence.h"

/*
 * REJECT where `body` is not what a member named like the class may be; the
 * place is its path, "$.scan.findings[3].severity". Members the schema does
 * not name may be anything but numbers outside 2^53.
 */
enum status evidence_body_check(enum evidence_class class,
	const struct json *body, struct reason *reterr) MUST_CHECK;

/* True where evidence of the class is a snapshot: scan, assessment and
 * inventory. */
bool evidence_class_snapshot(enum evidence_class class);
/* The array of a snapshot's body that may be spread over parts: "findings";
 * NULL where the class has none. */
const char *evidence_class_split(enum evidence_class class);

/* RFC 3339 in UTC, at most microseconds, as every time of ours is written. */
bool evidence_time_is(const char *text);
/* Every number of the value, however deep, is a whole one within 2^53 or a
 * fraction; REJECT with the path below `place` otherwise. */
enum status evidence_numbers_check(const struct json *value, const char *place,
	struct reason *reterr) MUST_CHECK;
