/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"

#include "base/memory.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#define DIGEST                                                                 \
	"sha256:"                                                              \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct kafka_header kept[] = {
	{"content-type", "application/json", 16}, {"x-event", "", 0}};
static const struct parcel whole = {.id = "0123456789abcdef0123456789abcdef",
	.source = "git-acme",
	.tool = "git",
	.tenant = "acme",
	.digest = DIGEST,
	.received = 1700000000 * INSTANT_SECOND + 123456,
	.headers = kept,
	.header_count = 2};

struct fixture {
	struct arena *arena;
	struct kafka_record *records;
	size_t count;
	struct reason reason;
};

static enum status encode(struct fixture *f, const struct parcel *parcel,
	const char *body, size_t size)
{
	f->arena = arena_new(8u << 20);
	return parcel_encode(f->arena, parcel, body, size, &f->records,
		&f->count, &f->reason);
}

static void test_parcel__comes_back_as_it_was_sent(void **state)
{
	struct fixture f;
	struct parcel_chunk chunk;
	struct parcel traced = whole;

	(void)state;
	traced.traceparent = TRACE;
	assert_int_equal(encode(&f, &traced, "{}", 2), OK);
	assert_int_equal(f.count, 1);
	assert_memory_equal(f.records[0].key, "git-acme", 8);
	assert_int_equal(
		parcel_decode(f.arena, &f.records[0], &chunk, &f.reason), OK);
	assert_string_equal(chunk.parcel.id, whole.id);
	assert_string_equal(chunk.parcel.source, "git-acme");
	assert_string_equal(chunk.parcel.tool, "git");
	assert_string_equal(chunk.parcel.tenant, "acme");
	assert_string_equal(chunk.parcel.digest, DIGEST);
	assert_int_equal(chunk.parcel.received, whole.received);
	assert_string_equal(chunk.parcel.traceparent, TRACE);
	assert_int_equal(chunk.parcel.header_count, 2);
	assert_string_equal(chunk.parcel.headers[0].name, "content-type");
	assert_string_equal(chunk.parcel.headers[0].value, "application/json");
	assert_string_equal(chunk.parcel.headers[1].name, "x-event");
	assert_int_equal(chunk.size, 2);
	assert_int_equal(chunk.chunks, 1);
	assert_memory_equal(chunk.bytes, "{}", 2);
	arena_free(&f.arena);
}

static void test_parcel__of_no_bytes_is_one_empty_chunk(void **state)
{
	struct fixture f;
	struct parcel_chunk chunk;

	(void)state;
	assert_int_equal(encode(&f, &whole, NULL, 0), OK);
	assert_int_equal(f.count, 1);
	assert_non_null(f.records[0].value); /* NULL would be a tombstone */
	assert_int_equal(
		parcel_decode(f.arena, &f.records[0], &chunk, &f.reason), OK);
	assert_int_equal(chunk.size, 0);
	assert_int_equal(chunk.count, 0);
	assert_null(chunk.parcel.traceparent);
	arena_free(&f.arena);
}

static void test_parcel__is_cut_where_it_is_large(void **state)
{
	struct fixture f;
	size_t size = 2 * PARCEL_CHUNK + 1, sum = 0;
	char *body = memory_new(size);
	struct parcel_chunk chunk;

	(void)state;
	assert_int_equal(encode(&f, &whole, body, size), OK);
	assert_int_equal(f.count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_true(
			kafka_record_size(&f.records[i]) <= KAFKA_RECORD_MAX);
		assert_int_equal(parcel_decode(f.arena, &f.records[i], &chunk,
					 &f.reason),
			OK);
		assert_int_equal(chunk.chunk, i);
		assert_int_equal(chunk.chunks, 3);
		assert_int_equal(chunk.size, size);
		assert_ptr_equal(chunk.bytes, body + sum);
		sum += chunk.count;
	}
	assert_int_equal(sum, size);
	arena_free(&f.arena);
	memory_free(body);
}

static void test_parcel__refuses_headers_beyond_a_record(void **state)
{
	struct fixture f;
	struct parcel large = whole;
	struct kafka_header header = {"x", NULL, 100000};
	char *value = memory_new(100001);
	char *body = memory_new(PARCEL_CHUNK);

	(void)state;
	header.value = value;
	large.headers = &header;
	large.header_count = 1;
	assert_int_equal(encode(&f, &large, body, PARCEL_CHUNK), REJECT);
	assert_string_equal(f.reason.place, "headers");
	arena_free(&f.arena);
	memory_free(value);
	memory_free(body);
}

/* One header of a good record gets another value, or is taken away. */
static void spoiled(const char *name, const char *value)
{
	struct fixture f;
	struct parcel_chunk chunk;
	struct kafka_header *headers;

	assert_int_equal(encode(&f, &whole, "{}", 2), OK);
	headers = (struct kafka_header *)(uintptr_t)f.records[0].headers;
	for (size_t i = 0; i < f.records[0].header_count; i++)
		if (strcmp(headers[i].name, name) == 0)
			headers[i] = (struct kafka_header){
				value ? name : "gone", value ? value : "",
				value ? strlen(value) : 0};
	f.reason.place[0] = '\0';
	if (parcel_decode(f.arena, &f.records[0], &chunk, &f.reason) !=
			REJECT ||
		strcmp(f.reason.place, name) != 0)
		fail_msg("%s=%s: %s", name, value ? value : "(none)",
			f.reason.place);
	arena_free(&f.arena);
}

static void test_parcel__names_the_header_that_is_wrong(void **state)
{
	static const char *const names[] = {"delivery", "source", "tool",
		"tenant", "received", "digest", "size", "chunk", "chunks"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		spoiled(names[i], NULL);
	spoiled("delivery", "0123456789ABCDEF0123456789ABCDEF");
	spoiled("received", "yesterday");
	spoiled("digest", "md5:00");
	spoiled("digest", "sha256:00");
	spoiled("size", "3");
	spoiled("size", "-2");
	spoiled("size", "99999999999999999999999");
	spoiled("chunk", "1");
	spoiled("chunk", "x");
	spoiled("chunks", "100001");
}

static void test_parcel__ids_are_of_their_own(void **state)
{
	char one[PARCEL_ID], other[PARCEL_ID];

	(void)state;
	parcel_id(one);
	parcel_id(other);
	assert_int_equal(strspn(one, "0123456789abcdef"), 32);
	assert_string_not_equal(one, other);
}
