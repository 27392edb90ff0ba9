/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For intake*.c and relation.c only: one batch on its way into the database.
 */
#pragma once

#include "intake.h"

#include "model/evidence.h"

#define MAPPING_SIZE 8

struct intake_record {
	struct evidence evidence;
	const char *content; /* the record's value */
	size_t size;
	uint8_t id[SHA256_SIZE];
	uint8_t digest[SHA256_SIZE];   /* of what was said */
	uint8_t mapping[MAPPING_SIZE]; /* of what our rules made of it */
};

enum not_taken { REPEAT, DIFFERS, CONFLICT, RETIRED, NOT_TAKEN };

struct intake_batch {
	struct pg *pg;
	struct arena *arena;
	struct crypto *crypto;
	/* In partition order; ids may repeat. */
	struct intake_record *records;
	size_t count;
	/* Those taken in, by id; set by intake_evidence. */
	struct intake_record **fresh;
	size_t fresh_count;
	size_t bound; /* no array parameter takes more bytes */
	uint64_t not_taken[NOT_TAKEN];
};

/* Sets digest and mapping. */
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
