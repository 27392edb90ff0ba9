/* SPDX-License-Identifier: Apache-2.0 */
/* The record that says why a delivery could not be used: a public contract
 * (schemas/events/rejected.v1.schema.json) that edge and translate write. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "wire/kafka.h"

struct rejection {
	const char *stage; /* "edge" or "translate" */
	const char *source;
	const char *tool;
	const char *tenant;
	const char *delivery; /* id */
	const char *digest;   /* of the body; NULL where it is not known */
	size_t size;          /* of the body */
	instant received;
	const char *reason;  /* a sentence */
	const char *path;    /* JSON path, header, "byte 17"; NULL, "" */
	const char *adapter; /* "github/1"; NULL */
	bool oversized;
	const char *traceparent; /* NULL: none */
};

/* The record for <prefix>.rejected, keyed by source; topic unset. Its id
 * follows from the delivery and the stage, so a second one is the same. */
void rejection_encode(struct arena *arena, const struct rejection *rejection,
	struct kafka_record *ret);
