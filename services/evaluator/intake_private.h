/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For intake*.c and relation.c only: one batch on its way into the database.
 */
#pragma once

#include "intake.h"

#include "model/evidence.h"
#include "model/punctuation.h"

#define MAPPING_SIZE 8

struct intake_record {
	struct evidence evidence;
	const char *content; /* the record's value */
	size_t size;
	uint8_t id[SHA256_SIZE];
	uint8_t digest[SHA256_SIZE];   /* of what was said */
	uint8_t mapping[MAPPING_SIZE]; /* of what our rules made of it */
	uint8_t leaf[SHA256_SIZE];     /* of the ledger */
};

enum not_taken { REPEAT, DIFFERS, CONFLICT, RETIRED, NOT_TAKEN };

struct intake_batch {
	struct pg *pg;
	struct arena *arena;
	/* In partition order; ids may repeat. */
	struct intake_record *records;
	size_t count;
	/* Those taken in, by id; set by intake_evidence. */
	struct intake_record **fresh;
	size_t fresh_count;
	size_t bound; /* no array parameter takes more bytes */
	uint64_t not_taken[NOT_TAKEN];
};

/* What reading needs. */
struct intake_reading {
	const struct clock *clock;
	instant retention;
	struct crypto *crypto;
};

/* The newest word on each partition of deliveries; how often any was said. */
struct intake_heard {
	struct punctuation *list;
	size_t count;
	uint64_t said;
};

/* Reads all of `from`, but for what was read before; sets records, count and
 * bound. REJECT names the record. */
enum status intake_read(const struct intake_reading *in,
	const struct kafka_batch *from, struct intake_batch *batch,
	struct intake_heard *heard, size_t *ret_culprit,
	struct reason *reterr) MUST_CHECK;
/* Reads a few more of a batch before its turn; false: no more can be. */
bool intake_read_some(const struct intake_reading *in, struct arena *arena,
	struct kafka_batch *batch);

/* Sets digest, mapping and leaf. */
void intake_digest(struct arena *arena, struct crypto *crypto,
	struct intake_record *record);
/* Seen or new, conflicts, evidence; sets `fresh`. */
enum status intake_evidence(
	struct intake_batch *batch, struct reason *reterr) MUST_CHECK;
/* Lines that fresh evidence is of. */
enum status intake_lines(
	struct intake_batch *batch, struct reason *reterr) MUST_CHECK;
/* Subjects of fresh evidence and their neighbours; wakes the judges at commit.
 */
enum status intake_subjects(
	struct intake_batch *batch, struct reason *reterr) MUST_CHECK;
/* Neighbours of fresh evidence, whatever its class. */
enum status intake_relations(
	struct intake_batch *batch, struct reason *reterr) MUST_CHECK;
/* Who was touched. */
enum status intake_agenda(
	struct intake_batch *batch, struct reason *reterr) MUST_CHECK;

struct pg_array *intake_array(struct intake_batch *batch);
/* Order of (effective, recorded, id). */
int intake_version_order(
	const struct evidence *left, const struct evidence *right);
