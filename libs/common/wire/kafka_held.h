/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only wire/kafka_in.c may include this: one queue gives messages of all
 * partitions, a batch wants those of one. What belongs to another waits here,
 * in order, bounded.
 */
#pragma once

#include "wire/kafka_in.h"

struct rd_kafka_message_s;
struct kafka_held;

struct kafka_held *kafka_held_new(size_t max_bytes);
void kafka_held_free(struct kafka_held **held);
/* Takes the message. */
void kafka_held_add(
	struct kafka_held *held, struct rd_kafka_message_s *message);
/* Gives the oldest one away; NULL where there is none. */
struct rd_kafka_message_s *kafka_held_first(struct kafka_held *held);
/* The oldest one of a partition. */
struct rd_kafka_message_s *kafka_held_of(
	struct kafka_held *held, const char *topic, int32_t partition);
void kafka_held_drop(
	struct kafka_held *held, const char *topic, int32_t partition);
void kafka_held_clear(struct kafka_held *held);
bool kafka_held_full(const struct kafka_held *held);

/* A batch under construction. */
struct kafka_making {
	struct arena *arena;
	struct kafka_batch *batch;
	size_t max_records, max_bytes;
};

/* Takes the first message, an end of partition or a record. */
void kafka_making_begin(struct kafka_making *making, struct arena *arena,
	size_t max_records, size_t max_bytes,
	struct rd_kafka_message_s *message, struct kafka_batch *batch);
bool kafka_making_full(const struct kafka_making *making);
/* True for a message of the batch's partition. */
bool kafka_making_of(const struct kafka_making *making,
	const struct rd_kafka_message_s *message);
/* Takes the message where it fits; else it stays the caller's. */
bool kafka_making_takes(
	struct kafka_making *making, struct rd_kafka_message_s *message);
