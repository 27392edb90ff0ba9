/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures were made with another implementation (Python, openssl). */
#include "edge/authenticate.h"

#include "base/memory.h"
#include "wire/crypto.h"

#include <strings.h>

#define NOW (1700000000 * INSTANT_SECOND)
#define BODY "{\"zen\":\"measure twice\"}"
#define NEW_HEX                                                                \
	"a001b86a4d7515fec7c830f04d734902e78ad9cc30af27a32f149e4768fc4860"
#define OLD_HEX                                                                \
	"2938c70d03960bc8d4be91456c3baa3cd997844b33b48c6c77807d44e5726f21"
#define SHA1_BASE64 "uHKkbx6qmBlq504NiLzXkvMgVmE="
/* id msg_1, time 1700000000, secrets "secret" and "older!" */
#define V1 "v1,Y7x6Ypq49Hsn5Df98DiQ/fwsv4mFUT7KZs0mpsGRRig="
#define V1_OLD "v1,woAzfwSGNH3rLIoxOVKWxysSS6QDCmHXdAxFVsuSc8E="
#define V1A                                                                    \
	"v1a,xwIMmbY5jvZ8/V7tpHd51h99cb+xfOLNvBBHeMFY3NJUAJ8eTuEKcIoTWYGg"     \
	"kgyY8cW4JEWmSlSgUqs4Rk68Dw=="

static const uint8_t public_key[32] = {0x98, 0x54, 0xea, 0x74, 0xf9, 0x31, 0xb2,
	0x09, 0x80, 0x5e, 0x34, 0xc3, 0xed, 0x6b, 0xa0, 0xfe, 0x43, 0x35, 0x2e,
	0x9d, 0x0e, 0x6c, 0x5f, 0x41, 0x19, 0x35, 0x84, 0xa7, 0xe4, 0x0e, 0x78,
	0xf1};

static const struct verify_spec signature = {.name = "signature",
	.scheme = VERIFY_HMAC,
	.header = "X-Signature-256",
	.prefix = "sha256=",
	.hash = HASH_SHA256};
static const struct verify_spec short_signature = {.name = "short",
	.scheme = VERIFY_HMAC,
	.header = "X-Signature",
	.hash = HASH_SHA1,
	.base64 = true};
static const struct verify_spec bearer = {.name = "bearer",
	.scheme = VERIFY_TOKEN,
	.header = "X-Hook-Key",
	.prefix = "Bearer "};
static const struct verify_spec basic = {
	.name = "basic", .scheme = VERIFY_BASIC};
static const struct verify_spec path = {.name = "path", .scheme = VERIFY_PATH};
static const struct verify_spec standard = {
	.name = "standard", .scheme = VERIFY_STANDARD_WEBHOOKS};
static const struct verify_spec certificate = {
	.name = "certificate", .scheme = VERIFY_CERTIFICATE};

struct header {
	const char *name, *value;
};

struct fixture {
	struct verifier *verifier;
	struct source source;
	struct presented presented;
	struct header headers[5];
	enum refusal refusal;
};

static const char *header(void *context, const char *name)
{
	const struct fixture *f = context;

	for (int i = 0; i < 5 && f->headers[i].name; i++)
		if (strcasecmp(f->headers[i].name, name) == 0)
			return f->headers[i].value;
	return NULL;
}

static unsigned header_count(void *context, const char *name)
{
	const struct fixture *f = context;
	unsigned count = 0;

	for (int i = 0; i < 5 && f->headers[i].name; i++)
		count += strcasecmp(f->headers[i].name, name) == 0;
	return count;
}

static struct fixture *begin(const struct verify_spec *spec)
{
	static const struct verify_spec specs[] = {
		{.name = "bearer",
			.scheme = VERIFY_TOKEN,
			.header = "X-Hook-Key",
			.prefix = "Bearer "},
		{0}};
	static const struct adapter adapter = {.name = "git", .verify = specs};
	struct fixture *f = memory_new(sizeof(*f));

	f->verifier = verifier_new();
	f->source = (struct source){.name = "git-acme",
		.tool = "git",
		.adapter = &adapter,
		.verify = spec,
		.secrets = {{"s3cret", 6, false}, {"old-one", 7, false}},
		.secret_count = 2};
	f->presented = (struct presented){.header = header,
		.header_count = header_count,
		.context = f,
		.peer = "10.1.2.3",
		.now = NOW};
	return f;
}

static void end(struct fixture *f)
{
	verifier_free(&f->verifier);
	assert_null(f->verifier);
	memory_free(f);
}

