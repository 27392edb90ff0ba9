/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include "base/memory.h"

#include <pthread.h>
#include <string.h>

/* Only names of configured sources arrive here; twice what a file may hold. */
#define ROWS_MAX 20000

struct tally {
	pthread_mutex_t lock;
	struct tally_row *rows; /* sorted by source */
	size_t count, room;
};

struct tally *tally_new(void)
{
	struct tally *tally = memory_new(sizeof(*tally));

	pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

static void forget(struct tally *tally)
{
	for (size_t i = 0; i < tally->count; i++)
		memory_free((void *)(uintptr_t)tally->rows[i].source);
	tally->count = 0;
}

void tally_free(struct tally **tally)
{
	if (!*tally)
		return;
	forget(*tally);
	memory_free((*tally)->rows);
	pthread_mutex_destroy(&(*tally)->lock);
	memory_free(*tally);
	*tally = NULL;
}

/* Where the source is, or would have to be. */
static size_t place_of(const struct tally *tally, const char *source)
{
	size_t low = 0, high = tally->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(tally->rows[middle].source, source) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct tally_row *row_of(struct tally *tally, const char *source)
{
	size_t at = place_of(tally, source);
	struct tally_row *row;

	if (at < tally->count && strcmp(tally->rows[at].source, source) == 0)
		return &tally->rows[at];
	if (tally->count == ROWS_MAX)
		return NULL;
	if (tally->count == tally->room) {
		tally->room = tally->room ? tally->room * 2 : 16;
		tally->rows = memory_resize(
			tally->rows, tally->room, sizeof(*tally->rows));
	}
	row = &tally->rows[at];
	memmove(row + 1, row, (tally->count - at) * sizeof(*row));
	tally->count++;
	*row = (struct tally_row){.source = memory_string(source)};
	return row;
}

static void add(struct tally *tally, const struct tally_row *amount)
{
	struct tally_row *row;

	pthread_mutex_lock(&tally->lock);
	row = row_of(tally, amount->source);
	if (row) {
		row->accepted += amount->accepted;
		row->rejected += amount->rejected;
		row->unauthenticated += amount->unauthenticated;
		if (amount->last_delivery > row->last_delivery)
			row->last_delivery = amount->last_delivery;
	}
	pthread_mutex_unlock(&tally->lock);
}

void tally_accepted(struct tally *tally, const char *source, instant received)
{
	add(tally, &(struct tally_row){.source = source,
			   .accepted = 1,
			   .last_delivery = received});
}

void tally_rejected(struct tally *tally, const char *source)
{
	add(tally, &(struct tally_row){.source = source, .rejected = 1});
}

void tally_unauthenticated(struct tally *tally, const char *source)
{
	add(tally, &(struct tally_row){.source = source, .unauthenticated = 1});
}

size_t tally_take(
	struct tally *tally, struct arena *arena, struct tally_row **ret)
{
	size_t count;

	pthread_mutex_lock(&tally->lock);
	count = tally->count;
	*ret = arena_array(arena, count + 1, sizeof(**ret));
	for (size_t i = 0; i < count; i++) {
		(*ret)[i] = tally->rows[i];
		(*ret)[i].source = arena_string(arena, tally->rows[i].source);
	}
	forget(tally);
	pthread_mutex_unlock(&tally->lock);
	return count;
}

void tally_give_back(struct tally *tally, const struct tally_row *row)
{
	add(tally, row);
}
