/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Held to a second, plain computation: all statements in order, instant by
 * instant. The store below plays the database: it gives back only what a
 * caller would load, and takes only what changed.
 */
#include "timeline.h"

#include "base/dice_testing.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define STATEMENTS 12
#define ROWS 400
#define KEYS 4
#define TIMES 7

static const char *const keys[KEYS] = {"a", "b", "c", "d"};
static const char *const details[] = {"low", "high"};
static const char *const ids[STATEMENTS] = {
	"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "0a", "0b"};

struct world {
	struct timeline_statement statements[STATEMENTS];
	struct timeline_item items[STATEMENTS][KEYS];
};

static void make_world(struct world *world, bool partial_too)
{
	for (int i = 0; i < STATEMENTS; i++) {
		struct timeline_statement *s = &world->statements[i];
		size_t count = 0;

		for (int k = 0; k < KEYS; k++)
			if (dice_below(2))
				world->items[i][count++] =
					(struct timeline_item){keys[k],
						details[dice_below(4) == 0],
						NULL};
		*s = (struct timeline_statement){.at = dice_below(TIMES),
			.recorded = dice_below(3),
			.evidence = ids[i],
			.complete = !partial_too || dice_below(3) > 0,
			.items = world->items[i],
			.count = count};
	}
}

struct store {
	struct timeline_row rows[ROWS];
	size_t count;
	const struct timeline_statement *known[STATEMENTS];
	size_t known_count;
};

static void store_drop(struct store *store, const struct timeline_row *row)
{
	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->rows[i].item.key, row->item.key) == 0 &&
			store->rows[i].from == row->from) {
			store->rows[i] = store->rows[--store->count];
			return;
		}
	fail_msg("a row that is not there is gone");
}

static void store_batch(struct store *store,
	const struct timeline_statement *const *batch, size_t count)
{
	struct timeline *timeline = timeline_new();
	struct timeline_walk walk = {0};
	struct timeline_row row;
	instant least = INSTANT_NEVER;

	for (size_t i = 0; i < count; i++)
		if (batch[i]->at < least)
			least = batch[i]->at;
	for (size_t i = 0; i < store->known_count; i++)
		if (store->known[i]->at >= least)
			timeline_know(timeline, store->known[i]);
	for (size_t i = 0; i < store->count; i++)
		if (store->rows[i].until >= least) {
			row = store->rows[i];
			row.place = "here";
			timeline_bring(timeline, &row);
		}
	for (size_t i = 0; i < count; i++) {
		timeline_put(timeline, batch[i]);
		store->known[store->known_count++] = batch[i];
	}
	while (timeline_changed(timeline, &walk, &row)) {
		if (row.place) {
			store_drop(store, &row);
			continue;
		}
		assert_true(store->count < ROWS);
		store->rows[store->count++] = row;
	}
	timeline_free(&timeline);
}

static int order_of_rows(const void *left, const void *right)
{
	const struct timeline_row *a = left, *b = right;
	int order = strcmp(a->item.key, b->item.key);

	return order ? order : (a->from > b->from) - (a->from < b->from);
}

static void print_rows(
	struct timeline_row *rows, size_t count, char *out, size_t size)
{
	size_t n = 0;

	if (count)
		qsort(rows, count, sizeof(*rows), order_of_rows);
	out[0] = '\0';
	for (size_t i = 0; i < count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n,
			"%s %s [%lld, %lld) %s %s\n", rows[i].item.key,
			rows[i].item.detail, (long long)rows[i].from,
			rows[i].until == INSTANT_NEVER
				? -1LL
				: (long long)rows[i].until,
			rows[i].opened, rows[i].closed ? rows[i].closed : "-");
	assert_true(n < size);
}

static int order_of_statements(const void *left, const void *right)
{
	const struct timeline_statement *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->recorded != b->recorded)
		return a->recorded < b->recorded ? -1 : 1;
	return strcmp(a->evidence, b->evidence);
}

/* Detail of each key after all statements up to `at`; NULL: absent. */
static void state_at(const struct timeline_statement *sorted, instant at,
	const char *const **ret, const char **ret_last)
{
	static const char *state[KEYS];

	memset(state, 0, sizeof(state));
	*ret_last = NULL;
	for (int i = 0; i < STATEMENTS && sorted[i].at <= at; i++) {
		if (sorted[i].complete)
			memset(state, 0, sizeof(state));
		for (size_t j = 0; j < sorted[i].count; j++)
			state[sorted[i].items[j].key[0] - 'a'] =
				sorted[i].items[j].detail;
		if (sorted[i].at == at)
			*ret_last = sorted[i].evidence;
	}
	*ret = state;
}

