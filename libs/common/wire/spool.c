/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One LMDB table: number (8 bytes, big-endian) to lane and bytes. How many
 * items each lane has is counted when it is opened and kept in memory, because
 * the edge asks before every delivery. What was put aside has the highest bit
 * of its number set, and so lies behind all others.
 */
#include "wire/spool_private.h"

#include "base/bug.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
/* LMDB copies pages before it changes them and may not fill each: the map is
 * larger than what we promise to hold, so that our own bound is met first. */
#define MAP_SPARE (64u << 20)
#define LOCK_WAIT (2 * INSTANT_SECOND)

/* What an item takes on disk: larger values get pages of their own. */
static size_t cost(size_t size)
{
	if (size < PAGE / 2)
		return size + 64;
	return (size + 16 + PAGE - 1) / PAGE * PAGE + 64;
}

static struct lane *lane_of(struct spool *spool, const char *name, size_t size)
{
	for (size_t i = 0; i < spool->lane_count; i++)
		if (strlen(spool->lanes[i].name) == size &&
			memcmp(spool->lanes[i].name, name, size) == 0)
			return &spool->lanes[i];
	return NULL;
}

void spool_count_in(
	struct spool *spool, const char *name, size_t size, size_t bytes)
{
	struct lane *lane = lane_of(spool, name, size);

	if (!lane) {
		if (spool->lane_count == spool->lane_room) {
			spool->lane_room =
				spool->lane_room ? spool->lane_room * 2 : 16;
			spool->lanes = memory_resize(spool->lanes,
				spool->lane_room, sizeof(*spool->lanes));
		}
		lane = &spool->lanes[spool->lane_count++];
		memset(lane, 0, sizeof(*lane));
		memcpy(lane->name, name, size);
	}
	lane->count++;
	spool->count++;
	spool->bytes += bytes;
}

void spool_count_out(
	struct spool *spool, const char *name, size_t size, size_t bytes)
{
	struct lane *lane = lane_of(spool, name, size);

	MUST(lane && lane->count > 0 && spool->bytes >= bytes);
	if (--lane->count == 0)
		*lane = spool->lanes[--spool->lane_count];
	spool->count--;
	spool->bytes -= bytes;
}

void spool_number_write(uint64_t number, uint8_t ret[8])
{
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(number >> (56 - 8 * i));
}

uint64_t spool_number_read(const void *bytes)
{
	const uint8_t *from = bytes;
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | from[i];
	return number;
}

/* A value is: length of the lane's name (1 byte), the name, the bytes. */
static bool value_read(const MDB_val *key, const MDB_val *value,
	struct spool_item *ret, size_t *ret_lane)
{
	const uint8_t *from = value->mv_data;

	if (key->mv_size != 8 || value->mv_size < 1 || from[0] > LANE_MAX ||
		value->mv_size < (size_t)from[0] + 1)
		return false;
	*ret_lane = from[0];
	ret->lane = (const char *)from + 1;
	ret->bytes = from + 1 + from[0];
	ret->size = value->mv_size - 1 - from[0];
	ret->number = spool_number_read(key->mv_data);
	return true;
}

enum status spool_disk_said(
	struct reason *reterr, const char *doing, int failed)
{
	reason_set(reterr, "spool", "%s: %s", doing, mdb_strerror(failed));
	return RETRY;
}

/* Counts what an earlier process left. */
static int count_all(struct spool *spool)
{
	MDB_txn *txn;
	MDB_cursor *cursor = NULL;
	MDB_val key, value;
	int failed = mdb_txn_begin(spool->env, NULL, MDB_RDONLY, &txn);

	if (failed)
		return failed;
	failed = mdb_cursor_open(txn, spool->dbi, &cursor);
	while (!failed) {
		struct spool_item item;
		size_t lane;

		failed = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		if (failed)
			break;
		if (!value_read(&key, &value, &item, &lane)) {
			failed = MDB_CORRUPTED;
			break;
		}
		if (item.number & SPOOL_PARKED) {
			spool->parked++;
			spool->bytes += cost(value.mv_size);
		} else {
			spool_count_in(
				spool, item.lane, lane, cost(value.mv_size));
		}
		/* One that was put aside may come back to its old number. */
		if ((item.number & ~SPOOL_PARKED) >= spool->next)
			spool->next = (item.number & ~SPOOL_PARKED) + 1;
	}
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return failed == MDB_NOTFOUND ? 0 : failed;
}

static int open_table(struct spool *spool)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(spool->env, NULL, 0, &txn);

	if (failed)
		return failed;
	failed = mdb_dbi_open(txn, NULL, 0, &spool->dbi);
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	return mdb_txn_commit(txn);
}

static int open_env(struct spool *spool, const char *folder)
{
	size_t map = spool->max_bytes * 2 + MAP_SPARE;
	int failed = mdb_env_create(&spool->env);

	if (!failed)
		failed = mdb_env_set_mapsize(
			spool->env, map / PAGE * PAGE + PAGE);
	if (!failed)
		failed = mdb_env_open(
			spool->env, folder, MDB_NOTLS | MDB_NORDAHEAD, 0600);
	/* A killed process leaves readers that would keep old pages. */
	if (!failed)
		failed = mdb_reader_check(spool->env, NULL);
	if (!failed)
		failed = open_table(spool);
	return failed ? failed : count_all(spool);
}

