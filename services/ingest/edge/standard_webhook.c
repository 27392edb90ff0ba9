/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard Webhooks: "id.timestamp.body" is signed by HMAC-SHA256 (v1) or
 * Ed25519 (v1a); several signatures stand side by side while a key changes.
 */
#include "base/memory.h"
#include "edge/authenticate_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_MAX 256
#define SECONDS_MAX 12
#define ED25519_SIZE 64

/* A full stop in the id would let "id.time.body" be split in two ways. */
static bool id_is_well(const char *id)
{
	size_t length = strcspn(id, ".");

	if (id[length] || length > ID_MAX)
		return false;
	for (; *id; id++)
		if ((unsigned char)*id <= 0x20 || *id == 0x7f)
			return false;
	return true;
}

static enum refusal time_is_well(const char *text, instant now)
{
	size_t digits = strspn(text, "0123456789");
	instant at;

	if (text[digits] || digits > SECONDS_MAX)
		return REFUSAL_MALFORMED;
	at = (instant)strtoll(text, NULL, 10) * INSTANT_SECOND;
	if (at < now - AUTHENTICATE_TOLERANCE ||
		at > now + AUTHENTICATE_TOLERANCE)
		return REFUSAL_TIME;
	return REFUSAL_NONE;
}

/* One "v1,<base64>"; other versions are somebody else's and are passed over. */
static bool take_signature(
	struct verifier *verifier, const char *text, size_t length)
{
	uint8_t decoded[BASE64_ROOM(DIGEST_MAX) + 3];
	bool public_key = strncmp(text, "v1a,", 4) == 0;
	size_t skip = public_key ? 4 : 3, size;

	if (!public_key && strncmp(text, "v1,", 3) != 0)
		return true;
	if (length < skip || length - skip > BASE64_ROOM(DIGEST_MAX) ||
		!base64_decode(text + skip, length - skip, decoded, &size) ||
		size != (public_key ? ED25519_SIZE : SHA256_SIZE) ||
		verifier->signature_count == SIGNATURES_MAX)
		return false;
	memcpy(verifier->signatures[verifier->signature_count].bytes, decoded,
		size);
	verifier->signatures[verifier->signature_count].size = size;
	verifier->signatures[verifier->signature_count++].public_key =
		public_key;
	return true;
}

static enum refusal take_signatures(struct verifier *verifier, const char *list)
{
	while (*list) {
		size_t length = strcspn(list, " ");

		if (length && !take_signature(verifier, list, length))
			return REFUSAL_MALFORMED;
		list += length + strspn(list + length, " ");
	}
	return verifier->signature_count ? REFUSAL_NONE : REFUSAL_MALFORMED;
}

static void begin_macs(struct verifier *verifier)
{
	const struct source *source = verifier->source;
	const char *prefix = verifier->prefix;

	for (size_t i = 0; i < source->secret_count; i++) {
		if (source->secrets[i].public_key)
			continue;
		verifier_mac(verifier, i, HASH_SHA256);
		hmac_add(verifier->macs[i], prefix, strlen(prefix));
	}
}

enum refusal standard_head(
	struct verifier *verifier, const struct presented *presented)
{
	const char *id, *seconds, *list;
	enum refusal refusal = presented_header(presented, "webhook-id", &id);

	if (refusal == REFUSAL_NONE)
		refusal = presented_header(
			presented, "webhook-timestamp", &seconds);
	if (refusal == REFUSAL_NONE)
		refusal =
			presented_header(presented, "webhook-signature", &list);
	if (refusal == REFUSAL_NONE && !id_is_well(id))
		refusal = REFUSAL_MALFORMED;
	if (refusal == REFUSAL_NONE)
		refusal = time_is_well(seconds, presented->now);
	if (refusal == REFUSAL_NONE)
		refusal = take_signatures(verifier, list);
	if (refusal != REFUSAL_NONE)
		return refusal;
	verifier->prefix = memory_new(strlen(id) + strlen(seconds) + 3);
	snprintf(verifier->prefix, strlen(id) + strlen(seconds) + 3, "%s.%s.",
		id, seconds);
	begin_macs(verifier);
	return REFUSAL_NONE;
}

static bool verify_all(
	struct verifier *verifier, const void *message, size_t size)
{
	const struct source *source = verifier->source;
	bool same = false;

	for (size_t i = 0; i < source->secret_count; i++)
		for (size_t s = 0; s < verifier->signature_count; s++)
			if (source->secrets[i].public_key &&
				verifier->signatures[s].public_key)
				same |= ed25519_verify(source->secrets[i].bytes,
					message, size,
					verifier->signatures[s].bytes);
	return same;
}

static bool has_public_key(const struct source *source)
{
	for (size_t i = 0; i < source->secret_count; i++)
		if (source->secrets[i].public_key)
			return true;
	return false;
}

bool standard_end(struct verifier *verifier, const void *body, size_t size)
{
	size_t prefix = strlen(verifier->prefix);
	char *message;
	bool same;

	if (!has_public_key(verifier->source))
		return false;
	message = memory_new(prefix + size + 1);
	memcpy(message, verifier->prefix, prefix);
	if (size)
		memcpy(message + prefix, body, size);
	same = verify_all(verifier, message, prefix + size);
	memory_free(message);
	return same;
}
