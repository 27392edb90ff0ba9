/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/authenticate.h"

#include "base/bug.h"
#include "base/memory.h"
#include "edge/authenticate_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *refusal_word(enum refusal refusal)
{
	static const char *const words[REFUSALS] = {
		[REFUSAL_NONE] = "none",
		[REFUSAL_SOURCE] = "unknown-source",
		[REFUSAL_NETWORK] = "network",
		[REFUSAL_MISSING] = "missing",
		[REFUSAL_REPEATED] = "repeated",
		[REFUSAL_MALFORMED] = "malformed",
		[REFUSAL_WRONG] = "wrong",
		[REFUSAL_TIME] = "time",
		[REFUSAL_EXPIRED] = "expired",
		[REFUSAL_UNTRUSTED] = "untrusted",
	};

	MUST(refusal < REFUSALS);
	return words[refusal];
}

struct verifier *verifier_new(void)
{
	struct verifier *verifier = memory_new(sizeof(*verifier));

	verifier->digest = crypto_new();
	return verifier;
}

void verifier_free(struct verifier **verifier)
{
	if (!*verifier)
		return;
	crypto_free(&(*verifier)->digest);
	for (int i = 0; i < SOURCE_SECRETS_MAX; i++)
		crypto_free(&(*verifier)->macs[i]);
	memory_free((*verifier)->prefix);
	memory_free(*verifier);
	*verifier = NULL;
}

const struct source *authenticate_stand_in(struct verifier *verifier,
	const struct sources *sources, const char *name)
{
	uint8_t digest[SHA256_SIZE];

	sha256_begin(verifier->digest);
	sha256_add(verifier->digest, sources_salt(sources), SHA256_SIZE);
	sha256_add(verifier->digest, name, strlen(name));
	sha256_end(verifier->digest, digest);
	return sources_stand_in(sources, digest);
}

void verifier_mac(
	struct verifier *verifier, size_t secret, enum crypto_hash hash)
{
	const struct secret *key = &verifier->source->secrets[secret];

	if (!verifier->macs[secret])
		verifier->macs[secret] = crypto_new();
	hmac_begin(verifier->macs[secret], hash, key->bytes, key->size);
	verifier->macing[secret] = true;
}

/* Of different lengths, too, in a time that tells nothing of the secret. */
static bool same_text(struct verifier *verifier, const void *one,
	size_t one_size, const struct secret *secret)
{
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE];

	sha256(verifier->digest, one, one_size, a);
	sha256(verifier->digest, secret->bytes, secret->size, b);
	return crypto_equal(a, b, sizeof(a));
}

static enum refusal match_secret(
	struct verifier *verifier, const void *bytes, size_t size)
{
	const struct source *source = verifier->source;
	bool same = false;

	for (size_t i = 0; i < source->secret_count; i++)
		same |= same_text(verifier, bytes, size, &source->secrets[i]);
	return same ? REFUSAL_NONE : REFUSAL_WRONG;
}

enum refusal presented_header(
	const struct presented *presented, const char *name, const char **ret)
{
	unsigned count = presented->header_count(presented->context, name);

	if (count > 1)
		return REFUSAL_REPEATED;
	*ret = presented->header(presented->context, name);
	return count == 0 || !*ret || !**ret ? REFUSAL_MISSING : REFUSAL_NONE;
}

/* The header's value behind the scheme's prefix ("Bearer ", "sha256="). */
static enum refusal behind_prefix(const struct presented *presented,
	const char *name, const char *prefix, const char **ret)
{
	size_t length = prefix ? strlen(prefix) : 0;
	enum refusal refusal = presented_header(presented, name, ret);

	if (refusal != REFUSAL_NONE)
		return refusal;
	if (length && strncasecmp(*ret, prefix, length) != 0)
		return REFUSAL_MALFORMED;
	*ret += length;
	return **ret ? REFUSAL_NONE : REFUSAL_MALFORMED;
}

static enum refusal token_head(
	struct verifier *verifier, const struct presented *presented)
{
	const struct verify_spec *spec = verifier->source->verify;
	const char *value;
	enum refusal refusal =
		behind_prefix(presented, spec->header, spec->prefix, &value);

	if (refusal != REFUSAL_NONE)
		return refusal;
	return match_secret(verifier, value, strlen(value));
}

#define BASIC_MAX 4096

static enum refusal basic_head(
	struct verifier *verifier, const struct presented *presented)
{
	const char *value;
	char pair[BASIC_MAX * 3 / 4 + 3];
	size_t size;
	enum refusal refusal =
		behind_prefix(presented, "Authorization", "Basic ", &value);

	if (refusal != REFUSAL_NONE)
		return refusal;
	if (strlen(value) > BASIC_MAX ||
		!base64_decode(value, strlen(value), pair, &size))
		return REFUSAL_MALFORMED;
	refusal = match_secret(verifier, pair, size);
	crypto_wipe(pair, sizeof(pair));
	return refusal;
}

static enum refusal path_head(
	struct verifier *verifier, const struct presented *presented)
{
	if (!presented->token)
		return REFUSAL_MISSING;
	return match_secret(
		verifier, presented->token, strlen(presented->token));
}

static enum refusal certificate_head(
	struct verifier *verifier, const struct presented *presented)
{
	if (!presented->client)
		return presented->doubt ? presented->doubt : REFUSAL_MISSING;
	return strcmp(presented->client,
		       verifier->source->client_certificate) == 0
		       ? REFUSAL_NONE
		       : REFUSAL_WRONG;
}

static size_t hash_size(enum crypto_hash hash)
{
	static const size_t sizes[] = {
		[HASH_SHA1] = 20, [HASH_SHA256] = 32, [HASH_SHA512] = 64};

	return sizes[hash];
}

