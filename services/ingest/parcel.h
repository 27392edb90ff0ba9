/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delivery as it travels on <prefix>.deliveries: raw bytes in chunks, all
 * else in headers (schemas/README.md, "Delivery"). Written by edge, read by
 * translate; the only thing the two share besides the adapters.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/crypto.h"
#include "wire/kafka.h"

/*
 * What a reader must expect of the chunks of one delivery: they come in order
 * on one partition, perhaps with others' between them; perhaps begun anew from
 * chunk 0 with the same id, where the edge spooled what it had sent in part;
 * perhaps never finished, where it died before its answer. The body is as it
 * was sent: a content-encoding is a header like any other.
 */
/* Bytes of a body in one record; headers take the rest of KAFKA_RECORD_MAX. */
#define PARCEL_CHUNK (800u << 10)
#define PARCEL_ID 33

struct parcel {
	const char *id; /* 32 hex digits, random */
	const char *source;
	const char *tool;
	const char *tenant;
	const char *digest; /* "sha256:..." of the whole body */
	instant received;
	/* Lower-case names without "h-"; credentials are never among them. */
	const struct kafka_header *headers;
	size_t header_count;
	const char *traceparent; /* NULL: none */
};

void parcel_id(char ret[PARCEL_ID]);
/* The records in order, keyed by source, in `arena`; topic unset. REJECT where
 * the headers alone are too large. The body is pointed at, not copied. */
enum status parcel_encode(struct arena *arena, const struct parcel *parcel,
	const void *body, size_t size, struct kafka_record **ret,
	size_t *ret_count, struct reason *reterr) MUST_CHECK;

struct parcel_chunk {
	struct parcel parcel;
	size_t size; /* of the whole body */
	unsigned chunk, chunks;
	const char *bytes;
	size_t count;
};
/* From one record, pointing into it. REJECT naming the header. */
enum status parcel_decode(struct arena *arena,
	const struct kafka_record *record, struct parcel_chunk *ret,
	struct reason *reterr) MUST_CHECK;
