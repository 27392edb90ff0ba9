/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ingest would make of a delivery, without Kafka: for the command line
 * and the golden tests. The same code as the loop's.
 */
#pragma once

#include "adapter.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"

struct normalise_input {
	const char *tool;
	const char *source;         /* NULL: named like the tool */
	const char *tenant;         /* NULL: "default" */
	const struct label *labels; /* of the source */
	size_t label_count;
	const char *subjects;               /* file of rules; NULL: none */
	const struct kafka_header *headers; /* names in any case */
	size_t header_count;
	const char *body;
	size_t size;
	instant received;
	const char *delivery_id; /* NULL: 32 zeros */
};

struct normalised {
	const char *adapter; /* "github/1"; NULL */
	const struct kafka_record *records;
	size_t count;
};

/*
 * OK: a record of evidence each, its value JSON text ended by a NUL, all in
 * `arena` (made for TRANSLATION_ARENA). IGNORED: nothing of use in it. REJECT:
 * what would stand on <prefix>.rejected. CONFIG: no such tool, or the rules
 * are wrong.
 */
enum status normalise(struct arena *arena, const struct normalise_input *input,
	struct normalised *ret, struct reason *reterr) MUST_CHECK;
