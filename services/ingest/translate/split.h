/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot too large for one record is spread over parts: the same evidence
 * but for its id, its place among the parts, and its share of one array.
 */
#pragma once

#include "adapter.h"
#include "model/evidence.h"

struct split_work {
	struct crypto *crypto;
	const struct delivery *delivery;
	struct json_maker *maker;
	const struct event *event;
	const char *signed_id;
	int64_t window;
	struct kafka_record *records; /* out: in the delivery's arena */
	size_t count;
};

/* Of the n-th part (from 0) of the event with this number. */
unsigned split_ordinal(size_t event, size_t part);

/*
 * `evidence` is complete but for id, ordinal, and part, parts and digest of its
 * snapshot. REJECT where it does not fit and cannot be split, or one item
 * alone does not fit.
 */
enum status split_encode(struct split_work *work, size_t number,
	struct evidence *evidence, struct reason *reterr) MUST_CHECK;
