/* SPDX-License-Identifier: Apache-2.0 */
/* The next batch, while the server works on this one. */
#include "daemon/reader_private.h"

static enum status fetch(struct reader *reader, struct arena *arena,
	instant wait, struct kafka_batch *ret, struct reason *reterr)
{
	return kafka_in_batch(reader->in, arena, reader->settings.batch_records,
		reader->settings.batch_bytes, wait, ret, reterr);
}

/* NULL: not one of ours (any more). */
static struct reader_part *part_of(
	struct reader *reader, const struct kafka_batch *batch)
{
	if (batch->partition < 0 || batch->partition >= reader->part_count)
		return NULL;
	return &reader->parts[batch->partition];
}

static bool ask(struct reader *reader)
{
	struct reader_ahead *ahead = &reader->ahead;
	const struct reader_part *part;

	ahead->asked = true;
	arena_reset(ahead->arena);
	ahead->status =
		fetch(reader, ahead->arena, 0, &ahead->batch, &ahead->reason);
	if (ahead->status != OK)
		return false;
	part = part_of(reader, &ahead->batch);
	if (!part || !part->epoch)
		return false;
	ahead->there = true;
	ahead->epoch = part->epoch;
	ahead->from = part == ahead->now ? ahead->end : part->next;
	return ahead->batch.count > 0;
}

static bool work(void *context)
{
	struct reader *reader = context;
	struct reader_ahead *ahead = &reader->ahead;
	const struct reader_user *user = reader->settings.user;

	if (!ahead->asked)
		return ask(reader);
	return ahead->there &&
	       user->read_ahead(user->context, ahead->arena, &ahead->batch);
}

/* Whoever died is taken in its own turn, and by nobody else's account. */
static bool has_suspects(const struct reader *reader)
{
	if (reader->careful > 0)
		return true;
	for (int i = 0; i < reader->part_count; i++)
		if (reader->parts[i].epoch && reader->parts[i].deaths.alone)
			return true;
	return false;
}

/* A batch that took all there was is better followed by what comes until its
 * end: one that is fetched now would be a small one. */
static bool has_backlog(
	const struct reader *reader, const struct kafka_batch *batch)
{
	return !batch->at_end &&
	       (batch->count > reader->settings.batch_records / 2 ||
		       batch->bytes > reader->settings.batch_bytes / 2);
}

void reader_ahead_begin(struct reader *reader, const struct reader_part *part,
	const struct kafka_batch *batch, int64_t end)
{
	if (!reader->settings.user->read_ahead || has_suspects(reader) ||
		!has_backlog(reader, batch))
		return;
	reader->ahead.asked = false;
	reader->ahead.now = part;
	reader->ahead.end = end;
	pg_set_meanwhile(reader->pg, work, reader);
}

void reader_ahead_end(struct reader *reader)
{
	if (reader->pg)
		pg_set_meanwhile(reader->pg, NULL, NULL);
}

/* Back to where the partition stands, which is not where the batch begins. */
static enum status read_again(struct reader *reader,
	const struct reader_part *part, struct reason *reterr)
{
	/* The record before next is still to be compared. */
	int64_t from = part->compare ? part->next - 1 : part->next;

	return kafka_in_seek(
		reader->in, reader->settings.topic, part->number, from, reterr);
}

enum status reader_ahead_take(struct reader *reader, instant wait,
	struct kafka_batch *ret, struct reason *reterr)
{
	struct reader_ahead *ahead = &reader->ahead;
	const struct reader_part *part = part_of(reader, &ahead->batch);
	struct arena *arena = reader->arena;
	bool there = ahead->there;
	enum status status = ahead->status;

	ahead->there = false;
	ahead->status = OK;
	if (status != OK && status != IGNORED) {
		*reterr = ahead->reason;
		return status;
	}
	if (there && part->epoch == ahead->epoch) {
		if (part->next != ahead->from) {
			status = read_again(reader, part, reterr);
			/* Not given up before it is known to come again. */
			ahead->there = status != OK;
			return status == OK ? IGNORED : status;
		}
		reader->arena = ahead->arena;
		ahead->arena = arena;
		*ret = ahead->batch;
		return OK;
	}
	return fetch(reader, reader->arena, wait, ret, reterr);
}
