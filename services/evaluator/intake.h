/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From <prefix>.evidence to PostgreSQL: what a batch of records becomes inside
 * the reader's transaction. Evidence once, what it says of subjects, relations
 * and findings, and who is touched by it. The rows are the same for any order
 * of arrival and any batch size; only the first of two records with one id
 * wins. Owns no loop and no connection.
 */
#pragma once

#include "daemon/metrics.h"
#include "daemon/reader.h"

struct intake_settings {
	const struct clock *clock; /* of retention only */
	instant retention;       /* INSTANT_NEVER: evidence is kept for ever */
	struct metrics *metrics; /* by meters.def; NULL: none */
};

struct intake;
struct intake *intake_new(const struct intake_settings *settings);
void intake_free(struct intake **intake);

/* What the reader calls; lives as long as the intake. */
const struct reader_user *intake_user(struct intake *intake);

/*
 * reader_user.apply, callable without Kafka: needs records, topic and
 * partition of the batch, and an open transaction. REJECT names the record
 * that is malformed; RETRY stands for a major version we do not know.
 */
enum status intake_apply(void *intake, struct pg *pg, struct arena *arena,
	const struct kafka_batch *batch, size_t *ret_culprit,
	struct reason *reterr) MUST_CHECK;
/* reader_user.read_ahead: what a batch says, but for what it is to the tables.
 */
bool intake_read_ahead(
	void *intake, struct arena *arena, struct kafka_batch *batch);
/* reader_user.committed: counts what was taken in. */
void intake_committed(void *intake, const struct kafka_batch *batch);
