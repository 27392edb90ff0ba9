/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/split.h"

#include "base/bug.h"
#include "model/snapshot.h"

#include <stdio.h>
#include <string.h>

/* What the numbers and the digest of a part may add to the bare record. */
#define PART_ROOM 512

struct cut {
	const struct json *body;  /* what the event said, read again */
	const struct json *items; /* its array */
	size_t *sizes;            /* of each item as text */
	size_t *first;            /* item of each part */
	size_t parts;
};

unsigned split_ordinal(size_t event, size_t part)
{
	return (unsigned)(event + part * EVENTS_MAX);
}

static void identify(struct split_work *work, size_t number, size_t part,
	struct evidence *evidence)
{
	char id[EVIDENCE_ID];

	evidence->ordinal = split_ordinal(number, part);
	evidence_id(work->crypto, work->delivery->source,
		work->delivery->digest, work->signed_id, work->window,
		evidence->ordinal, id);
	evidence->id = arena_string(work->delivery->arena, id);
}

static enum status read_again(
	struct split_work *work, struct cut *cut, struct reason *reterr)
{
	struct arena *arena = work->delivery->arena;
	size_t length;
	const char *text = json_write(work->maker, work->event->body, &length);
	enum status status = json_read(arena, text, length, &cut->body, reterr);

	if (status != OK)
		return status;
	cut->items = json_get(cut->body, work->event->split);
	if (!json_is_array(cut->items) || json_count(cut->items) < 2) {
		reason_set(reterr, NULL,
			"the evidence does not fit a record and has no "
			"\"%s\" to spread",
			work->event->split);
		return REJECT;
	}
	cut->sizes =
		arena_array(arena, json_count(cut->items), sizeof(*cut->sizes));
	cut->first =
		arena_array(arena, json_count(cut->items), sizeof(*cut->first));
	JSON_EACH (cut->items, walk)
		(void)json_rewrite(arena, walk.value, &cut->sizes[walk.index]);
	return OK;
}

/* The event's body with the items from `first` up to `end`. */
static struct json_node *share(struct split_work *work, const struct cut *cut,
	size_t first, size_t end)
{
	struct json_node *body = json_object(work->maker);
	struct json_node *items = json_array(work->maker);

	JSON_EACH (cut->items, walk)
		if (walk.index >= first && walk.index < end)
			json_add_copy(work->maker, items, walk.value);
	JSON_EACH (cut->body, walk)
		if (walk.value == cut->items)
			json_set_node(work->maker, body, walk.key, items);
		else
			json_set_copy(work->maker, body, walk.key, walk.value);
	return body;
}

/* Bytes that are left for items in a record that has none. */
static enum status room_for_items(struct split_work *work,
	const struct cut *cut, struct evidence *evidence, size_t *ret,
	struct reason *reterr)
{
	struct kafka_record bare;
	enum status status;
	size_t taken;

	evidence->body_node = share(work, cut, 0, 0);
	status = evidence_encode(
		work->delivery->arena, work->maker, evidence, &bare, reterr);
	if (status != OK)
		return status;
	taken = kafka_record_size(&bare) + PART_ROOM;
	*ret = taken < KAFKA_RECORD_MAX ? KAFKA_RECORD_MAX - taken : 0;
	return OK;
}

static enum status plan(struct split_work *work, struct cut *cut, size_t room,
	struct reason *reterr)
{
	size_t taken = 0;

	for (size_t i = 0; i < json_count(cut->items); i++) {
		size_t size = cut->sizes[i] + 1; /* and a comma */
		char place[120];

		if (size > room) {
			snprintf(place, sizeof(place), "$.%.80s[%zu]",
				work->event->split, i);
			reason_set(reterr, place,
				"takes %zu bytes, a record has %zu for it",
				size, room);
			return REJECT;
		}
		if (i == 0 || taken + size > room) {
			cut->first[cut->parts++] = i;
			taken = 0;
		}
		taken += size;
	}
	return OK;
}

static const char *set_digest(struct split_work *work, const struct cut *cut)
{
	struct arena *arena = work->delivery->arena;
	char digest[SNAPSHOT_DIGEST];

	snapshot_digest_begin(work->crypto);
	snapshot_digest_add(work->crypto, arena, cut->items);
	snapshot_digest_end(work->crypto, digest);
	return arena_string(arena, digest);
}

static enum status encode_parts(struct split_work *work, size_t number,
	const struct cut *cut, struct evidence *evidence, struct reason *reterr)
{
	enum status status = OK;

	evidence->snapshot.parts = (unsigned)cut->parts;
	evidence->snapshot.digest = set_digest(work, cut);
	work->records = arena_array(
		work->delivery->arena, cut->parts, sizeof(*work->records));
	for (size_t i = 0; i < cut->parts && status == OK; i++) {
		size_t end = i + 1 < cut->parts ? cut->first[i + 1]
						: json_count(cut->items);

		identify(work, number, i, evidence);
		evidence->snapshot.part = (unsigned)i + 1;
		evidence->body_node = share(work, cut, cut->first[i], end);
		status = evidence_encode(work->delivery->arena, work->maker,
			evidence, &work->records[work->count++], reterr);
	}
	return status;
}

enum status split_encode(struct split_work *work, size_t number,
	struct evidence *evidence, struct reason *reterr)
{
	struct cut cut = {0};
	struct reason too_large;
	size_t room;
	enum status status;

	identify(work, number, 0, evidence);
	if (work->event->snapshot) {
		/* One whole snapshot is named like its first part. */
		evidence->snapshot.id = evidence->id;
		evidence->snapshot.part = evidence->snapshot.parts = 1;
	}
	work->count = 1;
	work->records =
		arena_alloc(work->delivery->arena, sizeof(*work->records));
	status = evidence_encode(work->delivery->arena, work->maker, evidence,
		work->records, reterr);
	if (status == OK || !work->event->snapshot || !work->event->split)
		return status;
	too_large = *reterr;
	work->count = 0;
	status = read_again(work, &cut, reterr);
	if (status == OK)
		status = room_for_items(work, &cut, evidence, &room, reterr);
	if (status == OK)
		status = plan(work, &cut, room, reterr);
	if (status == OK)
		status = encode_parts(work, number, &cut, evidence, reterr);
	if (status != OK && !reterr->place[0])
		reason_set(reterr, too_large.place, "%s", too_large.sentence);
	return status;
}
