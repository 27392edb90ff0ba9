/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes, HMAC, signatures, base64 and comparison over OpenSSL 3, with fetched
 * algorithms. A struct crypto is one loop's: contexts are never shared.
 */
#pragma once

#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_HEX 65
#define DIGEST_MAX 64

struct crypto;
struct crypto *crypto_new(void);
void crypto_free(struct crypto **crypto);

void sha256(struct crypto *crypto, const void *bytes, size_t size,
	uint8_t ret[SHA256_SIZE]);
/* In pieces: begin, add any number of times, end. */
void sha256_begin(struct crypto *crypto);
void sha256_add(struct crypto *crypto, const void *bytes, size_t size);
void sha256_end(struct crypto *crypto, uint8_t ret[SHA256_SIZE]);

enum crypto_hash { HASH_SHA1, HASH_SHA256, HASH_SHA512 };
/* Size of the result in bytes is returned. */
size_t hmac(struct crypto *crypto, enum crypto_hash hash, const void *key,
	size_t key_size, const void *bytes, size_t size,
	uint8_t ret[DIGEST_MAX]);
/* In pieces; one at a time per struct crypto. */
void hmac_begin(struct crypto *crypto, enum crypto_hash hash, const void *key,
	size_t key_size);
void hmac_add(struct crypto *crypto, const void *bytes, size_t size);
size_t hmac_end(struct crypto *crypto, uint8_t ret[DIGEST_MAX]);
/* Public key is 32 raw bytes (RFC 8032). */
bool ed25519_verify(const uint8_t key[32], const void *bytes, size_t size,
	const uint8_t signature[64]);

/* Time depends on `size` only. */
bool crypto_equal(const void *a, const void *b, size_t size);
/* From the operating system; aborts where it gives none. */
void crypto_random(void *ret, size_t size);
/* Overwrites and cannot be optimised away. */
void crypto_wipe(void *bytes, size_t size);

void hex_encode(const void *bytes, size_t size, char *ret); /* 2*size+1 */
/* False where a byte is no hex digit or the length is not 2*size. */
bool hex_decode(const char *text, size_t length, void *ret, size_t size);
/* Room needed, with the NUL. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4 + 1)
void base64_encode(const void *bytes, size_t size, char *ret);
/* Standard alphabet with padding; false otherwise. `ret` needs length*3/4+3. */
bool base64_decode(
	const char *text, size_t length, void *ret, size_t *ret_size);