/* The body in two pieces, as it may arrive. */
static enum refusal prove(struct fixture *f, const char *body)
{
	size_t size = strlen(body), half = size / 2;
	enum proof proof = authenticate_head(
		f->verifier, &f->source, &f->presented, &f->refusal);

	assert_int_equal(proof == PROOF_REFUSED, f->refusal != REFUSAL_NONE);
	if (proof == PROOF_REFUSED)
		return f->refusal;
	authenticate_body(f->verifier, body, half);
	authenticate_body(f->verifier, body + half, size - half);
	if (proof == PROOF_GIVEN)
		return REFUSAL_NONE;
	return authenticate_end(f->verifier, body, size);
}

static void shows(struct fixture *f, const char *name, const char *value)
{
	f->headers[0] = (struct header){name, value};
}

static void test_authenticate__takes_a_signature_of_any_secret(void **state)
{
	struct fixture *f = begin(&signature);
	char digest[AUTHENTICATE_DIGEST];

	(void)state;
	shows(f, "x-signature-256", "sha256=" NEW_HEX);
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	authenticate_digest(f->verifier, digest);
	assert_int_equal(strlen(digest), 71);
	assert_memory_equal(digest, "sha256:", 7);
	shows(f, "X-Signature-256", "sha256=" OLD_HEX);
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	f->source.secret_count = 1;
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	shows(f, "X-Signature-256", "sha256=" NEW_HEX);
	assert_int_equal(prove(f, BODY " "), REFUSAL_WRONG);
	end(f);
}

static void test_authenticate__takes_other_hashes_and_base64(void **state)
{
	struct fixture *f = begin(&short_signature);

	(void)state;
	shows(f, "X-Signature", SHA1_BASE64);
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	shows(f, "X-Signature", NEW_HEX);
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	end(f);
}

static void test_authenticate__refuses_what_is_no_signature(void **state)
{
	static const char *const values[] = {NEW_HEX,
		"sha256=", "sha1=" NEW_HEX, "sha256=" NEW_HEX "00", "sha256=zz",
		"sha256=" SHA1_BASE64};
	struct fixture *f = begin(&signature);

	(void)state;
	assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
	shows(f, "X-Signature-256", "");
	assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		shows(f, "X-Signature-256", values[i]);
		assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	}
	shows(f, "X-Signature-256", "sha256=" NEW_HEX);
	f->headers[1] = f->headers[0];
	assert_int_equal(prove(f, BODY), REFUSAL_REPEATED);
	end(f);
}

static void test_authenticate__takes_a_token_before_the_body(void **state)
{
	struct fixture *f = begin(&bearer);

	(void)state;
	shows(f, "X-Hook-Key", "bearer s3cret");
	assert_int_equal(authenticate_head(f->verifier, &f->source,
				 &f->presented, &f->refusal),
		PROOF_GIVEN);
	shows(f, "X-Hook-Key", "Bearer old-one");
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	shows(f, "X-Hook-Key", "Bearer s3cre");
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	shows(f, "X-Hook-Key", "Bearer s3crets");
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	shows(f, "X-Hook-Key", "s3cret");
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	end(f);
}

static void test_authenticate__takes_a_user_and_password(void **state)
{
	struct fixture *f = begin(&basic);

	(void)state;
	f->source.secrets[0] = (struct secret){"user:s3cret", 11, false};
	assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
	shows(f, "Authorization", "Basic dXNlcjpzM2NyZXQ=");
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	shows(f, "Authorization", "Basic dXNlcjpzM2NyZXM=");
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	shows(f, "Authorization", "Basic !");
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	shows(f, "Authorization", "Bearer dXNlcjpzM2NyZXQ=");
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	end(f);
}

static void test_authenticate__takes_a_token_in_the_path(void **state)
{
	struct fixture *f = begin(&path);

	(void)state;
	assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
	f->presented.token = "s3cret";
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	f->presented.token = "s3cret2";
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	/* Where the scheme has none, a second segment is no way in. */
	f->source.verify = &bearer;
	f->presented.token = "s3cret";
	shows(f, "X-Hook-Key", "Bearer s3cret");
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	end(f);
}

static void test_authenticate__takes_the_certificate_it_names(void **state)
{
	struct fixture *f = begin(&certificate);

	(void)state;
	f->source.secret_count = 0;
	f->source.client_certificate = "CN=scanner,O=acme";
	assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
	f->presented.client = "CN=scanner,O=acme";
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	f->presented.client = "CN=scanner";
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	end(f);
}

