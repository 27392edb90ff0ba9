/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/crypto.h"

#include "base/bug.h"
#include "base/memory.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

static const char *const hash_names[] = {
	[HASH_SHA1] = "SHA1",
	[HASH_SHA256] = "SHA256",
	[HASH_SHA512] = "SHA512",
};

/* Fetched once: the one-shot calls fetch again each time, at three to four
 * times the cost of the hash itself for small bodies. */
struct crypto {
	EVP_MD *sha256;
	EVP_MD_CTX *digest;
	/* Small pieces on their way into the digest: a call of the library
	 * costs as much as hashing sixty bytes. */
	unsigned char pending[512];
	size_t pending_size;
	EVP_MAC *hmac;
	EVP_MAC_CTX *mac;
};

struct crypto *crypto_new(void)
{
	struct crypto *crypto = memory_new(sizeof(*crypto));

	crypto->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	crypto->digest = EVP_MD_CTX_new();
	crypto->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	crypto->mac = EVP_MAC_CTX_new(crypto->hmac);
	if (!crypto->sha256 || !crypto->digest || !crypto->hmac || !crypto->mac)
		BUG("OpenSSL has no SHA-256 or HMAC");
	return crypto;
}

void crypto_free(struct crypto **crypto)
{
	if (!*crypto)
		return;
	EVP_MAC_CTX_free((*crypto)->mac);
	EVP_MAC_free((*crypto)->hmac);
	EVP_MD_CTX_free((*crypto)->digest);
	EVP_MD_free((*crypto)->sha256);
	OPENSSL_cleanse((*crypto)->pending, sizeof((*crypto)->pending));
	memory_free(*crypto);
	*crypto = NULL;
}

void sha256_begin(struct crypto *crypto)
{
	crypto->pending_size = 0;
	if (!EVP_DigestInit_ex2(crypto->digest, crypto->sha256, NULL))
		BUG("SHA-256 cannot begin");
}

static void digest_add(struct crypto *crypto, const void *bytes, size_t size)
{
	if (size && !EVP_DigestUpdate(crypto->digest, bytes, size))
		BUG("SHA-256 cannot go on");
}

void sha256_add(struct crypto *crypto, const void *bytes, size_t size)
{
	if (size > sizeof(crypto->pending) - crypto->pending_size) {
		digest_add(crypto, crypto->pending, crypto->pending_size);
		crypto->pending_size = 0;
	}
	if (size > sizeof(crypto->pending)) {
		digest_add(crypto, bytes, size);
	} else if (size) {
		memcpy(crypto->pending + crypto->pending_size, bytes, size);
		crypto->pending_size += size;
	}
}

void sha256_end(struct crypto *crypto, uint8_t ret[SHA256_SIZE])
{
	digest_add(crypto, crypto->pending, crypto->pending_size);
	if (!EVP_DigestFinal_ex(crypto->digest, ret, NULL))
		BUG("SHA-256 cannot end");
}

void sha256(struct crypto *crypto, const void *bytes, size_t size,
	uint8_t ret[SHA256_SIZE])
{
	sha256_begin(crypto);
	sha256_add(crypto, bytes, size);
	sha256_end(crypto, ret);
}

void hmac_begin(struct crypto *crypto, enum crypto_hash hash, const void *key,
	size_t key_size)
{
	char name[16];
	OSSL_PARAM params[2];

	/* OpenSSL's parameter wants a char * that it does not change. */
	memcpy(name, hash_names[hash], strlen(hash_names[hash]) + 1);
	params[0] = OSSL_PARAM_construct_utf8_string(
		OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	/* A NULL key would mean "the one before". */
	if (!EVP_MAC_init(crypto->mac, key_size ? key : (const void *)"",
		    key_size, params))
		BUG("HMAC cannot begin");
}

void hmac_add(struct crypto *crypto, const void *bytes, size_t size)
{
	if (!EVP_MAC_update(crypto->mac, bytes, size))
		BUG("HMAC cannot go on");
}

size_t hmac_end(struct crypto *crypto, uint8_t ret[DIGEST_MAX])
{
	size_t size = 0;

	if (!EVP_MAC_final(crypto->mac, ret, &size, DIGEST_MAX))
		BUG("HMAC cannot end");
	return size;
}

size_t hmac(struct crypto *crypto, enum crypto_hash hash, const void *key,
	size_t key_size, const void *bytes, size_t size,
	uint8_t ret[DIGEST_MAX])
{
	hmac_begin(crypto, hash, key, key_size);
	hmac_add(crypto, bytes, size);
	return hmac_end(crypto, ret);
}

bool ed25519_verify(const uint8_t key[32], const void *bytes, size_t size,
	const uint8_t signature[64])
{
	EVP_PKEY *public =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good =
		public && context &&
		EVP_DigestVerifyInit(context, NULL, NULL, NULL, public) == 1 &&
		EVP_DigestVerify(context, signature, 64, bytes, size) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(public);
	return good;
}

bool crypto_equal(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void crypto_random(void *ret, size_t size)
{
	if (RAND_bytes(ret, (int)size) != 1)
		BUG("the system gives no random bytes");
}

void crypto_wipe(void *bytes, size_t size)
{
	OPENSSL_cleanse(bytes, size);
}

void hex_encode(const void *bytes, size_t size, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = bytes;

	for (size_t i = 0; i < size; i++) {
		*ret++ = digits[in[i] >> 4];
		*ret++ = digits[in[i] & 15];
	}
	*ret = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(const char *text, size_t length, void *ret, size_t size)
{
	uint8_t *out = ret;

	if (length != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void base64_encode(const void *bytes, size_t size, char *ret)
{
	EVP_EncodeBlock((unsigned char *)ret, bytes, (int)size);
}

bool base64_decode(const char *text, size_t length, void *ret, size_t *ret_size)
{
	size_t padding = 0;
	int size;

	/* The library skips blanks; a credential has none. */
	if (length % 4 || strcspn(text, " \t\r\n") < length)
		return false;
	while (padding < 2 && padding < length &&
		text[length - 1 - padding] == '=')
		padding++;
	size = EVP_DecodeBlock(ret, (const unsigned char *)text, (int)length);
	if (size < 0)
		return false;
	*ret_size = (size_t)size - padding;
	return true;
}