static void expect(const struct world *world, char *out, size_t size)
{
	struct timeline_statement sorted[STATEMENTS];
	struct timeline_row rows[KEYS * TIMES];
	struct timeline_row *open[KEYS] = {0};
	size_t count = 0;

	memcpy(sorted, world->statements, sizeof(sorted));
	qsort(sorted, STATEMENTS, sizeof(*sorted), order_of_statements);
	for (instant at = 0; at < TIMES; at++) {
		const char *const *state;
		const char *last;

		state_at(sorted, at, &state, &last);
		for (int k = 0; k < KEYS; k++) {
			if (open[k] &&
				(!state[k] || strcmp(state[k],
						      open[k]->item.detail))) {
				open[k]->until = at;
				open[k]->closed = last;
				open[k] = NULL;
			}
			if (open[k] || !state[k])
				continue;
			open[k] = &rows[count++];
			*open[k] = (struct timeline_row){
				.item = {keys[k], state[k], NULL},
				.from = at,
				.until = INSTANT_NEVER,
				.opened = last};
		}
	}
	print_rows(rows, count, out, size);
}

static void try_worlds(unsigned worlds, bool partial_too)
{
	char wanted[4000], got[4000];
	struct world world;

	for (unsigned w = 0; w < worlds; w++) {
		const struct timeline_statement *order[STATEMENTS];

		make_world(&world, partial_too);
		expect(&world, wanted, sizeof(wanted));
		for (int i = 0; i < STATEMENTS; i++)
			order[i] = &world.statements[i];
		for (int turn = 0; turn < 8; turn++) {
			struct store store = {.count = 0};

			dice_shuffle(order, STATEMENTS, sizeof(*order));
			for (unsigned i = 0; i < STATEMENTS;) {
				unsigned n = 1 + dice_below(STATEMENTS - i);

				store_batch(&store, order + i, n);
				i += n;
			}
			print_rows(store.rows, store.count, got, sizeof(got));
			if (strcmp(got, wanted) != 0)
				fail_msg("world %u turn %d:\n%sis\n%s", w, turn,
					wanted, got);
		}
	}
}

static void test_timeline__is_the_same_for_any_order_and_batch(void **state)
{
	(void)state;
	dice = 20261127;
	try_worlds(400, false);
}

static void test_timeline__partial_ones_only_add_in_any_order(void **state)
{
	(void)state;
	dice = 42;
	try_worlds(600, true);
}

static struct timeline_statement say(instant at, const char *evidence,
	struct timeline_item *items, size_t count)
{
	return (struct timeline_statement){.at = at,
		.recorded = at,
		.evidence = evidence,
		.complete = true,
		.items = items,
		.count = timeline_sort(items, count)};
}

static void test_timeline__a_late_one_splits_what_went_on(void **state)
{
	struct timeline_item a[] = {{"x", "", NULL}};
	struct timeline_statement first = say(10, "01", a, 1);
	struct timeline_statement third = say(30, "03", a, 1);
	struct timeline_statement late = say(20, "02", NULL, 0);
	struct timeline *timeline = timeline_new();
	const struct timeline_row *rows;
	size_t count;

	(void)state;
	timeline_put(timeline, &first);
	timeline_put(timeline, &third);
	rows = timeline_rows(timeline, &count);
	assert_int_equal(count, 1);
	assert_null(rows[0].closed);
	timeline_put(timeline, &late);
	rows = timeline_rows(timeline, &count);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].until, 20);
	assert_string_equal(rows[0].closed, "02");
	assert_int_equal(rows[1].from, 30);
	assert_string_equal(rows[1].opened, "03");
	assert_true(rows[1].until == INSTANT_NEVER);
	timeline_free(&timeline);
}

static void test_timeline__a_repeat_changes_nothing(void **state)
{
	struct timeline_item a[] = {{"x", "", NULL}, {"x", "", NULL}};
	struct timeline_statement first = say(10, "01", a, 2);
	struct timeline *timeline = timeline_new();
	struct timeline_row row = {.item = {"x", "", NULL},
		.from = 10,
		.until = INSTANT_NEVER,
		.opened = "01",
		.place = "here"};
	struct timeline_walk walk = {0};

	(void)state;
	assert_int_equal(first.count, 1);
	timeline_know(timeline, &first);
	timeline_bring(timeline, &row);
	timeline_put(timeline, &first);
	assert_false(timeline_changed(timeline, &walk, &row));
	timeline_free(&timeline);
	timeline_free(&timeline);
	assert_null(timeline);
}
