/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reader_private.h"

#include "base/bug.h"

void reader_digest(struct crypto *crypto, const struct kafka_record *record,
	uint8_t ret[SHA256_SIZE])
{
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)(record->key_length >> (56 - 8 * i));
	sha256_begin(crypto);
	sha256_add(crypto, length, sizeof(length));
	if (record->key)
		sha256_add(crypto, record->key, record->key_length);
	if (record->value)
		sha256_add(crypto, record->value, record->value_length);
	sha256_end(crypto, ret);
}

/* $1 topic, $2 partition, $3 epoch. */
static void place_args(struct pg_args *args, struct arena *arena,
	const char *topic, const struct reader_part *part)
{
	pg_args_init(args, arena);
	pg_text(args, topic);
	pg_integer(args, part->number);
	pg_integer(args, part->epoch);
}

static enum status fenced(const struct reader_part *part, struct reason *reterr)
{
	reason_set(
		reterr, part->lease, "the partition is somebody else's by now");
	return REJECT;
}

static enum status read_deaths(struct pg *pg, struct arena *arena,
	const char *topic, struct reader_part *part, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, arena);
	pg_text(&args, topic);
	pg_integer(&args, part->number);
	status = pg_run(pg,
		"SELECT first, until, deaths, alone FROM death"
		" WHERE topic = $1 AND part = $2",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	part->deaths = (struct deaths){0};
	if (pg_count(rows)) {
		part->deaths.first = pg_get_integer(rows, 0, 0);
		part->deaths.until = pg_get_integer(rows, 0, 1);
		part->deaths.deaths = (int)pg_get_integer(rows, 0, 2);
		part->deaths.alone = pg_get_bool(rows, 0, 3);
	}
	pg_rows_free(&rows);
	deaths_resume(&part->deaths, part->next);
	return OK;
}

static enum status other_topic(const char *topic,
	const struct reader_part *part, struct reason *reterr)
{
	reason_set(reterr, topic,
		"the topic was made anew after partition %d was read to "
		"offset %lld: restore it, or delete its rows of "
		"consumer_offset to read it from its start",
		(int)part->number, (long long)part->next);
	return CONFIG;
}

enum status part_enter(struct pg *pg, struct arena *arena, const char *topic,
	const char *topic_id, struct reader_part *part, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;
	bool same, any;

	place_args(&args, arena, topic, part);
	pg_text(&args, topic_id);
	/* Where nothing was read yet, any topic of this name is the right one.
	 */
	status = pg_run(pg,
		"INSERT INTO consumer_offset AS o"
		" (topic, part, epoch, topic_id) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT (topic, part) DO UPDATE SET epoch = $3,"
		" topic_id = CASE WHEN o.next = 0 THEN $4 ELSE o.topic_id END"
		" WHERE o.epoch < $3"
		" RETURNING next, topic_id = $4, last_digest, at_end",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	any = pg_count(rows) > 0;
	if (any) {
		part->next = pg_get_integer(rows, 0, 0);
		part->has_digest =
			pg_get_bytea(rows, 0, 2, part->digest, SHA256_SIZE);
		part->at_end = pg_get_bool(rows, 0, 3);
	}
	same = any && pg_get_bool(rows, 0, 1);
	pg_rows_free(&rows);
	if (!any)
		return fenced(part, reterr);
	if (!same)
		return other_topic(topic, part, reterr);
	part->begun = false;
	part->most = 0;
	part->written = 0;
	return read_deaths(pg, arena, topic, part, reterr);
}

enum status part_advance(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct kafka_batch *batch,
	const uint8_t digest[SHA256_SIZE], struct reason *reterr)
{
	instant reached = INT64_MIN;
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	for (size_t i = 0; i < batch->count; i++)
		if (batch->records[i].timestamp > reached)
			reached = batch->records[i].timestamp;
	place_args(&args, arena, topic, part);
	pg_integer(&args, part->next);
	pg_integer(&args, batch->next);
	pg_bytea(&args, digest, digest ? SHA256_SIZE : 0);
	pg_instant(&args, reached);
	pg_bool(&args, batch->at_end);
	status = pg_do(pg,
		"UPDATE consumer_offset SET next = $5, last_digest = $6,"
		" watermark = greatest(watermark, $7), at_end = $8"
		" WHERE topic = $1 AND part = $2 AND epoch = $3 AND next = $4",
		&args, &touched, reterr);
	if (status != OK)
		return status;
	return touched ? OK : fenced(part, reterr);
}

enum status part_at_end(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, struct reason *reterr)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	place_args(&args, arena, topic, part);
	status = pg_do(pg,
		"UPDATE consumer_offset SET at_end = true,"
		" watermark = greatest(watermark, clock_timestamp())"
		" WHERE topic = $1 AND part = $2 AND epoch = $3",
		&args, &touched, reterr);
	if (status != OK)
		return status;
	return touched ? OK : fenced(part, reterr);
}

/* It must outlive us, not the server: by itself it need not wait for the
 * disk. Inside the batch's transaction it must not loosen that one's. */
#define DEATH_UPSERT(from)                                                     \
	" INSERT INTO death (topic, part, first, until, deaths, alone)"        \
	" SELECT $1, $2, $4, $5, $6, $7 FROM " from                            \
	" WHERE o.topic = $1 AND o.part = $2 AND o.epoch = $3"                 \
	" ON CONFLICT (topic, part) DO UPDATE SET first = $4, until = $5,"     \
	" deaths = $6, alone = $7"

static enum status write_deaths(struct pg *pg, struct arena *arena,
	const char *topic, const struct reader_part *part,
	const struct deaths *deaths, const char *sql, struct reason *reterr)
{
	struct pg_args args;
	int64_t touched = 0;
	enum status status;

	place_args(&args, arena, topic, part);
	pg_integer(&args, deaths->first);
	pg_integer(&args, deaths->until);
	pg_integer(&args, deaths->deaths);
	pg_bool(&args, deaths->alone);
	status = pg_do(pg, sql, &args, &touched, reterr);
	if (status != OK)
		return status;
	return touched ? OK : fenced(part, reterr);
}

enum status part_begun(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct deaths *deaths,
	struct reason *reterr)
{
	return write_deaths(pg, arena, topic, part, deaths,
		"WITH lazy AS MATERIALIZED"
		" (SELECT set_config('synchronous_commit', 'off', "
		"true))" DEATH_UPSERT("lazy, consumer_offset o"),
		reterr);
}

enum status part_finished(struct pg *pg, struct arena *arena, const char *topic,
	const struct reader_part *part, const struct deaths *deaths,
	struct reason *reterr)
{
	struct pg_args args;

	if (deaths->until)
		return write_deaths(pg, arena, topic, part, deaths,
			DEATH_UPSERT("consumer_offset o"), reterr);
	pg_args_init(&args, arena);
	pg_text(&args, topic);
	pg_integer(&args, part->number);
	return pg_do(pg, "DELETE FROM death WHERE topic = $1 AND part = $2",
		&args, NULL, reterr);
}
