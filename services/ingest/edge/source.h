/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sources.yaml says: who may send, how it proves itself, what is expected
 * of it. A set of sources never changes; a reload makes another one, and
 * whoever works with a source holds the set it came from.
 */
#pragma once

#include "adapter.h"
#include "base/reason.h"
#include "edge/network.h"
#include "model/evidence.h"

#define SOURCE_NAME_MAX 100
#define SOURCE_SECRETS_MAX 8
#define SOURCE_BODY_DEFAULT (2u << 20)
#define SOURCE_BODY_MAX (64u << 20)

struct secret {
	const void *bytes; /* a key as the scheme wants it */
	size_t size;
	bool public_key; /* Standard Webhooks v1a: 32 bytes of Ed25519 */
};

struct source {
	const char *name;
	const char *tool;
	const char *tenant;
	const struct adapter *adapter;
	const struct verify_spec *verify;
	instant interval;
	struct secret secrets[SOURCE_SECRETS_MAX]; /* newest first */
	size_t secret_count;
	struct label *labels;
	size_t label_count;
	size_t body_limit;
	struct network *networks; /* none: from everywhere */
	size_t network_count;
	const char *client_certificate; /* subject (RFC 4514); NULL */
};

struct sources;
struct stamp_file; /* base/stamp.h */

/* Finds the adapter of a tool; adapter_find but in tests. */
typedef const struct adapter *source_adapters(const char *tool);

/* CONFIG with file:line:column. Reads the secrets' files, too. */
enum status sources_load(const char *path, source_adapters *find,
	struct sources **ret, struct reason *reterr) MUST_CHECK;
struct sources *sources_ref(struct sources *sources);
/* The last one overwrites the secrets. Accepts NULL, leaves NULL. */
void sources_unref(struct sources **sources);
/* The files of secrets it was read from; NULL: none. */
const struct stamp_file *sources_files(const struct sources *sources);
/* In the order of their names. */
size_t sources_count(const struct sources *sources);
const struct source *sources_at(const struct sources *sources, size_t index);
/* NULL where there is none. */
const struct source *sources_find(
	const struct sources *sources, const char *name);
/*
 * Whom a name that is no source's is treated as: one of the set, the same one
 * for the same name as long as the set has the same names, so that a stranger
 * cannot tell it from a source. `digest` is of the name, SHA256_SIZE bytes.
 * NULL where there are no sources.
 */
const struct source *sources_stand_in(
	const struct sources *sources, const unsigned char *digest);
/* Mixed into that digest, so that nobody outside can foresee it. */
const unsigned char *sources_salt(const struct sources *sources);
/* Same in everything but secrets: what the evaluator would learn. */
bool source_same(const struct source *one, const struct source *other);

/* The set in force: any thread reads, a reload replaces. */
struct source_book;
/* Takes the set. */
struct source_book *source_book_new(struct sources **sources);
void source_book_free(struct source_book **book);
/* A reference the caller gives back by sources_unref. */
struct sources *source_book_get(struct source_book *book);
/* Takes the set. */
void source_book_set(struct source_book *book, struct sources **sources);
