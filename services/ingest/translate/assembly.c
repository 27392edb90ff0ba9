/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/assembly.h"

#include "base/bug.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

#define ROOM_FIRST ((size_t)2 << 20)

/* One delivery of which chunks are missing. */
struct waiting {
	struct waiting *newer;
	char id[PARCEL_ID];
	char *source, *tool, *tenant, *digest;
	instant received;
	size_t size, filled, room;
	unsigned chunks, have;
	char *bytes;
	bool broken;         /* told already; the rest of it is swallowed */
	int64_t first, last; /* offsets */
	instant seen;        /* when the last one was read */
};

struct assembly {
	struct waiting *oldest;
	size_t bytes;
	size_t count;
};

void assembled_release(struct assembled *assembled)
{
	memory_free(assembled->owned);
	assembled->owned = NULL;
}

struct assembly *assembly_new(void)
{
	return memory_new(sizeof(struct assembly));
}

static void waiting_free(struct waiting *waiting)
{
	memory_free(waiting->source);
	memory_free(waiting->tool);
	memory_free(waiting->tenant);
	memory_free(waiting->digest);
	memory_free(waiting->bytes);
	memory_free(waiting);
}

static struct waiting **place_of(struct assembly *assembly, const char *id)
{
	struct waiting **at = &assembly->oldest;

	while (*at && strcmp((*at)->id, id) != 0)
		at = &(*at)->newer;
	return at;
}

static void forget(struct assembly *assembly, struct waiting **at)
{
	struct waiting *old = *at;

	*at = old->newer;
	assembly->bytes -= old->room;
	assembly->count--;
	waiting_free(old);
}

void assembly_clear(struct assembly *assembly)
{
	while (assembly->oldest)
		forget(assembly, &assembly->oldest);
}

void assembly_free(struct assembly **assembly)
{
	if (!*assembly)
		return;
	assembly_clear(*assembly);
	memory_free(*assembly);
	*assembly = NULL;
}

void assembly_drop(struct assembly *assembly, const char *id)
{
	struct waiting **at = place_of(assembly, id);

	if (*at)
		forget(assembly, at);
}

int64_t assembly_safe(const struct assembly *assembly, int64_t next)
{
	for (const struct waiting *at = assembly->oldest; at; at = at->newer)
		if (!at->broken && at->first < next)
			next = at->first;
	return next;
}

instant assembly_oldest(const struct assembly *assembly)
{
	instant oldest = INSTANT_NEVER;

	for (const struct waiting *at = assembly->oldest; at; at = at->newer)
		if (!at->broken && at->received < oldest)
			oldest = at->received;
	return oldest;
}

static void empty(struct assembly *assembly, struct waiting *waiting)
{
	assembly->bytes -= waiting->room;
	memory_free(waiting->bytes);
	waiting->bytes = NULL;
	waiting->room = waiting->filled = 0;
}

static void append(struct assembly *assembly, struct waiting *waiting,
	const struct parcel_chunk *chunk)
{
	size_t wanted = waiting->filled + chunk->count;

	if (wanted > waiting->room) {
		size_t room = waiting->room ? 2 * waiting->room : ROOM_FIRST;

		if (room < wanted)
			room = wanted;
		if (room > waiting->size)
			room = waiting->size;
		waiting->bytes = memory_resize(waiting->bytes, room, 1);
		assembly->bytes += room - waiting->room;
		waiting->room = room;
	}
	memcpy(waiting->bytes + waiting->filled, chunk->bytes, chunk->count);
	waiting->filled = wanted;
	waiting->have++;
}

static struct waiting *wait_for(struct assembly *assembly,
	const struct parcel_chunk *chunk, int64_t offset)
{
	struct waiting **at = place_of(assembly, chunk->parcel.id);
	struct waiting *waiting;

	if (*at) /* sent again as a whole: begin anew */
		forget(assembly, at);
	at = place_of(assembly, chunk->parcel.id);
	waiting = memory_new(sizeof(*waiting));
	memcpy(waiting->id, chunk->parcel.id, sizeof(waiting->id));
	waiting->source = memory_string(chunk->parcel.source);
	waiting->tool = memory_string(chunk->parcel.tool);
	waiting->tenant = memory_string(chunk->parcel.tenant);
	waiting->digest = memory_string(chunk->parcel.digest);
	waiting->received = chunk->parcel.received;
	waiting->size = chunk->size;
	waiting->chunks = chunk->chunks;
	waiting->first = offset;
	*at = waiting;
	assembly->count++;
	return waiting;
}

/* What stays to be told of a delivery once it is gone. */
static void recall(struct arena *arena, const struct waiting *waiting,
	struct assembled *ret)
{
	*ret = (struct assembled){
		.parcel = {.id = arena_string(arena, waiting->id),
			.source = arena_string(arena, waiting->source),
			.tool = arena_string(arena, waiting->tool),
			.tenant = arena_string(arena, waiting->tenant),
			.digest = arena_string(arena, waiting->digest),
			.received = waiting->received},
		.size = waiting->size};
}

