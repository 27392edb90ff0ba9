/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves a body as the tool of a source would: the other side of
 * edge/authenticate.c, from the same row of the adapter's descriptor. Used by
 * `postern send`, so that a try proves the configuration, too.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "edge/source.h"
#include "wire/crypto.h"

#define SIGNED_HEADERS_MAX 4

struct signing {
	/* "Name: value", NULL ends. */
	const char *headers[SIGNED_HEADERS_MAX + 1];
	const char *path_token; /* last segment of the path; NULL: none */
};

/* With the source's newest secret. REJECT where the scheme cannot be signed
 * from here (a public key, a client certificate is TLS's). */
enum status sign(struct arena *arena, struct crypto *crypto,
	const struct source *source, const void *body, size_t size, instant now,
	struct signing *ret, struct reason *reterr) MUST_CHECK;
