/* SPDX-License-Identifier: Apache-2.0 */
/* One partition of deliveries: its place in the topic, its batches, what is
 * committed of it. */
#include "translate/translate_private.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "meters.h"

#include <stdio.h>

/* Seconds since `at`, when the oldest delivery that waits came; none waits
 * at INSTANT_NEVER. */
static void gauge_lag(struct translate *translate, int32_t number, instant at)
{
	instant now = clock_now(translate->settings.clock);
	char label[16];

	snprintf(label, sizeof(label), "%d", (int)number);
	metric_set(translate->settings.metrics, METER_TRANSLATE_LAG, label,
		at < now ? (now - at) / INSTANT_SECOND : 0);
}

static struct part **place_of(struct translate *translate, int32_t number)
{
	struct part **at = &translate->parts;

	while (*at && (*at)->number != number)
		at = &(*at)->next_part;
	return at;
}

static void drop(struct part **at)
{
	struct part *old = *at;

	*at = old->next_part;
	assembly_free(&old->assembly);
	memory_free(old);
}

void part_drop_all(struct translate *translate)
{
	while (translate->parts)
		drop(&translate->parts);
}

void part_moved(
	void *context, const char *topic, int32_t partition, bool gained)
{
	struct translate *translate = context;
	struct part **at = place_of(translate, partition);

	(void)topic;
	if (*at)
		drop(at);
	gauge_lag(translate, partition, INSTANT_NEVER);
	if (gained) {
		at = place_of(translate, partition);
		*at = memory_new(sizeof(**at));
		(*at)->number = partition;
		(*at)->assembly = assembly_new();
	}
	log_line(LOG_INFO,
		gained ? "INGEST-PARTITION-TAKEN" : "INGEST-PARTITION-LEFT",
		LOG_NUMBER("partition", partition));
}

/* Reads what was committed, once. IGNORED: the batch is not the next one. */
static enum status learn(struct translate *translate, struct part *part,
	const struct kafka_batch *batch, struct reason *reterr)
{
	int64_t first = batch->count ? batch->records[0].offset : batch->next;
	const char *text;
	int64_t next;
	struct reason ignored;
	enum status status = kafka_in_committed(translate->in, translate->batch,
		translate->deliveries, part->number, &next, &text, reterr);

	if (status == OK && next >= 0 && first > next && !part->sought) {
		/* A partition lost and gained again within one call: what was
		 * under way lies ahead of what is committed. */
		part->sought = true;
		status = kafka_in_seek(translate->in, translate->deliveries,
			part->number, next, reterr);
		return status == OK ? IGNORED : RETRY;
	}
	if (status != OK) {
		/* Where that fails, too, the next batch is found ahead. */
		if (kafka_in_seek(translate->in, translate->deliveries,
			    part->number, first, &ignored) != OK)
			part->sought = false;
		return RETRY;
	}
	progress_read(text, next < 0 ? first : next, &part->deaths);
	part->next = first;
	part->known = true;
	return OK;
}

static enum status commit(
	struct translate *translate, struct part *part, struct reason *reterr)
{
	char text[PROGRESS_TEXT];
	enum status status;

	progress_write(&part->deaths, text);
	status = kafka_in_commit(translate->in, translate->deliveries,
		part->number, assembly_safe(part->assembly, part->next), text,
		reterr);
	/* A group that is being shared out anew says so at the next batch. */
	return status == CONFIG ? RETRY : status;
}

enum status part_commit(
	struct translate *translate, struct part *part, struct reason *reterr)
{
	enum status status;

	/* Before a suspect nothing is said: its deaths would be forgotten. */
	if (!part->unsaid ||
		(part->deaths.until && part->next < part->deaths.first))
		return OK;
	status = commit(translate, part, reterr);
	if (status == OK)
		part->unsaid = false;
	return status;
}

/* Back to where nothing is lost. */
static void go_back(struct translate *translate, struct part *part)
{
	int64_t safe = assembly_safe(part->assembly, part->next);
	struct reason why;

	assembly_clear(part->assembly);
	part->next = safe;
	part->at_end = false;
	metric_add(
		translate->settings.metrics, METER_TRANSLATE_RETRIES, NULL, 1);
	if (kafka_in_seek(translate->in, translate->deliveries, part->number,
		    safe, &why) != OK)
		part->known = false; /* it may not be ours any more */
}