static void test_authenticate__lets_only_its_networks_in(void **state)
{
	struct fixture *f = begin(&bearer);
	struct network networks[2];

	(void)state;
	assert_true(network_parse("10.2.0.0/16", &networks[0]));
	assert_true(network_parse("2001:db8::/32", &networks[1]));
	f->source.networks = networks;
	f->source.network_count = 2;
	shows(f, "X-Hook-Key", "Bearer s3cret");
	assert_int_equal(prove(f, BODY), REFUSAL_NETWORK);
	f->presented.peer = "10.2.3.4";
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	end(f);
}

static struct fixture *begin_standard(const char *list)
{
	struct fixture *f = begin(&standard);

	f->source.secrets[0] = (struct secret){"secret", 6, false};
	f->source.secrets[1] = (struct secret){"older!", 6, false};
	shows(f, "Webhook-Id", "msg_1");
	f->headers[1] = (struct header){"Webhook-Timestamp", "1700000000"};
	f->headers[2] = (struct header){"Webhook-Signature", list};
	return f;
}

static void test_authenticate__takes_standard_webhooks(void **state)
{
	static const char *const lists[] = {V1, V1_OLD, "v2,abc " V1,
		"v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=  " V1};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct fixture *f = begin_standard(lists[i]);

		assert_int_equal(prove(f, BODY), REFUSAL_NONE);
		assert_int_equal(prove(f, BODY "."), REFUSAL_WRONG);
		shows(f, "Webhook-Id", "msg_2");
		assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
		end(f);
	}
}

static void test_authenticate__takes_standard_public_keys(void **state)
{
	struct fixture *f = begin_standard(V1A " " V1_OLD);

	(void)state;
	f->source.secrets[0] = (struct secret){public_key, 32, true};
	f->source.secret_count = 1;
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	assert_int_equal(prove(f, BODY "x"), REFUSAL_WRONG);
	/* A secret must never pass for a public key, nor the other way. */
	f->source.secrets[0].public_key = false;
	assert_int_equal(prove(f, BODY), REFUSAL_WRONG);
	end(f);
}

static void test_authenticate__refuses_a_replay(void **state)
{
	struct fixture *f = begin_standard(V1);

	(void)state;
	f->presented.now = NOW + AUTHENTICATE_TOLERANCE;
	assert_int_equal(prove(f, BODY), REFUSAL_NONE);
	f->presented.now = NOW + AUTHENTICATE_TOLERANCE + 1;
	assert_int_equal(prove(f, BODY), REFUSAL_TIME);
	f->presented.now = NOW - AUTHENTICATE_TOLERANCE - 1;
	assert_int_equal(prove(f, BODY), REFUSAL_TIME);
	end(f);
}

static void test_authenticate__refuses_what_is_no_standard_webhook(void **state)
{
	static const struct {
		int at;
		const char *value;
	} rows[] = {
		{0, "a.b"},
		{0, "a b"},
		{1, "17000000o0"},
		{1, "-1700000000"},
		{1, "1700000000000"},
		{2, "v1"},
		{2, "v1,"},
		{2, "v2,abc"},
		{2, "v1,!!!!"},
		{2, "v1a,Y7x6Ypq49Hsn5Df98DiQ/fwsv4mFUT7KZs0mpsGRRig="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fixture *f = begin_standard(V1);

		f->headers[rows[i].at].value = rows[i].value;
		if (prove(f, BODY) != REFUSAL_MALFORMED)
			fail_msg("row %zu: %s", i, refusal_word(f->refusal));
		f->headers[rows[i].at].value = "";
		assert_int_equal(prove(f, BODY), REFUSAL_MISSING);
		end(f);
	}
}

static void test_authenticate__bounds_the_signatures_it_reads(void **state)
{
	char list[17 * 60] = "";
	struct fixture *f;

	(void)state;
	for (int i = 0; i < 17; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list),
			"%s ", V1);
	f = begin_standard(list);
	assert_int_equal(prove(f, BODY), REFUSAL_MALFORMED);
	end(f);
}

static void test_authenticate__knows_what_must_not_be_kept(void **state)
{
	struct fixture *f = begin(&bearer);

	(void)state;
	assert_true(authenticate_is_credential(&f->source, "x-hook-key"));
	assert_true(authenticate_is_credential(&f->source, "Authorization"));
	assert_true(
		authenticate_is_credential(&f->source, "proxy-authorization"));
	assert_true(authenticate_is_credential(&f->source, "cookie"));
	assert_true(authenticate_is_credential(&f->source, "X-Auth-Token"));
	assert_true(authenticate_is_credential(&f->source, "x-api-key"));
	assert_false(authenticate_is_credential(&f->source, "x-signature-256"));
	assert_false(authenticate_is_credential(&f->source, "content-type"));
	assert_false(
		authenticate_is_credential(&f->source, "webhook-signature"));
	end(f);
}