/* A process that was killed holds its lock until the kernel has cleared up. */
static bool lock_within(int fd, instant wait)
{
	instant until = clock_monotonic() + wait;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (clock_monotonic() >= until)
			return false;
		clock_sleep(20000);
	}
	return true;
}

/* LMDB itself would share the folder; two drains would publish twice. */
static enum status lock_folder(
	struct spool *spool, const char *folder, struct reason *reterr)
{
	char path[4200];

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		reason_set(reterr, folder,
			"the spool's folder cannot be "
			"made: %s",
			strerror(errno));
		return CONFIG;
	}
	snprintf(path, sizeof(path), "%s/owner", folder);
	spool->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (spool->lock_fd < 0) {
		reason_set(
			reterr, path, "cannot be opened: %s", strerror(errno));
		return CONFIG;
	}
	if (!lock_within(spool->lock_fd, LOCK_WAIT)) {
		reason_set(reterr, folder,
			"the spool is in use by another process");
		return CONFIG;
	}
	return OK;
}

enum status spool_open(const char *folder, size_t max_bytes, struct spool **ret,
	struct reason *reterr)
{
	struct spool *spool = memory_new(sizeof(*spool));
	enum status status;
	int failed;

	MUST(max_bytes > 0 && max_bytes < SIZE_MAX / 4);
	spool->max_bytes = max_bytes;
	spool->next = 1;
	spool->lock_fd = -1;
	pthread_mutex_init(&spool->writing, NULL);
	pthread_mutex_init(&spool->lock, NULL);
	status = lock_folder(spool, folder, reterr);
	if (status == OK) {
		failed = open_env(spool, folder);
		if (failed) {
			reason_set(reterr, folder,
				"the spool cannot be opened: %s",
				mdb_strerror(failed));
			status = CONFIG;
		}
	}
	if (status != OK) {
		spool_close(&spool);
		return status;
	}
	*ret = spool;
	return OK;
}

void spool_close(struct spool **ref)
{
	struct spool *spool = *ref;

	if (!spool)
		return;
	if (spool->env)
		mdb_env_close(spool->env);
	if (spool->lock_fd >= 0)
		close(spool->lock_fd);
	pthread_mutex_destroy(&spool->lock);
	pthread_mutex_destroy(&spool->writing);
	memory_free(spool->lanes);
	memory_free(spool);
	*ref = NULL;
}

static int put_one(struct spool *spool, MDB_txn *txn, uint64_t number,
	const struct spool_item *item)
{
	size_t lane = strlen(item->lane);
	uint8_t key_bytes[8];
	MDB_val key = {sizeof(key_bytes), key_bytes};
	MDB_val value = {1 + lane + item->size, NULL};
	uint8_t *to;
	int failed;

	spool_number_write(number, key_bytes);
	failed = mdb_put(txn, spool->dbi, &key, &value,
		MDB_RESERVE | MDB_NOOVERWRITE |
			(spool->parked ? 0 : MDB_APPEND));
	if (failed)
		return failed;
	to = value.mv_data;
	to[0] = (uint8_t)lane;
	memcpy(to + 1, item->lane, lane);
	if (item->size)
		memcpy(to + 1 + lane, item->bytes, item->size);
	return 0;
}

static int put_all(
	struct spool *spool, const struct spool_item *items, size_t count)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(spool->env, NULL, 0, &txn);

	if (failed)
		return failed;
	for (size_t i = 0; i < count && !failed; i++)
		failed = put_one(spool, txn, spool->next + i, &items[i]);
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	return mdb_txn_commit(txn);
}

static size_t item_cost(const struct spool_item *item)
{
	return cost(1 + strlen(item->lane) + item->size);
}

static enum status has_room(
	struct spool *spool, size_t bytes, struct reason *reterr)
{
	size_t room = spool_room(spool);

	if (bytes <= room)
		return OK;
	reason_set(reterr, "spool",
		"full: %zu of %zu bytes are taken, %zu more are wanted",
		spool->max_bytes - room, spool->max_bytes, bytes);
	return RETRY;
}

static enum status put_writing(struct spool *spool,
	const struct spool_item *items, size_t count, size_t bytes,
	struct reason *reterr)
{
	enum status status = has_room(spool, bytes, reterr);
	int failed;

	if (status != OK)
		return status;
	failed = put_all(spool, items, count);
	if (failed)
		return spool_disk_said(reterr, "cannot store", failed);
	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < count; i++)
		spool_count_in(spool, items[i].lane, strlen(items[i].lane),
			item_cost(&items[i]));
	spool->next += count;
	pthread_mutex_unlock(&spool->lock);
	return OK;
}

