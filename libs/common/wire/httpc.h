/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP client over libcurl: one handle, kept alive, one request at a time,
 * with a deadline. Follows no redirect, reads no more than it was told to,
 * verifies TLS always.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>

struct httpc;
struct httpc_settings {
	const char *ca;                /* PEM file; NULL: the system's */
	const char *certificate, *key; /* client certificate; NULL: none */
	instant connect_deadline;
	instant deadline;
	size_t answer_max; /* bytes of an answer that are kept */
	const char *user_agent;
};
enum status httpc_open(const struct httpc_settings *settings,
	struct httpc **ret, struct reason *reterr) MUST_CHECK;
void httpc_close(struct httpc **httpc);

struct httpc_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL ends */
	const void *body;
	size_t size;
};
struct httpc_answer {
	long code;
	const char *body; /* NUL-terminated, in the arena, cut at answer_max */
	size_t size;
	long retry_after; /* seconds; -1: none */
	const char *type; /* Content-Type, "" where none */
	/* Of a 3xx: where it points, without credentials and query; "". */
	const char *location;
};
/*
 * OK: an answer of any code. RETRY: none came, and the reason says why;
 * `ret_doubtful` is true where the request may have arrived all the same.
 * No header value appears in a reason.
 */
enum status httpc_call(struct httpc *httpc, struct arena *arena,
	const struct httpc_request *request, struct httpc_answer *ret,
	bool *ret_doubtful, struct reason *reterr) MUST_CHECK;
/* Percent-encodes all but unreserved characters (RFC 3986). */
const char *url_encode(struct arena *arena, const char *text);
