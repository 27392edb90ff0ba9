/* SPDX-License-Identifier: Apache-2.0 */
#include "model/notice.h"

static const struct notice_record sample = {
	.notice = 7,
	.episode = "e1",
	.criterion = "PO.3.2-a",
	.subject = "default/service/prod/shop",
	.tenant = "default",
	.generation = 1,
	.n = 4,
	.verdict = "fail",
	.role = "service-owner",
	.party = "shop-team",
	.sink = "soc",
	.target = "http://127.0.0.1:9000",
	.action = NOTICE_CREATE,
	.outcome = NOTICE_FAILED,
	.attempt = 3,
	.code = 400,
	.why = "no such field",
	.at = 1764230400 * INSTANT_SECOND,
	.traceparent =
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
};

static void test_notice__survives_the_wire(void **state)
{
	struct arena *arena = arena_new(1 << 18);
	struct kafka_record record;
	struct notice_record got;
	struct reason reason = {0};

	(void)state;
	notice_encode(arena, &sample, &record);
	assert_string_equal(record.key, "e1");
	assert_string_equal(kafka_header_of(&record, "ce_id"), "notice 7.3");
	assert_string_equal(
		kafka_header_of(&record, "ce_type"), "dev.postern.notice.v1");
	assert_int_equal(notice_decode(arena, &record, &got, &reason), OK);
	assert_int_equal(got.notice, 7);
	assert_int_equal(got.n, 4);
	assert_int_equal(got.action, NOTICE_CREATE);
	assert_int_equal(got.outcome, NOTICE_FAILED);
	assert_int_equal(got.code, 400);
	assert_int_equal(got.at, sample.at);
	assert_string_equal(got.why, sample.why);
	assert_string_equal(got.verdict, "fail");
	assert_string_equal(got.party, sample.party);
	assert_string_equal(
		kafka_header_of(&record, "traceparent"), sample.traceparent);
	assert_string_equal(got.traceparent, sample.traceparent);
	arena_free(&arena);
}

static void test_notice__leaves_out_what_there_is_not(void **state)
{
	struct arena *arena = arena_new(1 << 18);
	struct notice_record bare = sample;
	struct kafka_record record;

	(void)state;
	bare.code = 0;
	bare.why = NULL;
	bare.verdict = NULL;
	bare.traceparent = NULL;
	notice_encode(arena, &bare, &record);
	assert_null(strstr(record.value, "\"code\""));
	assert_null(strstr(record.value, "\"why\""));
	assert_null(strstr(record.value, "\"verdict\""));
	assert_null(strstr(record.value, "\"traceparent\""));
	assert_null(kafka_header_of(&record, "traceparent"));
	arena_free(&arena);
}

static void refused(const char *from, const char *to, const char *place)
{
	struct arena *arena = arena_new(1 << 18);
	struct kafka_record record;
	struct notice_record got;
	struct reason reason = {0};
	const char *at;

	notice_encode(arena, &sample, &record);
	at = strstr(record.value, from);
	assert_non_null(at);
	record.value = arena_printf(arena, "%.*s%s%s", (int)(at - record.value),
		record.value, to, at + strlen(from));
	record.value_length = strlen(record.value);
	assert_int_equal(notice_decode(arena, &record, &got, &reason), REJECT);
	assert_string_equal(reason.place, place);
	arena_free(&arena);
}

static void test_notice__says_which_member_is_wrong(void **state)
{
	(void)state;
	refused("\"create\"", "\"shout\"", "$.action");
	refused("\"failed\"", "\"lost\"", "$.outcome");
	refused("\"notice\":7", "\"notice\":\"x\"", "$.notice");
	refused("\"n\":4", "\"m\":4", "$.verdict_version.n");
	refused("\"code\":400", "\"code\":\"x\"", "$.code");
	refused("\"at\":\"2", "\"at\":\"x", "$.at");
}

static void test_notice__another_type_or_version_is_told_apart(void **state)
{
	struct arena *arena = arena_new(1 << 18);
	struct kafka_header headers[12];
	struct kafka_record record;
	struct notice_record got;
	struct reason reason = {0};

	(void)state;
	notice_encode(arena, &sample, &record);
	memcpy(headers, record.headers, record.header_count * sizeof(*headers));
	record.headers = headers;
	for (size_t i = 0; i < record.header_count; i++)
		if (strcmp(headers[i].name, "ce_type") == 0) {
			headers[i].value = "dev.postern.notice.v2";
			assert_int_equal(
				notice_decode(arena, &record, &got, &reason),
				RETRY);
			headers[i].value = "dev.postern.verdict.v1";
			headers[i].length = strlen(headers[i].value);
			assert_int_equal(
				notice_decode(arena, &record, &got, &reason),
				REJECT);
		}
	arena_free(&arena);
}

static void test_notice__words_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < NOTICE_ACTIONS; i++)
		assert_int_equal(notice_action_parse(notice_action_name(
					 (enum notice_action)i)),
			i);
	for (int i = 0; i < NOTICE_OUTCOMES; i++)
		assert_int_equal(notice_outcome_parse(notice_outcome_name(
					 (enum notice_outcome)i)),
			i);
	assert_int_equal(notice_action_parse("x"), NOTICE_ACTIONS);
}
