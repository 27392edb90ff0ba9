/* SPDX-License-Identifier: Apache-2.0 */
/* What the records of a batch say, in their turn or ahead of it: no table is
 * asked here. */
#include "intake_private.h"

#include "base/bug.h"

#include <string.h>

/* A receipt time that is later than this is no clock's business any more. */
#define FUTURE_MOST INSTANT_DAY
#define RELATION_MOST 100
#define AHEAD_AT_ONCE 3 /* records; ten microseconds each */

static enum status refuse(
	const char *place, const char *sentence, struct reason *reterr)
{
	reason_set(reterr, place, "%s", sentence);
	return REJECT;
}

/* What the schema allows and our tables do not. */
static enum status check(const struct intake_reading *in,
	const struct evidence *evidence, struct reason *reterr)
{
	instant now = clock_now(in->clock);

	if (evidence->recorded_time > now + FUTURE_MOST)
		return refuse("$.recorded_time",
			"lies over a day in the future", reterr);
	for (size_t i = 0; i < evidence->related_count; i++)
		if (strlen(evidence->related[i].relation) > RELATION_MOST)
			return refuse("$.related",
				"a relation has a longer name than 100 bytes",
				reterr);
	return OK;
}

static bool is_retired(
	const struct intake_reading *in, const struct evidence *evidence)
{
	instant now = clock_now(in->clock);

	return in->retention != INSTANT_NEVER &&
	       evidence->recorded_time < now - in->retention;
}

/* What one record of the topic says. */
struct said {
	enum { EVIDENCE, RETIRED_EVIDENCE, PUNCTUATION } what;
	struct intake_record evidence;
	struct punctuation punctuation;
};

static enum status read_evidence(const struct intake_reading *in,
	struct arena *arena, const struct kafka_record *record,
	struct said *ret, struct reason *reterr)
{
	struct intake_record *out = &ret->evidence;
	enum status status =
		evidence_decode(arena, record, &out->evidence, reterr);

	if (status == OK)
		status = check(in, &out->evidence, reterr);
	if (status != OK)
		return status;
	ret->what =
		is_retired(in, &out->evidence) ? RETIRED_EVIDENCE : EVIDENCE;
	if (ret->what == RETIRED_EVIDENCE)
		return OK;
	out->content = record->value;
	out->size = record->value_length;
	if (!hex_decode(
		    out->evidence.id, SHA256_SIZE * 2, out->id, SHA256_SIZE))
		BUG("an id that was checked is no hex");
	intake_digest(arena, in->crypto, out);
	return OK;
}

static enum status read_record(const struct intake_reading *in,
	struct arena *arena, const struct kafka_record *record,
	struct said *ret, struct reason *reterr)
{
	if (!punctuation_is(record))
		return read_evidence(in, arena, record, ret, reterr);
	ret->what = PUNCTUATION;
	return punctuation_decode(arena, record, &ret->punctuation, reterr);
}

/* A batch that is read before its turn. */
struct ahead {
	const struct kafka_record *first;
	struct said *list;
	size_t count; /* read well; the one after them may be refused */
};

bool intake_read_some(const struct intake_reading *in, struct arena *arena,
	struct kafka_batch *batch)
{
	struct ahead *ahead = batch->read;
	enum status status = OK;
	struct reason ignored;

	if (!ahead) {
		ahead = arena_alloc(arena, sizeof(*ahead));
		ahead->first = batch->records;
		ahead->list =
			arena_array(arena, batch->count, sizeof(*ahead->list));
		batch->read = ahead;
	}
	for (int i = 0; i < AHEAD_AT_ONCE && status == OK; i++) {
		if (ahead->count == batch->count)
			return false;
		status = read_record(in, arena, &batch->records[ahead->count],
			&ahead->list[ahead->count], &ignored);
		ahead->count += status == OK;
	}
	return status == OK;
}

/* NULL: not read yet. */
static const struct said *read_before(
	const struct kafka_batch *batch, const struct kafka_record *record)
{
	const struct ahead *ahead = batch->read;

	if (!ahead || (size_t)(record - ahead->first) >= ahead->count)
		return NULL;
	return &ahead->list[record - ahead->first];
}

/* Keeps the newest word on each partition of deliveries. */
static void hear(struct intake_heard *heard, const struct punctuation *said)
{
	size_t i = 0;

	while (i < heard->count && heard->list[i].partition != said->partition)
		i++;
	if (i == heard->count)
		heard->list[heard->count++] = *said;
	else if (said->received_to > heard->list[i].received_to ||
		 (said->received_to == heard->list[i].received_to &&
			 said->spool_oldest < heard->list[i].spool_oldest))
		heard->list[i] = *said;
}

static void take(const struct said *said, struct intake_batch *batch,
	struct intake_heard *heard)
{
	if (said->what == EVIDENCE)
		batch->records[batch->count++] = said->evidence;
	else if (said->what == RETIRED_EVIDENCE)
		batch->not_taken[RETIRED]++;
	else {
		heard->said++;
		hear(heard, &said->punctuation);
	}
}

enum status intake_read(const struct intake_reading *in,
	const struct kafka_batch *from, struct intake_batch *batch,
	struct intake_heard *heard, size_t *ret_culprit, struct reason *reterr)
{
	batch->records =
		arena_array(batch->arena, from->count, sizeof(*batch->records));
	heard->list =
		arena_array(batch->arena, from->count, sizeof(*heard->list));
	for (size_t i = 0; i < from->count; i++) {
		const struct kafka_record *record = &from->records[i];
		const struct said *said = read_before(from, record);
		enum status status = OK;
		struct said now;

		batch->bound += 8 * kafka_record_size(record) + 2048;
		if (!said) {
			memset(&now, 0, sizeof(now));
			status = read_record(
				in, batch->arena, record, &now, reterr);
			said = &now;
		}
		if (status == OK)
			take(said, batch, heard);
		if (status == OK || status == IGNORED)
			continue;
		*ret_culprit = i;
		return status;
	}
	return OK;
}
