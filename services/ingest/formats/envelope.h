/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CloudEvent 1.0 as it comes over HTTP, its three modes made alike. Knows
 * nothing of what the event means.
 */
#pragma once

#include "adapter.h"

struct envelope {
	const char *specversion, *id, *source, *type; /* NULL: absent */
	const char *subject, *time;                   /* NULL: absent */
	const char *traceparent; /* NULL: absent, or malformed */
	const struct json *data; /* NULL: absent */
	const char *base; /* where an attribute is: "$.", "$[3].", "ce-" */
	const char *path; /* JSON path of data: "$.data", "$" */
};

/* "structured", "batch" or "binary"; NULL where it is none of them. */
const char *envelope_mode(const struct delivery *delivery);
/* Binary mode: attributes are headers, percent-encoded. */
struct envelope envelope_headers(const struct delivery *delivery);
/* An event in JSON that stands at `base`, "$" or "$[3]". REJECT where it is no
 * object, an attribute is no string, or its data is not JSON. */
enum status envelope_json(const struct json *event, const char *base,
	struct arena *arena, struct envelope *ret,
	struct reason *reterr) MUST_CHECK;
/* REJECT where an attribute that CloudEvents requires is missing. */
enum status envelope_check(
	const struct envelope *envelope, struct reason *reterr) MUST_CHECK;
