/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chunks of one partition of deliveries become whole deliveries. The edge sends
 * a delivery's chunks in order, but several edges write to a partition, and
 * one that met no acknowledgement sends the whole delivery again under the same
 * id. Memory is bounded; what never completes is given up with a reason.
 */
#pragma once

#include "parcel.h"
#include "wire/crypto.h"

/* The edge takes no larger body. */
#define ASSEMBLY_BODY_MAX (64u << 20)
/* Records that may come between two chunks of one delivery. */
#define ASSEMBLY_DISTANCE 50000
/* So long the next chunk may be missing where all has been read. */
#define ASSEMBLY_PATIENCE (10 * INSTANT_MINUTE)
/* Bytes waiting in one partition before the oldest is given up. */
#define ASSEMBLY_BYTES_MAX (128u << 20)
#define ASSEMBLY_WAITING_MAX 1000

struct assembly;

struct assembled {
	struct parcel parcel; /* points into the record it came from */
	const char *body;
	size_t size;
	void *owned; /* the body's memory; NULL where it is the record's */
};
void assembled_release(struct assembled *assembled);

struct assembly *assembly_new(void);
void assembly_free(struct assembly **assembly);
/* Forgets all that waits. */
void assembly_clear(struct assembly *assembly);

/*
 * Takes one record. OK: `ret` is a whole delivery whose bytes have their
 * digest; the caller releases it. IGNORED: more is to come, or it was there
 * already. REJECT: `ret->parcel` says of which delivery; its id is NULL where
 * even that could not be read. `now` is monotonic.
 */
enum status assembly_take(struct assembly *assembly, struct arena *arena,
	struct crypto *crypto, const struct kafka_record *record, instant now,
	struct assembled *ret, struct reason *reterr) MUST_CHECK;
/*
 * Gives up what has waited too long: REJECT with its parcel (and size) in
 * `arena` and the reason; OK where there is nothing to give up. Call until OK.
 */
enum status assembly_give_up(struct assembly *assembly, struct arena *arena,
	int64_t next, bool at_end, instant now, struct assembled *ret,
	struct reason *reterr) MUST_CHECK;
/* Forgets one delivery: its record was parked. */
void assembly_drop(struct assembly *assembly, const char *id);

/* Where reading must begin again to lose nothing: `next`, or the first chunk
 * of what waits. */
int64_t assembly_safe(const struct assembly *assembly, int64_t next);
/* Receipt of the oldest that waits; INSTANT_NEVER where nothing does. */
instant assembly_oldest(const struct assembly *assembly);
