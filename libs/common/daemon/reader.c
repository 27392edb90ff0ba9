/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: one batch of one partition, one transaction, or none of it. */
#include "daemon/reader_private.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/park.h"
#include "daemon/relay.h"

#define ARENA_MAX ((size_t)1 << 30)
#define FETCH_BYTES (64u << 20)
#define TURN_WAIT (INSTANT_SECOND / 4)
#define PROGRESS_EVERY (2 * INSTANT_SECOND)
#define BACK_OFF_LEAST (INSTANT_SECOND / 10)
#define BACK_OFF_MOST (10 * INSTANT_SECOND)

enum status reader_open(const struct reader_settings *settings,
	struct reader **ret, struct reason *reterr)
{
	struct reader *reader = memory_new(sizeof(*reader));

	(void)reterr;
	MUST(settings->service && settings->topic && settings->parked_topic);
	MUST(settings->user && settings->user->apply);
	MUST(settings->lease_time > 0 && settings->batch_records > 0);
	reader->settings = *settings;
	reader->life = arena_new(1 << 20);
	reader->arena = arena_new(ARENA_MAX);
	reader->ahead.arena = arena_new(ARENA_MAX);
	reader->crypto = crypto_new();
	reader->holder.owner = lease_owner(reader->life);
	reader->holder.time = settings->lease_time;
	if (settings->health)
		reader->check = health_check(
			settings->health, "intake", 4 * settings->lease_time);
	*ret = reader;
	return OK;
}

/* Leases stay ours until their time is over; new epochs come with the next
 * connection. */
static void disconnect(struct reader *reader)
{
	for (int i = 0; i < reader->part_count; i++)
		reader_drop(reader, &reader->parts[i]);
	reader_gauge_held(reader);
	pg_close(&reader->pg);
	reader->shared = 0;
}

void reader_close(struct reader **reader)
{
	struct reader *gone = *reader;

	if (!gone)
		return;
	disconnect(gone);
	kafka_in_close(&gone->in);
	crypto_free(&gone->crypto);
	arena_free(&gone->arena);
	arena_free(&gone->ahead.arena);
	arena_free(&gone->life);
	memory_free(gone);
	*reader = NULL;
}

static void say(struct reader *reader, bool well, const char *sentence)
{
	if (reader->settings.health)
		health_set(
			reader->settings.health, reader->check, well, sentence);
}

static enum status look_at_topic(struct reader *reader, struct reason *reterr)
{
	const char *topic = reader->settings.topic;
	struct kafka_admin *admin = NULL;
	int count = 0;
	enum status status =
		kafka_admin_open(&reader->settings.kafka, &admin, reterr);

	if (status == OK)
		status = kafka_topic_id(
			admin, topic, reader->topic_id, &count, reterr);
	kafka_admin_close(&admin);
	if (status != OK)
		return status;
	reader->parts = arena_array(
		reader->life, (size_t)count, sizeof(*reader->parts));
	for (int i = 0; i < count; i++) {
		reader->parts[i].number = i;
		reader->parts[i].lease =
			arena_printf(reader->life, "%s/%d", topic, i);
		reader->parts[i].label = arena_printf(reader->life, "%d", i);
	}
	reader->part_count = count;
	return OK;
}

/* Another login or certificate: what stands now goes by the front door again.
 */
static void renew(struct reader *reader)
{
	if (!reader->in || !kafka_in_stale(reader->in))
		return;
	log_line(LOG_INFO, "INTAKE-KAFKA-RENEWED",
		LOG_TEXT("topic", reader->settings.topic));
	disconnect(reader);
	kafka_in_close(&reader->in);
}

static enum status open_in(struct reader *reader,
	const struct kafka_in_settings *in, struct reason *reterr)
{
	enum status status = kafka_in_open(in, &reader->in, reterr);

	/* What was right at the start is being changed: it may come right. */
	if (status == CONFIG && reader->opened)
		return RETRY;
	reader->opened |= status == OK;
	return status;
}

static enum status connect(struct reader *reader, struct reason *reterr)
{
	const struct kafka_in_settings in = {.kafka = reader->settings.kafka,
		.fetch_bytes = FETCH_BYTES,
		.read_committed = true};
	enum status status = OK;

	if (reader->pg && !pg_alive(reader->pg))
		disconnect(reader);
	renew(reader);
	if (!reader->in)
		status = open_in(reader, &in, reterr);
	if (status == OK && !reader->part_count)
		status = look_at_topic(reader, reterr);
	if (status == OK && !reader->pg)
		status = pg_open(&reader->settings.pg, &reader->pg, reterr);
	return status;
}

/* Drops the first `count` records: they are behind us. */
static void drop_front(struct kafka_batch *batch, size_t count)
{
	batch->records += count;
	batch->count -= count;
}

static enum status compare_last(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, struct reason *reterr)
{
	uint8_t digest[SHA256_SIZE];

