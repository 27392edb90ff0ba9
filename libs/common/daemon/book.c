/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/book.h"

#include "base/bug.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>

struct edition {
	atomic_uint holders;
	void *text;
	void (*free)(void *text);
};

struct book {
	pthread_mutex_t lock; /* of now */
	struct edition *now;
	void (*free)(void *text);
};

static struct edition *edition_new(void *text, void (*free)(void *text))
{
	struct edition *edition = memory_new(sizeof(*edition));

	atomic_init(&edition->holders, 1);
	edition->text = text;
	edition->free = free;
	return edition;
}

struct edition *edition_ref(struct edition *edition)
{
	atomic_fetch_add(&edition->holders, 1);
	return edition;
}

const void *edition_text(const struct edition *edition)
{
	return edition->text;
}

void edition_unref(struct edition **edition)
{
	struct edition *gone = *edition;

	*edition = NULL;
	if (!gone || atomic_fetch_sub(&gone->holders, 1) > 1)
		return;
	gone->free(gone->text);
	memory_free(gone);
}

struct book *book_new(void *text, void (*free)(void *text))
{
	struct book *book = memory_new(sizeof(*book));

	MUST(text && free);
	pthread_mutex_init(&book->lock, NULL);
	book->free = free;
	book->now = edition_new(text, free);
	return book;
}

void book_free(struct book **book)
{
	if (!*book)
		return;
	edition_unref(&(*book)->now);
	pthread_mutex_destroy(&(*book)->lock);
	memory_free(*book);
	*book = NULL;
}

struct edition *book_get(struct book *book)
{
	struct edition *edition;

	pthread_mutex_lock(&book->lock);
	edition = edition_ref(book->now);
	pthread_mutex_unlock(&book->lock);
	return edition;
}

static void put(struct book *book, struct edition *next)
{
	struct edition *last;

	pthread_mutex_lock(&book->lock);
	last = book->now;
	book->now = next;
	pthread_mutex_unlock(&book->lock);
	edition_unref(&last);
}

void book_set(struct book *book, void *text)
{
	put(book, edition_new(text, book->free));
}

void book_follow(struct book *book, struct edition *edition)
{
	put(book, edition_ref(edition));
}
