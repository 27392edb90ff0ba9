/* SPDX-License-Identifier: Apache-2.0 */
/* What was put aside: moved under a number that lies behind all others, in one
 * transaction, and back. */
#include "wire/spool_private.h"

#include "base/memory.h"

#include <string.h>

/* To another number, with all it holds. */
static int move_one(struct spool *spool, MDB_txn *txn, uint64_t from,
	uint64_t to, struct spool_leaving *leaving)
{
	uint8_t key_bytes[8];
	MDB_val key = {sizeof(key_bytes), key_bytes};
	MDB_val value;
	void *bytes;
	size_t size;
	int failed;

	spool_number_write(from, key_bytes);
	failed = mdb_get(txn, spool->dbi, &key, &value);
	if (failed == MDB_NOTFOUND)
		return 0;
	if (failed)
		return failed;
	/* What the table gave is gone once it is written to. */
	size = value.mv_size;
	bytes = memory_new(size);
	memcpy(bytes, value.mv_data, size);
	failed = spool_remove_one(spool, txn, from, leaving);
	if (!failed) {
		spool_number_write(to, key_bytes);
		value = (MDB_val){size, bytes};
		failed =
			mdb_put(txn, spool->dbi, &key, &value, MDB_NOOVERWRITE);
	}
	memory_free(bytes);
	return failed;
}

/* Under `writing`. */
static int move_all(struct spool *spool, const uint64_t *numbers, size_t count,
	bool aside, struct spool_leaving *leaving)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(spool->env, NULL, 0, &txn);

	if (failed)
		return failed;
	for (size_t i = 0; i < count && !failed; i++)
		failed = move_one(spool, txn,
			aside ? numbers[i] : numbers[i] | SPOOL_PARKED,
			aside ? numbers[i] | SPOOL_PARKED : numbers[i],
			&leaving[i]);
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	return mdb_txn_commit(txn);
}

static void count_moved(struct spool *spool,
	const struct spool_leaving *leaving, size_t count, bool aside)
{
	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < count; i++) {
		size_t lane = strlen(leaving[i].lane);

		if (!leaving[i].there)
			continue;
		if (aside) {
			spool_count_out(
				spool, leaving[i].lane, lane, leaving[i].cost);
			spool->bytes += leaving[i].cost;
			spool->parked++;
		} else {
			spool->parked--;
			spool->bytes -= leaving[i].cost;
			spool_count_in(
				spool, leaving[i].lane, lane, leaving[i].cost);
		}
	}
	pthread_mutex_unlock(&spool->lock);
}

enum status spool_park(struct spool *spool, const uint64_t *numbers,
	size_t count, struct reason *reterr)
{
	struct spool_leaving *leaving = memory_array(count, sizeof(*leaving));
	int failed;

	pthread_mutex_lock(&spool->writing);
	failed = move_all(spool, numbers, count, true, leaving);
	if (!failed)
		count_moved(spool, leaving, count, true);
	pthread_mutex_unlock(&spool->writing);
	memory_free(leaving);
	return failed ? spool_disk_said(reterr, "cannot put aside", failed)
		      : OK;
}

static int find_parked(struct spool *spool, uint64_t from, size_t max,
	uint64_t *numbers, size_t *ret_count)
{
	uint8_t key_bytes[8];
	MDB_val key = {sizeof(key_bytes), key_bytes}, value;
	MDB_cursor_op op = MDB_SET_RANGE;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn;
	int failed = mdb_txn_begin(spool->env, NULL, MDB_RDONLY, &txn);

	*ret_count = 0;
	if (failed)
		return failed;
	spool_number_write(from | SPOOL_PARKED, key_bytes);
	failed = mdb_cursor_open(txn, spool->dbi, &cursor);
	while (!failed && *ret_count < max) {
		failed = mdb_cursor_get(cursor, &key, &value, op);
		if (!failed)
			numbers[(*ret_count)++] =
				spool_number_read(key.mv_data) & ~SPOOL_PARKED;
		op = MDB_NEXT;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return failed == MDB_NOTFOUND ? 0 : failed;
}

enum status spool_unpark(struct spool *spool, uint64_t from, size_t max,
	uint64_t *ret_next, struct reason *reterr)
{
	uint64_t *numbers = memory_array(max, sizeof(*numbers));
	struct spool_leaving *leaving = memory_array(max, sizeof(*leaving));
	size_t count = 0;
	int failed;

	pthread_mutex_lock(&spool->writing);
	failed = find_parked(spool, from, max, numbers, &count);
	if (!failed && count > 0)
		failed = move_all(spool, numbers, count, false, leaving);
	if (!failed && count > 0) {
		count_moved(spool, leaving, count, false);
		*ret_next = numbers[count - 1] + 1;
	}
	pthread_mutex_unlock(&spool->writing);
	memory_free(leaving);
	memory_free(numbers);
	if (failed)
		return spool_disk_said(reterr, "cannot take back", failed);
	return count > 0 ? OK : IGNORED;
}

size_t spool_parked(struct spool *spool)
{
	size_t count;

	pthread_mutex_lock(&spool->lock);
	count = spool->parked;
	pthread_mutex_unlock(&spool->lock);
	return count;
}
