/* SPDX-License-Identifier: Apache-2.0 */
/* One record of deliveries: a chunk, a whole delivery, or none at all. */
#include "translate/translate_private.h"

#include "base/log.h"
#include "daemon/park.h"
#include "meters.h"
#include "translate/deadletter.h"
#include "translate/translation.h"

#include <string.h>

/* Ours come from inside: nobody waits to hear that they were refused. */
static bool is_internal(const char *tool)
{
	const struct adapter *adapter = adapter_find(tool);

	return adapter && adapter->verify[0].scheme == VERIFY_NOTHING;
}

enum status one_rejection(struct translate *translate,
	const struct assembled *assembled, const struct kafka_record *record,
	const char *adapter, const struct reason *reason, struct reason *reterr)
{
	const struct parcel *parcel = &assembled->parcel;
	struct kafka_record letter;

	deadletter_make(translate->delivery, assembled, record, adapter, reason,
		&letter);
	log_line(LOG_WARN, "INGEST-REJECTED", LOG_TEXT("source", letter.key),
		LOG_TEXT("delivery", parcel->id ? parcel->id : ""),
		LOG_TEXT("where", reason->place),
		LOG_TEXT("what", reason->sentence));
	metric_add(translate->settings.metrics, METER_REJECTED, letter.key, 1);
	if (parcel->id && translate->settings.tally &&
		!is_internal(parcel->tool))
		tally_rejected(translate->settings.tally, parcel->source);
	return send_record(translate, translate->rejected, &letter, reterr);
}

static enum status send_evidence(struct translate *translate,
	struct translation *made, struct reason *reterr)
{
	enum status status = OK;

	for (size_t i = 0; i < made->count && status == OK; i++)
		status = send_record(translate, translate->evidence,
			&made->records[i], reterr);
	return status;
}

static void count(struct translate *translate, const struct parcel *parcel,
	const struct translation *made, enum status status)
{
	struct metrics *metrics = translate->settings.metrics;

	if (status == IGNORED) {
		metric_add(metrics, METER_IGNORED, parcel->tool, 1);
		return;
	}
	metric_add(metrics, METER_TRANSLATED, parcel->source, 1);
	metric_add(metrics, METER_EVIDENCE, parcel->tool, (int64_t)made->count);
}

static enum status translate_whole(struct translate *translate,
	const struct assembled *whole, const struct source *source,
	const struct mapping *rules, struct reason *reterr)
{
	const struct parcel *parcel = &whole->parcel;
	struct delivery delivery = {.arena = translate->delivery,
		.id = parcel->id,
		.source = parcel->source,
		.tool = parcel->tool,
		.tenant = parcel->tenant,
		.digest = parcel->digest,
		.received = parcel->received,
		.body = whole->body,
		.size = whole->size,
		.headers = parcel->headers,
		.header_count = parcel->header_count};
	const struct translation_needs needs = {.crypto = translate->crypto,
		.mapping = rules,
		.labels = source ? source->labels : NULL,
		.label_count = source ? source->label_count : 0,
		.traceparent = parcel->traceparent};
	struct translation made;
	struct reason why;
	enum status status = translation_make(&needs, &delivery, &made, &why);

	if (status == REJECT)
		return one_rejection(
			translate, whole, NULL, made.adapter, &why, reterr);
	count(translate, parcel, &made, status);
	return status == OK ? send_evidence(translate, &made, reterr) : OK;
}

/* With the source's labels and the rules that are in force just now. */
static enum status in_force(struct translate *translate,
	const struct assembled *whole, struct reason *reterr)
{
	struct mapping *rules = translate_rules(translate);
	struct sources *sources =
		translate->settings.book
			? source_book_get(translate->settings.book)
			: NULL;
	const struct source *source =
		sources ? sources_find(sources, whole->parcel.source) : NULL;
	enum status status =
		translate_whole(translate, whole, source, rules, reterr);

	sources_unref(&sources);
	mapping_unref(&rules);
	return status;
}

enum status one_record(struct translate *translate, struct part *part,
	const struct kafka_record *record, struct reason *reterr)
{
	struct assembled whole;
	struct reason why;
	enum status status;

	arena_reset(translate->delivery);
	status = assembly_take(part->assembly, translate->delivery,
		translate->crypto, record, clock_monotonic(), &whole, &why);
	if (status == IGNORED)
		return OK;
	if (status == REJECT)
		return one_rejection(
			translate, &whole, record, NULL, &why, reterr);
	status = in_force(translate, &whole, reterr);
	assembled_release(&whole);
	if (status == OK)
		part->reached.translated = whole.parcel.received;
	return status;
}

enum status one_parking(struct translate *translate, struct part *part,
	const struct kafka_record *record, struct reason *reterr)
{
	const struct parking parking = {.service = "ingest",
		.why = "crashed",
		.deaths = DEATHS_MOST,
		.at = clock_now(translate->settings.clock)};
	const char *id = kafka_header_of(record, "delivery");
	struct kafka_record parked = {0};

	arena_reset(translate->delivery);
	park_record(translate->delivery, translate->crypto, translate->parked,
		record, &parking, &parked);
	log_line(LOG_ERROR, "INGEST-PARKED", LOG_TEXT("delivery", id ? id : ""),
		LOG_NUMBER("partition", record->partition),
		LOG_NUMBER("offset", record->offset));
	metric_add(translate->settings.metrics, METER_PARKED, NULL, 1);
	if (id)
		assembly_drop(part->assembly, id);
	return send_record(translate, translate->parked, &parked, reterr);
}