static enum refusal hmac_head(
	struct verifier *verifier, const struct presented *presented)
{
	const struct verify_spec *spec = verifier->source->verify;
	size_t wanted = hash_size((enum crypto_hash)spec->hash), size = 0;
	uint8_t decoded[BASE64_ROOM(DIGEST_MAX) + 3];
	const char *value;
	enum refusal refusal =
		behind_prefix(presented, spec->header, spec->prefix, &value);

	if (refusal != REFUSAL_NONE)
		return refusal;
	if (strlen(value) > BASE64_ROOM(DIGEST_MAX) && spec->base64)
		return REFUSAL_MALFORMED;
	if (spec->base64 ? !base64_decode(value, strlen(value), decoded, &size)
			 : !hex_decode(value, strlen(value), decoded, wanted))
		return REFUSAL_MALFORMED;
	if (spec->base64 && size != wanted)
		return REFUSAL_MALFORMED;
	memcpy(verifier->signatures[0].bytes, decoded, wanted);
	verifier->signatures[0].size = wanted;
	verifier->signature_count = 1;
	for (size_t i = 0; i < verifier->source->secret_count; i++)
		verifier_mac(verifier, i, (enum crypto_hash)spec->hash);
	return REFUSAL_NONE;
}

static bool from_its_networks(const struct source *source, const char *peer)
{
	for (size_t i = 0; i < source->network_count; i++)
		if (network_holds(&source->networks[i], peer))
			return true;
	return source->network_count == 0;
}

static enum refusal scheme_head(
	struct verifier *verifier, const struct presented *presented)
{
	switch (verifier->source->verify->scheme) {
	case VERIFY_HMAC:
		return hmac_head(verifier, presented);
	case VERIFY_TOKEN:
		return token_head(verifier, presented);
	case VERIFY_BASIC:
		return basic_head(verifier, presented);
	case VERIFY_PATH:
		return path_head(verifier, presented);
	case VERIFY_STANDARD_WEBHOOKS:
		return standard_head(verifier, presented);
	case VERIFY_CERTIFICATE:
		return certificate_head(verifier, presented);
	case VERIFY_NOTHING:
		break;
	}
	BUG("a source from outside needs no proof");
}

static void begin(struct verifier *verifier, const struct source *source)
{
	verifier->source = source;
	verifier->signature_count = 0;
	memory_free(verifier->prefix);
	verifier->prefix = NULL;
	memset(verifier->macing, 0, sizeof(verifier->macing));
}

enum proof authenticate_head(struct verifier *verifier,
	const struct source *source, const struct presented *presented,
	enum refusal *ret)
{
	enum verify_scheme scheme = source->verify->scheme;
	enum refusal refusal = REFUSAL_NONE;

	begin(verifier, source);
	if (!from_its_networks(source, presented->peer))
		refusal = REFUSAL_NETWORK;
	else if (presented->token && scheme != VERIFY_PATH)
		refusal = REFUSAL_MALFORMED;
	if (refusal == REFUSAL_NONE)
		refusal = scheme_head(verifier, presented);
	*ret = refusal;
	sha256_begin(verifier->digest);
	if (refusal != REFUSAL_NONE)
		return PROOF_REFUSED;
	return scheme == VERIFY_HMAC || scheme == VERIFY_STANDARD_WEBHOOKS
		       ? PROOF_IN_BODY
		       : PROOF_GIVEN;
}

void authenticate_body(
	struct verifier *verifier, const void *bytes, size_t size)
{
	sha256_add(verifier->digest, bytes, size);
	for (size_t i = 0; i < SOURCE_SECRETS_MAX; i++)
		if (verifier->macing[i])
			hmac_add(verifier->macs[i], bytes, size);
}

/* Each secret against each signature, whatever was found already. */
static bool one_mac_matches(struct verifier *verifier)
{
	bool same = false;

	for (size_t i = 0; i < SOURCE_SECRETS_MAX; i++) {
		uint8_t mac[DIGEST_MAX];
		size_t size;

		if (!verifier->macing[i])
			continue;
		size = hmac_end(verifier->macs[i], mac);
		for (size_t s = 0; s < verifier->signature_count; s++)
			if (!verifier->signatures[s].public_key &&
				verifier->signatures[s].size == size)
				same |= crypto_equal(mac,
					verifier->signatures[s].bytes, size);
		verifier->macing[i] = false;
	}
	return same;
}

enum refusal authenticate_end(
	struct verifier *verifier, const void *body, size_t size)
{
	bool same = one_mac_matches(verifier);

	if (verifier->source->verify->scheme == VERIFY_STANDARD_WEBHOOKS)
		same |= standard_end(verifier, body, size);
	return same ? REFUSAL_NONE : REFUSAL_WRONG;
}

void authenticate_digest(
	struct verifier *verifier, char ret[AUTHENTICATE_DIGEST])
{
	uint8_t digest[SHA256_SIZE];

	sha256_end(verifier->digest, digest);
	memcpy(ret, "sha256:", 7);
	hex_encode(digest, sizeof(digest), ret + 7);
}

/* Of any adapter's scheme, and whatever else a sender was told to add. */
bool authenticate_is_credential(const struct source *source, const char *name)
{
	static const char *const words[] = {"authorization", "cookie", "token",
		"secret", "password", "credential", "api-key", "apikey"};

	for (const struct verify_spec *spec = source->adapter->verify;
		spec->name; spec++)
		if (spec->scheme == VERIFY_TOKEN &&
			strcasecmp(name, spec->header) == 0)
			return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(name, words[i]))
			return true;
	return false;
}