static enum status work_on(struct translate *translate, struct part *part,
	const struct kafka_record *records, size_t count, struct reason *reterr)
{
	enum status status = OK;

	for (size_t i = 0; i < count && status == OK; i++)
		status = one_record(translate, part, &records[i], reterr);
	if (status == OK)
		status = send_acknowledged(translate, reterr);
	return status;
}

/* Some records as one batch: counted before, acknowledged after. */
static enum status share(struct translate *translate, struct part *part,
	const struct kafka_record *records, size_t count, bool again,
	struct reason *reterr)
{
	int64_t first = records[0].offset;
	int64_t end = records[count - 1].offset + 1;
	bool suspect = part->deaths.deaths > 0 || part->deaths.alone;
	enum status status = OK;

	if (!again && deaths_park(&part->deaths, first)) {
		status = one_parking(translate, part, records, reterr);
		if (status == OK)
			status = send_acknowledged(translate, reterr);
	} else if (again) {
		status = work_on(translate, part, records, count, reterr);
	} else {
		deaths_begin(&part->deaths, first, end, count);
		status = commit(translate, part, reterr);
		if (status == OK)
			status = work_on(
				translate, part, records, count, reterr);
		if (status != OK)
			deaths_left(&part->deaths);
	}
	if (status != OK)
		return status;
	part->next = end;
	part->unsaid = true;
	if (!again)
		(void)deaths_survived(&part->deaths, end);
	/* An innocent record must not be thought deadly because we were ended
	 * a little later. */
	return suspect && !again ? part_commit(translate, part, reterr) : OK;
}

static enum status all_shares(struct translate *translate, struct part *part,
	const struct kafka_batch *batch, struct reason *reterr)
{
	int64_t *offsets =
		arena_array(translate->batch, batch->count, sizeof(*offsets));
	enum status status = OK;

	for (size_t i = 0; i < batch->count; i++)
		offsets[i] = batch->records[i].offset;
	for (size_t i = 0; i < batch->count && status == OK;) {
		bool again;
		size_t count = progress_share(
			&part->deaths, offsets + i, batch->count - i, &again);

		status = share(translate, part, batch->records + i, count,
			again, reterr);
		i += count;
	}
	return status;
}

enum status part_work(struct translate *translate,
	const struct kafka_batch *batch, struct reason *reterr)
{
	struct part *part = *place_of(translate, batch->partition);
	instant began = clock_monotonic();
	enum status status = OK;

	if (!part) /* lost while the batch was being made */
		return OK;
	if (!part->known) {
		status = learn(translate, part, batch, reterr);
		if (status != OK)
			return status == IGNORED ? OK : status;
	}
	if (batch->count)
		gauge_lag(translate, part->number, batch->records[0].timestamp);
	status = all_shares(translate, part, batch, reterr);
	if (status != OK) {
		go_back(translate, part);
		return status;
	}
	part->next = batch->next;
	part->at_end = batch->at_end;
	if (part->at_end)
		gauge_lag(translate, part->number, INSTANT_NEVER);
	if (batch->count > 0)
		metric_observe(translate->settings.metrics,
			METER_TRANSLATE_SECONDS,
			(double)(clock_monotonic() - began) /
				(double)INSTANT_SECOND);
	return OK;
}

enum status part_tidy(
	struct translate *translate, struct part *part, struct reason *reterr)
{
	struct assembled gone;
	struct reason why;
	enum status status = OK;
	bool any = false;

	arena_reset(translate->delivery);
	while (status == OK &&
		assembly_give_up(part->assembly, translate->delivery,
			part->next, part->at_end, clock_monotonic(), &gone,
			&why) == REJECT) {
		status = one_rejection(
			translate, &gone, NULL, NULL, &why, reterr);
		part->unsaid = any = true;
	}
	if (status == OK && any)
		status = send_acknowledged(translate, reterr);
	return status;
}
