/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/book.h"

#include "base/testing.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_int freed;

static void end(void *text)
{
	*(atomic_int *)text = -1;
	atomic_fetch_add(&freed, 1);
}

static void test_book__an_edition_lives_while_it_is_held(void **state)
{
	atomic_int one = 1, two = 2;
	struct book *book = book_new(&one, end);
	struct edition *held = book_get(book), *again = edition_ref(held);

	(void)state;
	freed = 0;
	book_set(book, &two);
	assert_ptr_equal(edition_text(held), &one);
	edition_unref(&held);
	assert_null(held);
	edition_unref(&held);
	assert_int_equal(one, 1);
	edition_unref(&again);
	assert_int_equal(one, -1);
	held = book_get(book);
	assert_ptr_equal(edition_text(held), &two);
	book_free(&book);
	book_free(&book);
	assert_int_equal(freed, 1);
	edition_unref(&held);
	assert_int_equal(freed, 2);
}

#define ROUNDS 2000

static void *read_often(void *context)
{
	struct book *book = context;

	for (int i = 0; i < ROUNDS; i++) {
		struct edition *edition = book_get(book);

		/* One that was freed under us says -1. */
		assert_true(*(const atomic_int *)edition_text(edition) >= 0);
		edition_unref(&edition);
	}
	return NULL;
}

static void test_book__is_read_while_it_is_replaced(void **state)
{
	static atomic_int texts[ROUNDS + 1];
	struct book *book = book_new(&texts[0], end);
	pthread_t readers[2];

	(void)state;
	freed = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pthread_create(&readers[i], NULL, read_often, book), 0);
	for (int i = 1; i <= ROUNDS; i++)
		book_set(book, &texts[i]);
	for (int i = 0; i < 2; i++)
		pthread_join(readers[i], NULL);
	book_free(&book);
	assert_int_equal(freed, ROUNDS + 1);
}
