/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/crypto.h"

static void assert_hex(const uint8_t *bytes, size_t size, const char *want)
{
	char text[2 * DIGEST_MAX + 1];

	hex_encode(bytes, size, text);
	assert_string_equal(text, want);
}

static void test_crypto__hashes_as_published(void **state)
{
	struct crypto *crypto = crypto_new();
	uint8_t digest[SHA256_SIZE];

	(void)state;
	/* FIPS 180-4, the example of "abc", twice: contexts are reused. */
	for (int i = 0; i < 2; i++) {
		sha256(crypto, "abc", 3, digest);
		assert_hex(digest, 32,
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff"
			"61f20015ad");
	}
	crypto_free(&crypto);
	crypto_free(&crypto);
}

/* Pieces of any size, on both sides of what is gathered. */
static void test_crypto__hashes_pieces_as_the_whole(void **state)
{
	struct crypto *crypto = crypto_new();
	uint8_t bytes[4000], whole[SHA256_SIZE], pieces[SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	sha256_begin(crypto);
	for (size_t i = 0; i < sizeof(bytes); i += 1000)
		sha256_add(crypto, bytes + i, 1000);
	sha256_end(crypto, whole);
	for (size_t size = 1; size < 1100; size += size < 520 ? 37 : 97) {
		sha256_begin(crypto);
		for (size_t i = 0; i < sizeof(bytes); i += size)
			sha256_add(crypto, bytes + i,
				size < sizeof(bytes) - i ? size
							 : sizeof(bytes) - i);
		sha256_add(crypto, NULL, 0);
		sha256_end(crypto, pieces);
		assert_memory_equal(pieces, whole, sizeof(whole));
	}
	crypto_free(&crypto);
}

static void test_crypto__hmac_gives_the_published_vectors(void **state)
{
	struct crypto *crypto = crypto_new();
	const char *key = "It's a Secret to Everybody";
	uint8_t mac[DIGEST_MAX];

	(void)state;
	assert_int_equal(hmac(crypto, HASH_SHA256, key, strlen(key),
				 "Hello, World!", 13, mac),
		32);
	assert_hex(mac, 32,
		"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e"
		"17");
	/* RFC 2202, case 2. */
	assert_int_equal(hmac(crypto, HASH_SHA1, "Jefe", 4,
				 "what do ya want for nothing?", 28, mac),
		20);
	assert_hex(mac, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	hmac_begin(crypto, HASH_SHA256, key, strlen(key));
	hmac_add(crypto, "Hello, ", 7);
	hmac_add(crypto, "World!", 6);
	assert_int_equal(hmac_end(crypto, mac), 32);
	assert_hex(mac, 4, "757107ea");
	assert_int_equal(hmac(crypto, HASH_SHA512, "", 0, "", 0, mac), 64);
	assert_hex(mac, 4, "b936cee8");
	crypto_free(&crypto);
}

static void test_crypto__verifies_ed25519_of_rfc_8032(void **state)
{
	uint8_t key[32];
	uint8_t signature[64];

	(void)state;
	assert_true(hex_decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa6232"
			       "5af021a68f707511a",
		64, key, 32));
	assert_true(hex_decode("e5564300c360ac729086e2cc806e828a84877f1eb8e5d97"
			       "4d873e065224901555fb8821590a33bacc61e39701cf9b4"
			       "6bd25bf5f0595bbe24655141438e7a100b",
		128, signature, 64));
	assert_true(ed25519_verify(key, "", 0, signature));
	assert_false(ed25519_verify(key, "x", 1, signature));
	signature[0] ^= 1;
	assert_false(ed25519_verify(key, "", 0, signature));
}

static void test_crypto__compares_and_wipes(void **state)
{
	uint8_t a[32];
	uint8_t b[32];

	(void)state;
	crypto_random(a, sizeof(a));
	memcpy(b, a, sizeof(b));
	assert_true(crypto_equal(a, b, 32));
	b[31] ^= 1;
	assert_false(crypto_equal(a, b, 32));
	crypto_wipe(a, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_true(crypto_equal(a, b, 32));
}

static void test_crypto__hex_refuses_other_bytes_and_lengths(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_true(hex_decode("aF09", 4, out, 2));
	assert_int_equal(out[0], 0xaf);
	assert_false(hex_decode("aF0", 3, out, 2));
	assert_false(hex_decode("aF0g", 4, out, 2));
	assert_false(hex_decode("aF0901", 6, out, 2));
}

static void test_crypto__base64_round_trips_and_refuses_blanks(void **state)
{
	char text[BASE64_ROOM(5)];
	uint8_t out[32];
	size_t size;

	(void)state;
	base64_encode("abcde", 5, text);
	assert_string_equal(text, "YWJjZGU=");
	assert_true(base64_decode(text, 8, out, &size));
	assert_int_equal(size, 5);
	assert_memory_equal(out, "abcde", 5);
	assert_true(base64_decode("", 0, out, &size) && size == 0);
	assert_false(base64_decode("YWJj\n===", 8, out, &size));
	assert_false(base64_decode("YWJ", 3, out, &size));
	assert_false(base64_decode("Y!Jj", 4, out, &size));
}
