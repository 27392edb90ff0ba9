/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

struct fixture {
	struct arena *arena;
	struct crypto *crypto;
	struct verify_spec verify;
	struct source source;
	struct signing signing;
	struct reason reason;
};

static void begin(struct fixture *f, enum verify_scheme scheme,
	const char *header, const char *prefix, const char *secret)
{
	memset(f, 0, sizeof(*f));
	f->arena = arena_new(1 << 20);
	f->crypto = crypto_new();
	f->verify = (struct verify_spec){.name = "x",
		.scheme = scheme,
		.header = header,
		.prefix = prefix,
		.hash = HASH_SHA256};
	f->source.name = "one";
	f->source.verify = &f->verify;
	f->source.secrets[0] = (struct secret){secret, strlen(secret), false};
	f->source.secret_count = 1;
}

static enum status sign_now(struct fixture *f, const char *body)
{
	return sign(f->arena, f->crypto, &f->source, body, strlen(body),
		1614265330 * INSTANT_SECOND, &f->signing, &f->reason);
}

static void end(struct fixture *f)
{
	crypto_free(&f->crypto);
	arena_free(&f->arena);
}

/* Secret, payload and result are GitHub's own published test values. */
static void test_sign__makes_the_signature_github_documents(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, VERIFY_HMAC, "X-Hub-Signature-256",
		"sha256=", "It's a Secret to Everybody");
	assert_int_equal(sign_now(&f, "Hello, World!"), OK);
	assert_string_equal(f.signing.headers[0],
		"X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a3"
		"7570b6d7586c22c46f4379c8b043e17");
	assert_null(f.signing.headers[1]);
	assert_null(f.signing.path_token);
	end(&f);
}

static void test_sign__puts_the_secret_where_the_scheme_wants_it(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, VERIFY_TOKEN, "Authorization", "Bearer ", "t0ken");
	assert_int_equal(sign_now(&f, "x"), OK);
	assert_string_equal(
		f.signing.headers[0], "Authorization: Bearer t0ken");
	end(&f);

	begin(&f, VERIFY_BASIC, NULL, NULL, "user:pass");
	assert_int_equal(sign_now(&f, "x"), OK);
	assert_string_equal(
		f.signing.headers[0], "Authorization: Basic dXNlcjpwYXNz");
	end(&f);

	begin(&f, VERIFY_PATH, NULL, NULL, "p/th");
	assert_int_equal(sign_now(&f, "x"), OK);
	assert_null(f.signing.headers[0]);
	assert_string_equal(f.signing.path_token, "p/th");
	end(&f);
}

static void test_sign__covers_id_time_and_body(void **state)
{
	struct fixture f;
	char text[200], signature[BASE64_ROOM(DIGEST_MAX)];
	const char *id;
	uint8_t digest[DIGEST_MAX];

	(void)state;
	begin(&f, VERIFY_STANDARD_WEBHOOKS, NULL, NULL, "key");
	assert_int_equal(sign_now(&f, "{}"), OK);
	id = f.signing.headers[0] + strlen("webhook-id: ");
	assert_string_equal(
		f.signing.headers[1], "webhook-timestamp: 1614265330");
	snprintf(text, sizeof(text), "%s.1614265330.{}", id);
	base64_encode(digest,
		hmac(f.crypto, HASH_SHA256, "key", 3, text, strlen(text),
			digest),
		signature);
	snprintf(text, sizeof(text), "webhook-signature: v1,%s", signature);
	assert_string_equal(f.signing.headers[2], text);
	end(&f);
}

static void test_sign__says_that_a_public_key_cannot_sign(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, VERIFY_STANDARD_WEBHOOKS, NULL, NULL, "key");
	f.source.secrets[0].public_key = true;
	assert_int_equal(sign_now(&f, "{}"), REJECT);
	assert_non_null(strstr(f.reason.sentence, "public key"));
	end(&f);
}
