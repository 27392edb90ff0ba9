/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of sources; how one is read from a file is source_read.c. */
#include "edge/source.h"

#include "base/bug.h"
#include "base/memory.h"
#include "edge/source_private.h"
#include "wire/crypto.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sources *sources_ref(struct sources *sources)
{
	atomic_fetch_add(&sources->references, 1);
	return sources;
}

void sources_unref(struct sources **ref)
{
	struct sources *sources = *ref;

	*ref = NULL;
	if (!sources || atomic_fetch_sub(&sources->references, 1) > 1)
		return;
	for (size_t i = 0; i < sources->count; i++)
		for (size_t s = 0; s < sources->rows[i].secret_count; s++)
			crypto_wipe((void *)(uintptr_t)sources->rows[i]
					    .secrets[s]
					    .bytes,
				sources->rows[i].secrets[s].size);
	arena_free(&sources->arena);
	memory_free(sources);
}

const struct stamp_file *sources_files(const struct sources *sources)
{
	return sources->files;
}

size_t sources_count(const struct sources *sources)
{
	return sources->count;
}

const struct source *sources_at(const struct sources *sources, size_t index)
{
	MUST(index < sources->count);
	return &sources->rows[index];
}

static int by_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct source *)row)->name);
}

const struct source *sources_find(
	const struct sources *sources, const char *name)
{
	if (sources->count == 0)
		return NULL;
	return bsearch(name, sources->rows, sources->count,
		sizeof(*sources->rows), by_name);
}

void sources_seal(struct sources *sources)
{
	struct crypto *crypto = crypto_new();

	sha256_begin(crypto);
	for (size_t i = 0; i < sources->count; i++)
		sha256_add(crypto, sources->rows[i].name,
			strlen(sources->rows[i].name) + 1);
	sha256_end(crypto, sources->salt);
	crypto_free(&crypto);
}

const unsigned char *sources_salt(const struct sources *sources)
{
	return sources->salt;
}

const struct source *sources_stand_in(
	const struct sources *sources, const unsigned char *digest)
{
	uint64_t number;

	if (sources->count == 0)
		return NULL;
	memcpy(&number, digest, sizeof(number));
	return &sources->rows[number % sources->count];
}

bool source_same(const struct source *one, const struct source *other)
{
	if (strcmp(one->tool, other->tool) != 0 ||
		strcmp(one->tenant, other->tenant) != 0 ||
		one->interval != other->interval ||
		one->label_count != other->label_count)
		return false;
	for (size_t i = 0; i < one->label_count; i++)
		if (strcmp(one->labels[i].name, other->labels[i].name) != 0 ||
			strcmp(one->labels[i].value, other->labels[i].value) !=
				0)
			return false;
	return true;
}

struct source_book {
	pthread_mutex_t lock;
	struct sources *sources;
};

struct source_book *source_book_new(struct sources **sources)
{
	struct source_book *book = memory_new(sizeof(*book));

	pthread_mutex_init(&book->lock, NULL);
	book->sources = *sources;
	*sources = NULL;
	return book;
}

void source_book_free(struct source_book **book)
{
	if (!*book)
		return;
	sources_unref(&(*book)->sources);
	pthread_mutex_destroy(&(*book)->lock);
	memory_free(*book);
	*book = NULL;
}

struct sources *source_book_get(struct source_book *book)
{
	struct sources *sources;

	pthread_mutex_lock(&book->lock);
	sources = sources_ref(book->sources);
	pthread_mutex_unlock(&book->lock);
	return sources;
}

void source_book_set(struct source_book *book, struct sources **sources)
{
	struct sources *old;

	pthread_mutex_lock(&book->lock);
	old = book->sources;
	book->sources = *sources;
	pthread_mutex_unlock(&book->lock);
	*sources = NULL;
	sources_unref(&old);
}