static enum status check_digest(struct crypto *crypto,
	const struct assembled *whole, struct reason *reterr)
{
	static const size_t head = sizeof("sha256:") - 1;
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];

	sha256(crypto, whole->body, whole->size, digest);
	hex_encode(digest, sizeof(digest), hex);
	if (strcmp(whole->parcel.digest + head, hex) == 0)
		return OK;
	reason_set(reterr, "digest", "the bytes are not those of the digest");
	return REJECT;
}

static enum status break_up(struct assembly *assembly, struct waiting *waiting,
	struct reason *reterr, const char *sentence, unsigned chunk)
{
	reason_set(reterr, "chunk", "%s: chunk %u, due was %u of %u", sentence,
		chunk, waiting->have, waiting->chunks);
	empty(assembly, waiting);
	waiting->broken = true;
	return REJECT;
}

/* The last chunk has come. */
static enum status complete(struct assembly *assembly, struct crypto *crypto,
	struct waiting **at, struct assembled *ret, struct reason *reterr)
{
	struct waiting *waiting = *at;
	enum status status;

	ret->body = ret->owned = waiting->bytes;
	ret->size = waiting->filled;
	assembly->bytes -= waiting->room;
	waiting->bytes = NULL;
	waiting->room = 0;
	if (waiting->filled != waiting->size) {
		reason_set(reterr, "size", "%zu bytes came of %zu",
			waiting->filled, waiting->size);
		status = REJECT;
	} else {
		status = check_digest(crypto, ret, reterr);
	}
	forget(assembly, at);
	if (status != OK)
		assembled_release(ret);
	return status;
}

static enum status next_chunk(struct assembly *assembly, struct crypto *crypto,
	const struct parcel_chunk *chunk, const struct kafka_record *record,
	instant now, struct assembled *ret, struct reason *reterr)
{
	struct waiting **at = place_of(assembly, chunk->parcel.id);
	struct waiting *waiting = *at;
	bool last = chunk->chunk + 1 == chunk->chunks;

	if (chunk->chunk == 0)
		waiting = wait_for(assembly, chunk, record->offset);
	if (!waiting) {
		/* Remembered, so that its other chunks are not told again. */
		waiting = wait_for(assembly, chunk, record->offset);
		waiting->last = record->offset;
		waiting->seen = now;
		return break_up(assembly, waiting, reterr,
			"the first chunk is missing", chunk->chunk);
	}
	at = place_of(assembly, chunk->parcel.id);
	waiting->last = record->offset;
	waiting->seen = now;
	if (waiting->broken) {
		if (last)
			forget(assembly, at);
		return IGNORED;
	}
	if (chunk->chunk < waiting->have)
		return IGNORED;
	if (chunk->chunk > waiting->have || chunk->chunks != waiting->chunks ||
		chunk->size != waiting->size ||
		chunk->count > waiting->size - waiting->filled)
		return break_up(assembly, waiting, reterr,
			"the chunks do not fit together", chunk->chunk);
	append(assembly, waiting, chunk);
	return last ? complete(assembly, crypto, at, ret, reterr) : IGNORED;
}

enum status assembly_take(struct assembly *assembly, struct arena *arena,
	struct crypto *crypto, const struct kafka_record *record, instant now,
	struct assembled *ret, struct reason *reterr)
{
	struct parcel_chunk chunk;
	enum status status;

	*ret = (struct assembled){0};
	status = parcel_decode(arena, record, &chunk, reterr);
	if (status != OK)
		return status;
	ret->parcel = chunk.parcel;
	ret->size = chunk.size;
	if (chunk.size > ASSEMBLY_BODY_MAX) {
		reason_set(reterr, "size", "%zu bytes are over the limit of %u",
			chunk.size, ASSEMBLY_BODY_MAX);
		return REJECT;
	}
	if (chunk.chunks > 1)
		return next_chunk(
			assembly, crypto, &chunk, record, now, ret, reterr);
	ret->body = chunk.count ? chunk.bytes : "";
	return check_digest(crypto, ret, reterr);
}

static const char *why_give_up(const struct assembly *assembly,
	const struct waiting *waiting, int64_t next, bool at_end, instant now)
{
	if (next - waiting->last > ASSEMBLY_DISTANCE)
		return "did not come within 50000 records";
	if (at_end && now - waiting->seen > ASSEMBLY_PATIENCE)
		return "did not come within ten minutes";
	if (assembly->bytes > ASSEMBLY_BYTES_MAX)
		return "did not come while 128 MiB of others waited, too";
	if (assembly->count > ASSEMBLY_WAITING_MAX)
		return "did not come while 1000 others waited, too";
	return NULL;
}

enum status assembly_give_up(struct assembly *assembly, struct arena *arena,
	int64_t next, bool at_end, instant now, struct assembled *ret,
	struct reason *reterr)
{
	struct waiting **at = &assembly->oldest;

	while (*at) {
		struct waiting *waiting = *at;
		const char *why =
			why_give_up(assembly, waiting, next, at_end, now);

		if (!why) {
			at = &waiting->newer;
		} else if (waiting->broken) {
			forget(assembly, at);
		} else {
			recall(arena, waiting, ret);
			reason_set(reterr, "chunk", "chunk %u of %u %s",
				waiting->have, waiting->chunks, why);
			forget(assembly, at);
			return REJECT;
		}
	}
	return OK;
}