enum status spool_put(struct spool *spool, const struct spool_item *items,
	size_t count, struct reason *reterr)
{
	enum status status;
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		MUST(items[i].lane && strlen(items[i].lane) <= LANE_MAX);
		bytes += item_cost(&items[i]);
	}
	pthread_mutex_lock(&spool->writing);
	status = put_writing(spool, items, count, bytes, reterr);
	pthread_mutex_unlock(&spool->writing);
	return status;
}

static int read_first(struct spool *spool, struct arena *arena, size_t max,
	size_t max_bytes, MDB_cursor *cursor, struct spool_item *ret,
	size_t *ret_count)
{
	MDB_val key, value;
	size_t count = 0, bytes = 0;
	int failed = 0;

	(void)spool;
	while (count < max) {
		struct spool_item item;
		size_t lane;

		failed = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
		if (failed)
			break;
		if (!value_read(&key, &value, &item, &lane))
			return MDB_CORRUPTED;
		if (item.number & SPOOL_PARKED)
			break;
		if (count > 0 && bytes + item.size > max_bytes)
			break;
		bytes += item.size;
		item.lane = arena_copy(arena, item.lane, lane);
		item.bytes = arena_copy(arena, item.bytes, item.size);
		ret[count++] = item;
	}
	*ret_count = count;
	return failed == MDB_NOTFOUND ? 0 : failed;
}

enum status spool_first(struct spool *spool, struct arena *arena, size_t max,
	size_t max_bytes, struct spool_item *ret, size_t *ret_count,
	struct reason *reterr)
{
	MDB_txn *txn;
	MDB_cursor *cursor;
	size_t count = 0;
	int failed;

	MUST(max > 0);
	failed = mdb_txn_begin(spool->env, NULL, MDB_RDONLY, &txn);
	if (failed)
		return spool_disk_said(reterr, "cannot be read", failed);
	failed = mdb_cursor_open(txn, spool->dbi, &cursor);
	if (!failed) {
		failed = read_first(
			spool, arena, max, max_bytes, cursor, ret, &count);
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	if (failed)
		return spool_disk_said(reterr, "cannot be read", failed);
	if (count == 0)
		return IGNORED;
	*ret_count = count;
	return OK;
}

int spool_remove_one(struct spool *spool, MDB_txn *txn, uint64_t number,
	struct spool_leaving *leaving)
{
	uint8_t key_bytes[8];
	MDB_val key = {sizeof(key_bytes), key_bytes};
	MDB_val value;
	struct spool_item item;
	size_t lane;
	int failed;

	spool_number_write(number, key_bytes);
	failed = mdb_get(txn, spool->dbi, &key, &value);
	if (failed == MDB_NOTFOUND)
		return 0;
	if (failed)
		return failed;
	if (!value_read(&key, &value, &item, &lane))
		return MDB_CORRUPTED;
	memcpy(leaving->lane, item.lane, lane);
	leaving->cost = cost(value.mv_size);
	leaving->there = true;
	return mdb_del(txn, spool->dbi, &key, NULL);
}

static int remove_all(struct spool *spool, const uint64_t *numbers,
	size_t count, struct spool_leaving *leaving)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(spool->env, NULL, 0, &txn);

	if (failed)
		return failed;
	for (size_t i = 0; i < count && !failed; i++)
		failed = spool_remove_one(spool, txn, numbers[i], &leaving[i]);
	if (failed) {
		mdb_txn_abort(txn);
		return failed;
	}
	return mdb_txn_commit(txn);
}

enum status spool_remove(struct spool *spool, const uint64_t *numbers,
	size_t count, struct reason *reterr)
{
	struct spool_leaving *leaving = memory_array(count, sizeof(*leaving));
	int failed;

	pthread_mutex_lock(&spool->writing);
	failed = remove_all(spool, numbers, count, leaving);
	pthread_mutex_lock(&spool->lock);
	for (size_t i = 0; i < count && !failed; i++)
		if (leaving[i].there)
			spool_count_out(spool, leaving[i].lane,
				strlen(leaving[i].lane), leaving[i].cost);
	pthread_mutex_unlock(&spool->lock);
	pthread_mutex_unlock(&spool->writing);
	memory_free(leaving);
	return failed ? spool_disk_said(reterr, "cannot remove", failed) : OK;
}

bool spool_holds(struct spool *spool, const char *lane)
{
	bool holds;

	pthread_mutex_lock(&spool->lock);
	holds = spool->count > 0 && lane_of(spool, lane, strlen(lane));
	pthread_mutex_unlock(&spool->lock);
	return holds;
}

size_t spool_count(struct spool *spool)
{
	size_t count;

	pthread_mutex_lock(&spool->lock);
	count = spool->count;
	pthread_mutex_unlock(&spool->lock);
	return count;
}

size_t spool_bytes(struct spool *spool)
{
	size_t bytes;

	pthread_mutex_lock(&spool->lock);
	bytes = spool->bytes;
	pthread_mutex_unlock(&spool->lock);
	return bytes;
}

size_t spool_room(struct spool *spool)
{
	size_t room;

	pthread_mutex_lock(&spool->lock);
	room = spool->max_bytes > spool->bytes ? spool->max_bytes - spool->bytes
					       : 0;
	pthread_mutex_unlock(&spool->lock);
	return room;
}
