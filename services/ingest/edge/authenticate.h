/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request comes from the source it names, by the verify_spec of its
 * adapter: data, not code, and no tool's name. What stands in headers, path or
 * certificate is decided before the body is read; a signature is computed while
 * the body arrives. All active secrets are tried, always, in constant time.
 */
#pragma once

#include "edge/source.h"

#include <stdbool.h>
#include <stddef.h>

enum refusal {
	REFUSAL_NONE,
	REFUSAL_SOURCE,    /* there is no such source */
	REFUSAL_NETWORK,   /* not from where the source may send */
	REFUSAL_MISSING,   /* no credential at all */
	REFUSAL_REPEATED,  /* twice the same header: which one counts? */
	REFUSAL_MALFORMED, /* not in the form of the scheme */
	REFUSAL_WRONG,     /* well-formed, and not ours */
	REFUSAL_TIME,      /* signed too long ago, or in the future */
	REFUSAL_EXPIRED,   /* a certificate that is not valid now */
	REFUSAL_UNTRUSTED, /* a certificate of none of our authorities */
	REFUSALS
};
/* "unknown-source", ...: in the log and in a metric. */
const char *refusal_word(enum refusal refusal);

/* A Standard Webhook older or newer than this is a replay. */
#define AUTHENTICATE_TOLERANCE (5 * INSTANT_MINUTE)

/* What a request shows; the functions answer NULL and 0 for what is absent. */
struct presented {
	const char *(*header)(void *context, const char *name);
	unsigned (*header_count)(void *context, const char *name);
	void *context;
	const char *peer;
	const char *token;  /* second segment of the path; NULL */
	const char *client; /* subject of a verified certificate; NULL */
	enum refusal doubt; /* why a shown one is not verified, or NONE */
	instant now;
};

/* Contexts of one delivery at a time; expensive to make, so reused. */
struct verifier;
struct verifier *verifier_new(void);
void verifier_free(struct verifier **verifier);

/* By sources_stand_in; the verifier is between two deliveries. */
const struct source *authenticate_stand_in(struct verifier *verifier,
	const struct sources *sources, const char *name);

enum proof {
	PROOF_GIVEN,   /* proven, whatever the body is */
	PROOF_IN_BODY, /* authenticate_end decides */
	PROOF_REFUSED, /* `ret` says why */
};
/* Begins a delivery. The source must live until its end. */
enum proof authenticate_head(struct verifier *verifier,
	const struct source *source, const struct presented *presented,
	enum refusal *ret);
/* Each piece of the body, in order; also digests it. */
void authenticate_body(
	struct verifier *verifier, const void *bytes, size_t size);
/* After PROOF_IN_BODY, with the whole body: REFUSAL_NONE where it is proven. */
enum refusal authenticate_end(
	struct verifier *verifier, const void *body, size_t size);
#define AUTHENTICATE_DIGEST 72
/* "sha256:..." of what authenticate_body saw; once, at the end. */
void authenticate_digest(
	struct verifier *verifier, char ret[AUTHENTICATE_DIGEST]);

/* True where the header is a credential, which must never be kept: by the
 * source's scheme or by its name. Signatures are none. */
bool authenticate_is_credential(const struct source *source, const char *name);
