/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0 in Kafka binary mode: attributes as ce_ headers, data as the
 * value. Makes and checks the envelope; what is inside is others' business.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "wire/kafka.h"

struct cloudevent {
	const char *id;
	const char *source;
	const char *type;
	const char *subject;     /* NULL: none */
	instant time;            /* INSTANT_NEVER: none */
	instant recorded;        /* INSTANT_NEVER: none */
	const char *tenant;      /* NULL: none */
	const char *schema;      /* dataschema; NULL: none */
	const char *traceparent; /* NULL: none */
};

/* Sets headers and value of `ret`; the data must not be NULL (a tombstone). */
void cloudevent_encode(struct arena *arena, const struct cloudevent *event,
	const char *data, size_t size, struct kafka_record *ret);
/* REJECT with the attribute that is missing or wrong; a traceparent that is
 * wrong is none. */
enum status cloudevent_decode(struct arena *arena,
	const struct kafka_record *record, struct cloudevent *ret,
	struct reason *reterr) MUST_CHECK;
/*
 * Major version at the end of a type, "dev.postern.verdict.v1" gives 1 and the
 * length of what stands before ".v1"; 0 where there is none.
 */
unsigned cloudevent_version(const char *type, size_t *ret_stem);
