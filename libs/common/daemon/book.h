/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What files say, in force: any thread reads, a reload replaces. What was read
 * never changes; whoever works with it holds its edition, and the last one that
 * does frees it.
 */
#pragma once

struct book;
struct edition;

/* Takes `text`, which `free` ends. */
struct book *book_new(void *text, void (*free)(void *text));
/* Editions that are held outlive it. Accepts NULL, leaves NULL. */
void book_free(struct book **book);
/* The edition in force; the caller gives it back by edition_unref. */
struct edition *book_get(struct book *book);
/* Takes `text`, which is in force from now on. */
void book_set(struct book *book, void *text);

/* An edition of another book is in force from now on. */
void book_follow(struct book *book, struct edition *edition);

struct edition *edition_ref(struct edition *edition);
const void *edition_text(const struct edition *edition);
/* Accepts NULL, leaves NULL. */
void edition_unref(struct edition **edition);
