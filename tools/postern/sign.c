/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include "base/bug.h"

#include <string.h>

static const char *encoded(
	struct arena *arena, const void *bytes, size_t size, bool base64)
{
	char *text =
		arena_alloc(arena, base64 ? BASE64_ROOM(size) : 2 * size + 1);

	if (base64)
		base64_encode(bytes, size, text);
	else
		hex_encode(bytes, size, text);
	return text;
}

static const char *text_of(struct arena *arena, const struct secret *secret)
{
	return arena_copy(arena, secret->bytes, secret->size);
}

static void sign_hmac(struct arena *arena, struct crypto *crypto,
	const struct source *source, const void *body, size_t size,
	struct signing *ret)
{
	const struct verify_spec *verify = source->verify;
	uint8_t digest[DIGEST_MAX];
	size_t length = hmac(crypto, (enum crypto_hash)verify->hash,
		source->secrets[0].bytes, source->secrets[0].size, body, size,
		digest);

	ret->headers[0] = arena_printf(arena, "%s: %s%s", verify->header,
		verify->prefix ? verify->prefix : "",
		encoded(arena, digest, length, verify->base64));
}

static void sign_standard(struct arena *arena, struct crypto *crypto,
	const struct source *source, const void *body, size_t size, instant now,
	struct signing *ret)
{
	uint8_t random[16], digest[DIGEST_MAX];
	long long seconds = (long long)(now / INSTANT_SECOND);
	const char *id, *head;
	size_t length;

	crypto_random(random, sizeof(random));
	id = arena_printf(
		arena, "msg_%s", encoded(arena, random, sizeof(random), false));
	head = arena_printf(arena, "%s.%lld.", id, seconds);
	hmac_begin(crypto, HASH_SHA256, source->secrets[0].bytes,
		source->secrets[0].size);
	hmac_add(crypto, head, strlen(head));
	hmac_add(crypto, body, size);
	length = hmac_end(crypto, digest);
	ret->headers[0] = arena_printf(arena, "webhook-id: %s", id);
	ret->headers[1] =
		arena_printf(arena, "webhook-timestamp: %lld", seconds);
	ret->headers[2] = arena_printf(arena, "webhook-signature: v1,%s",
		encoded(arena, digest, length, true));
}

enum status sign(struct arena *arena, struct crypto *crypto,
	const struct source *source, const void *body, size_t size, instant now,
	struct signing *ret, struct reason *reterr)
{
	const struct verify_spec *verify = source->verify;
	const struct secret *secret = &source->secrets[0];

	memset(ret, 0, sizeof(*ret));
	if (secret->public_key) {
		reason_set(reterr, source->name,
			"the newest secret is a public key: only its owner "
			"can sign");
		return REJECT;
	}
	switch (verify->scheme) {
	case VERIFY_HMAC:
		sign_hmac(arena, crypto, source, body, size, ret);
		return OK;
	case VERIFY_TOKEN:
		ret->headers[0] = arena_printf(arena, "%s: %s%s",
			verify->header, verify->prefix ? verify->prefix : "",
			text_of(arena, secret));
		return OK;
	case VERIFY_BASIC:
		ret->headers[0] = arena_printf(arena, "Authorization: Basic %s",
			encoded(arena, secret->bytes, secret->size, true));
		return OK;
	case VERIFY_PATH:
		ret->path_token = text_of(arena, secret);
		return OK;
	case VERIFY_STANDARD_WEBHOOKS:
		sign_standard(arena, crypto, source, body, size, now, ret);
		return OK;
	case VERIFY_CERTIFICATE:
		return OK; /* TLS proves it */
	case VERIFY_NOTHING:
		break;
	}
	BUG("source %s takes nothing from outside", source->name);
}