	if (part->compare && batch->count &&
		batch->records[0].offset == part->next - 1) {
		reader_digest(reader->crypto, &batch->records[0], digest);
		if (memcmp(digest, part->digest, sizeof(digest)) != 0) {
			reason_set(reterr, reader->settings.topic,
				"offset %lld of partition %d holds another "
				"record than when it was read: the topic was "
				"made anew or restored",
				(long long)part->next - 1, (int)part->number);
			return CONFIG;
		}
	}
	part->compare = false;
	while (batch->count && batch->records[0].offset < part->next)
		drop_front(batch, 1);
	return OK;
}

/* Leaves at most `most` records; true where some were cut off. */
static bool cut(struct kafka_batch *batch, size_t most)
{
	if (batch->count <= most)
		return false;
	batch->count = most;
	batch->at_end = false;
	/* The digest is of the record just before next. */
	batch->next = batch->records[most - 1].offset + 1;
	return true;
}

static const uint8_t *last_digest(struct reader *reader,
	const struct kafka_batch *batch, uint8_t room[SHA256_SIZE])
{
	const struct kafka_record *last = &batch->records[batch->count - 1];

	if (last->offset != batch->next - 1)
		return NULL;
	reader_digest(reader->crypto, last, room);
	return room;
}

/* What the transaction does besides moving on; REJECT is about a record. */
struct work {
	enum status (*run)(struct reader *reader, struct kafka_batch *batch,
		size_t *ret_culprit, struct reason *reterr);
	size_t culprit;
	bool refused; /* the REJECT came from run, not from fencing */
};

static enum status apply(struct reader *reader, struct kafka_batch *batch,
	size_t *ret_culprit, struct reason *reterr)
{
	const struct reader_user *user = reader->settings.user;

	return user->apply(user->context, reader->pg, reader->arena, batch,
		ret_culprit, reterr);
}

static enum status in_transaction(struct reader *reader,
	struct reader_part *part, struct kafka_batch *batch, struct work *work,
	struct reason *reterr)
{
	const char *topic = reader->settings.topic;
	struct deaths left = part->deaths;
	uint8_t digest[SHA256_SIZE];
	enum status status;

	/* Moving on comes first: it locks the place, so that a taker waits
	 * for us or we for it, and a zombie does no work in vain. */
	status = part_advance(reader->pg, reader->arena, topic, part, batch,
		last_digest(reader, batch, digest), reterr);
	if (status != OK)
		return status;
	status = work->run(reader, batch, &work->culprit, reterr);
	work->refused = status == REJECT;
	if (status != OK && status != IGNORED)
		return status;
	deaths_survived(&left, batch->next);
	status = part_finished(
		reader->pg, reader->arena, topic, part, &left, reterr);
	if (status == OK)
		status = pg_commit(reader->pg, reterr);
	if (status == OK)
		part->deaths = left;
	return status;
}

static enum status transact(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, struct work *work, struct reason *reterr)
{
	enum status status = pg_begin(reader->pg, reterr);

	work->culprit = batch->count;
	work->refused = false;
	if (status == OK)
		status = in_transaction(reader, part, batch, work, reterr);
	if (status != OK) {
		pg_rollback(reader->pg);
		return status;
	}
	part->next = batch->next;
	part->begun = false;
	part->most = 0;
	part->at_end = batch->at_end;
	part->written = clock_monotonic();
	return OK;
}

static enum status park(struct reader *reader, struct kafka_batch *batch,
	size_t *ret_culprit, struct reason *reterr)
{
	const struct kafka_record *record = &batch->records[0];
	const struct parking parking = {.service = reader->settings.service,
		.why = *reterr->sentence ? reterr->sentence : "crashed",
		.where = reterr->place,
		.deaths = *reterr->sentence ? 0 : DEATHS_MOST,
		.at = clock_now(&clock_wall)};
	struct kafka_record out = {0};

	*ret_culprit = 0;
	park_record(reader->arena, reader->crypto,
		reader->settings.parked_topic, record, &parking, &out);
	log_line(LOG_ERROR, "INTAKE-PARKED", LOG_TEXT("topic", record->topic),
		LOG_NUMBER("partition", record->partition),
		LOG_NUMBER("offset", record->offset),
		LOG_TEXT("what", parking.why));
	return outbox_add(reader->pg, reader->arena, &out, 1, reterr);
}

/* Skips the batch's first record, keeping it on the parked topic. `reterr`
 * says why; empty: it killed us. */
static enum status park_first(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, struct reason *reterr)
{
	struct work work = {.run = park};
	enum status status;

	cut(batch, 1);
	status = transact(reader, part, batch, &work, reterr);
	if (status == OK)
		reader_count(reader, reader->settings.meters.parked);
	return status;
}

static enum status begin_work(struct reader *reader, struct reader_part *part,
	const struct kafka_batch *batch, struct reason *reterr)
{
	enum status status;

	if (part->begun)
		return OK; /* again, by the same process: no death between */
	deaths_begin(&part->deaths, part->next, batch->next, batch->count);
	status = part_begun(reader->pg, reader->arena, reader->settings.topic,
		part, &part->deaths, reterr);
	part->begun = status == OK;
	return status;
}

