/* SPDX-License-Identifier: Apache-2.0 */
/* Between authenticate.c and standard_webhook.c; nobody else. */
#pragma once

#include "edge/authenticate.h"
#include "wire/crypto.h"

/* More than a sender needs to change its key, less than a flood. */
#define SIGNATURES_MAX 16

struct verifier {
	const struct source *source;
	struct crypto *digest;
	struct crypto *macs[SOURCE_SECRETS_MAX]; /* made when first needed */
	bool macing[SOURCE_SECRETS_MAX];
	struct {
		uint8_t bytes[DIGEST_MAX];
		size_t size;
		bool public_key;
	} signatures[SIGNATURES_MAX];
	size_t signature_count;
	char *prefix; /* what is signed before the body; NULL: nothing */
};

/* Begins the HMAC under one secret of the source. */
void verifier_mac(
	struct verifier *verifier, size_t secret, enum crypto_hash hash);
/* The header that must be there once and not empty. */
enum refusal presented_header(
	const struct presented *presented, const char *name, const char **ret);

enum refusal standard_head(
	struct verifier *verifier, const struct presented *presented);
/* Public keys need the whole message at once. */
bool standard_end(struct verifier *verifier, const void *body, size_t size);
