/* SPDX-License-Identifier: Apache-2.0 */
/* Which partitions are ours: leases, and the way into and out of one. */
#include "daemon/reader_private.h"

#include "base/log.h"

int reader_held(const struct reader *reader)
{
	int held = 0;

	for (int i = 0; i < reader->part_count; i++)
		held += reader->parts[i].epoch > 0;
	return held;
}

void reader_count(struct reader *reader, int row)
{
	if (reader->settings.meters.metrics)
		metric_add(reader->settings.meters.metrics, row, NULL, 1);
}

void reader_gauge_held(struct reader *reader)
{
	const struct reader_meters *meters = &reader->settings.meters;

	if (!meters->metrics)
		return;
	metric_set(meters->metrics, meters->held, NULL, reader_held(reader));
	metric_set(
		meters->metrics, meters->partitions, NULL, reader->part_count);
}

void reader_gauge_lag(
	struct reader *reader, const struct reader_part *part, instant at)
{
	const struct reader_meters *meters = &reader->settings.meters;
	instant now = clock_now(&clock_wall);

	if (meters->metrics)
		metric_set(meters->metrics, meters->lag, part->label,
			at < now ? (now - at) / INSTANT_SECOND : 0);
}

void reader_drop(struct reader *reader, struct reader_part *part)
{
	if (part->epoch)
		reader_gauge_lag(reader, part, INSTANT_NEVER);
	if (part->epoch && reader->in)
		kafka_in_unassign(
			reader->in, reader->settings.topic, part->number);
	part->epoch = 0;
}

/* A batch that was begun and is left in peace was no death. */
void reader_give_back(struct reader *reader, struct reader_part *part)
{
	struct reason reason;

	if (part->begun) {
		deaths_left(&part->deaths);
		if (part_begun(reader->pg, reader->arena,
			    reader->settings.topic, part, &part->deaths,
			    &reason) != OK)
			log_reason(LOG_DEBUG, "INTAKE-DEATH-KEPT", &reason);
	}
	if (lease_release(reader->pg, &reader->holder, reader->arena,
		    part->lease, part->epoch, &reason) != OK)
		log_reason(LOG_WARN, "INTAKE-LEASE-LOST", &reason);
	reader_drop(reader, part);
}

void reader_release(struct reader *reader)
{
	struct reason reason;

	if (!reader->pg || !pg_alive(reader->pg))
		return;
	for (int i = 0; i < reader->part_count; i++)
		if (reader->parts[i].epoch)
			reader_give_back(reader, &reader->parts[i]);
	reader_gauge_held(reader);
	if (lease_leave(reader->pg, &reader->holder, reader->arena, &reason) !=
		OK)
		log_reason(LOG_WARN, "INTAKE-LEAVE-FAILED", &reason);
}

/* Where to begin, judged against what the broker still has. */
static enum status check_bounds(struct reader *reader,
	const struct reader_part *part, int64_t *ret_start,
	struct reason *reterr)
{
	const char *topic = reader->settings.topic;
	int64_t first = 0, end = 0;
	enum status status = kafka_in_bounds(
		reader->in, topic, part->number, &first, &end, reterr);

	if (status != OK)
		return status;
	if (part->next > end) {
		reason_set(reterr, topic,
			"partition %d was read to offset %lld but ends at "
			"%lld: the topic was cut off or restored",
			(int)part->number, (long long)part->next,
			(long long)end);
		return CONFIG;
	}
	if (part->next && part->next < first) {
		reason_set(reterr, topic,
			"offsets %lld to %lld of partition %d were removed by "
			"retention before they were read: to go on without "
			"them set consumer_offset.next to %lld",
			(long long)part->next, (long long)first - 1,
			(int)part->number, (long long)first);
		return CONFIG;
	}
	*ret_start = part->next > first ? part->next : first;
	return OK;
}

/* Batches in which each partition has had its turn, about. */
#define CAREFUL_BATCHES 100

static enum status enter(
	struct reader *reader, struct reader_part *part, struct reason *reterr)
{
	const char *topic = reader->settings.topic;
	int64_t start = 0;
	enum status status = part_enter(reader->pg, reader->arena, topic,
		reader->topic_id, part, reterr);

	if (status == OK && (part->deaths.deaths > 0 || part->deaths.alone))
		reader->careful = CAREFUL_BATCHES;
	if (status == OK)
		status = check_bounds(reader, part, &start, reterr);
	if (status != OK)
		return status;
	/* The record before next, where it still exists, is read again. */
	part->compare = part->has_digest && start == part->next && start > 0;
	return kafka_in_assign(reader->in, topic, part->number,
		part->compare ? start - 1 : start, reterr);
}

static enum status take(
	struct reader *reader, struct reader_part *part, struct reason *reterr)
{
	enum status status = lease_take(reader->pg, &reader->holder,
		reader->arena, part->lease, &part->epoch, reterr);

	if (status != OK)
		return status;
	status = enter(reader, part, reterr);
	if (status == OK) {
		log_line(LOG_INFO, "INTAKE-PARTITION-TAKEN",
			LOG_TEXT("topic", reader->settings.topic),
			LOG_NUMBER("partition", part->number),
			LOG_NUMBER("next", part->next),
			LOG_NUMBER("epoch", part->epoch));
		return OK;
	}
	if (status == REJECT) { /* a later epoch will do */
		reader_give_back(reader, part);
		return IGNORED;
	}
	if (status == RETRY && pg_alive(reader->pg))
		reader_give_back(reader, part);
	return status;
}

static enum status renew(struct reader *reader, struct reason *reterr)
{
	for (int i = 0; i < reader->part_count; i++) {
		struct reader_part *part = &reader->parts[i];
		enum status status;

		if (!part->epoch)
			continue;
		status = lease_renew(reader->pg, &reader->holder, reader->arena,
			part->lease, part->epoch, reterr);
		if (status == REJECT) {
			log_reason(LOG_WARN, "INTAKE-FENCED", reterr);
			reader_count(reader, reader->settings.meters.fenced);
			reader_drop(reader, part);
		} else if (status != OK)
			return status;
	}
	return OK;
}

/* Ceiling of the share; the last to come may get none, and waits. */
static enum status balance(
	struct reader *reader, int64_t members, struct reason *reterr)
{
	int count = reader->part_count;
	int fair = (int)((count + members - 1) / (members ? members : 1));
	int held = reader_held(reader);
	/* Members begin their search apart, so that they seldom collide. */
	int begin = (int)(pg_backend(reader->pg) % count);

	for (int i = 0; i < count && held > fair; i++)
		if (reader->parts[i].epoch) {
			reader_give_back(reader, &reader->parts[i]);
			held--;
		}
	for (int i = 0; i < count && held < fair; i++) {
		struct reader_part *part = &reader->parts[(begin + i) % count];
		enum status status;

		if (part->epoch)
			continue;
		status = take(reader, part, reterr);
		if (status == OK)
			held++;
		else if (status != IGNORED)
			return status;
	}
	return OK;
}

enum status reader_share(struct reader *reader, struct reason *reterr)
{
	int64_t members = 1;
	enum status status = lease_enrol(
		reader->pg, &reader->holder, reader->arena, &members, reterr);

	if (status == OK)
		status = renew(reader, reterr);
	if (status == OK)
		status = balance(reader, members, reterr);
	if (status == OK)
		reader->shared = clock_monotonic();
	reader_gauge_held(reader);
	return status;
}