/* The batch was refused: narrow it down to the record, then park that. */
static enum status narrow(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, const struct work *work,
	struct reason *reterr)
{
	if (work->culprit >= batch->count && batch->count > 1)
		part->most = batch->count / 2;
	else if (work->culprit && work->culprit < batch->count)
		part->most = work->culprit;
	else
		return park_first(reader, part, batch, reterr);
	return OK;
}

/* `end`: where the batch ended before it was cut. */
static enum status work_on(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, int64_t end, struct reason *reterr)
{
	const struct reader_user *user = reader->settings.user;
	struct work work = {.run = apply};
	enum status status;

	*reterr = (struct reason){0};
	if (deaths_park(&part->deaths, part->next))
		return park_first(reader, part, batch, reterr);
	status = begin_work(reader, part, batch, reterr);
	if (status == OK) {
		reader_ahead_begin(reader, part, batch, end);
		status = transact(reader, part, batch, &work, reterr);
		reader_ahead_end(reader);
	}
	if (status == OK && reader->careful > 0)
		reader->careful--;
	if (status == REJECT && work.refused)
		return narrow(reader, part, batch, &work, reterr);
	if (status == OK && user->committed)
		user->committed(user->context, batch);
	return status;
}

static enum status say_at_end(
	struct reader *reader, struct reader_part *part, struct reason *reterr)
{
	instant now = clock_monotonic();
	enum status status;

	if (part->at_end && now - part->written < PROGRESS_EVERY)
		return OK;
	status = part_at_end(reader->pg, reader->arena, reader->settings.topic,
		part, reterr);
	if (status == OK) {
		part->at_end = true;
		part->written = now;
	}
	return status;
}

static enum status one_batch(struct reader *reader, struct reader_part *part,
	struct kafka_batch *batch, struct reason *reterr)
{
	size_t most = part->most ? part->most : batch->count;
	struct reason seek;
	int64_t end;
	enum status status = compare_last(reader, part, batch, reterr);

	if (status != OK)
		return status;
	if (!batch->count) {
		if (batch->at_end)
			reader_gauge_lag(reader, part, INSTANT_NEVER);
		return batch->at_end ? say_at_end(reader, part, reterr) : OK;
	}
	reader_gauge_lag(reader, part, batch->records[0].timestamp);
	end = batch->next;
	cut(batch, deaths_limit(&part->deaths, part->next, most));
	status = work_on(reader, part, batch, end, reterr);
	if (status == OK && part->at_end)
		reader_gauge_lag(reader, part, INSTANT_NEVER);
	if (part->next != end &&
		kafka_in_seek(reader->in, reader->settings.topic, part->number,
			part->next, &seek) != OK) {
		log_reason(LOG_WARN, "INTAKE-SEEK-FAILED", &seek);
		disconnect(reader); /* and come back by the front door */
	}
	return status;
}

static struct reader_part *part_of(
	struct reader *reader, const struct kafka_batch *batch)
{
	struct reader_part *part;

	if (batch->partition < 0 || batch->partition >= reader->part_count)
		return NULL;
	part = &reader->parts[batch->partition];
	return part->epoch ? part : NULL;
}

static enum status turn(
	struct reader *reader, struct service *service, struct reason *reterr)
{
	struct kafka_batch batch = {0};
	struct reader_part *part;
	enum status status = connect(reader, reterr);

	if (status == OK &&
		clock_monotonic() - reader->shared > reader->holder.time / 4)
		status = reader_share(reader, reterr);
	if (status != OK)
		return status;
	if (!reader_held(reader)) {
		say(reader, true, "others hold all partitions");
		service_sleep(service, reader->holder.time / 4);
		return OK;
	}
	status = reader_ahead_take(reader, TURN_WAIT, &batch, reterr);
	part = status == OK ? part_of(reader, &batch) : NULL;
	if (part)
		status = one_batch(reader, part, &batch, reterr);
	if (part && status == REJECT) {
		log_reason(LOG_WARN, "INTAKE-FENCED", reterr);
		reader_count(reader, reader->settings.meters.fenced);
		reader_give_back(reader, part);
		reader_gauge_held(reader);
		status = OK;
	}
	return status == IGNORED ? OK : status;
}

enum status reader_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct reader *reader = context;
	instant back_off = BACK_OFF_LEAST;
	enum status status = OK;

	while (!service_stopping(service)) {
		arena_reset(reader->arena);
		status = turn(reader, service, reterr);
		if (status == OK) {
			say(reader, true, "reading");
			back_off = BACK_OFF_LEAST;
			continue;
		}
		if (status != RETRY)
			break;
		log_reason(LOG_WARN, "INTAKE-RETRY", reterr);
		say(reader, false, reterr->sentence);
		service_sleep(service, back_off);
		back_off *= 2;
		if (back_off > BACK_OFF_MOST)
			back_off = BACK_OFF_MOST;
		status = OK;
	}
	arena_reset(reader->arena);
	reader_release(reader);
	return status;
}
