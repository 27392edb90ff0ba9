/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/member.h"

#include "base/testing.h"

static struct arena *arena;
static struct reason why;
static struct member_fault fault;

static struct members document(const char *text)
{
	const struct json *json = NULL;

	if (!arena)
		arena = arena_new(1 << 20);
	fault = (struct member_fault){OK, &why};
	assert_int_equal(json_read(arena, text, strlen(text), &json, &why), OK);
	return members_of(json, &fault);
}

static void test_member__gives_what_is_there(void **state)
{
	struct members m = document(
		"{\"a\":{\"text\":\"x\",\"number\":7,\"flag\":true,\"at\":"
		"\"1970-01-01T00:00:01Z\",\"list\":[1],\"object\":{}}}");
	int64_t number = 0;

	(void)state;
	assert_string_equal(member_text(&m, "a.text"), "x");
	assert_string_equal(member_text_if(&m, "a.text"), "x");
	assert_int_equal(member_integer(&m, "a.number"), 7);
	assert_true(member_integer_if(&m, "a.number", &number));
	assert_true(member_flag_if(&m, "a.flag"));
	assert_int_equal(member_time_if(&m, "a.at"), INSTANT_SECOND);
	assert_int_equal(json_count(member_list_if(&m, "a.list")), 1);
	assert_non_null(member_object(&m, "a.object"));
	assert_int_equal(fault.status, OK);
}

static void test_member__what_may_be_missing_is_no_fault(void **state)
{
	struct members m = document("{\"empty\":\"\",\"null\":null,\"zero\":"
				    "\"0001-01-01T00:00:00Z\",\"inner\":{}}");
	int64_t number = 3;

	(void)state;
	assert_null(member_text_if(&m, "empty"));
	assert_null(member_text_if(&m, "null.deeper"));
	assert_null(member_text_if(&m, "inner.deeper"));
	assert_false(member_integer_if(&m, "null", &number));
	assert_int_equal(number, 3);
	assert_false(member_flag_if(&m, "absent"));
	assert_int_equal(member_time_if(&m, "zero"), INSTANT_NEVER);
	assert_int_equal(member_time_if(&m, "absent"), INSTANT_NEVER);
	assert_null(member_list_if(&m, "null"));
	assert_null(member_object_if(&m, "absent"));
	assert_int_equal(fault.status, OK);
}

static void assert_fault(const char *place, const char *sentence)
{
	assert_int_equal(fault.status, REJECT);
	assert_string_equal(why.place, place);
	assert_string_equal(why.sentence, sentence);
	fault.status = OK;
}

static void test_member__refuses_another_type_by_path(void **state)
{
	struct members m = document(
		"{\"text\":\"x\",\"empty\":\"\",\"number\":1.5,\"large\":"
		"9007199254740993,\"null\":null}");
	int64_t number;

	(void)state;
	assert_string_equal(member_text(&m, "empty"), "");
	assert_fault("$.empty", "expected a string, found an empty one");
	member_text(&m, "null");
	assert_fault("$.null", "expected a string, found null");
	member_text(&m, "inner.deeper");
	assert_fault("$.inner.deeper", "expected a string, found absent");
	assert_null(member_text_if(&m, "text.deeper.still"));
	assert_fault("$.text", "expected an object, found string");
	assert_null(member_text_if(&m, "number"));
	assert_fault("$.number", "expected a string, found number");
	assert_false(member_integer_if(&m, "number", &number));
	assert_fault("$.number", "expected an integer within 2^53");
	assert_false(member_integer_if(&m, "large", &number));
	assert_fault("$.large", "expected an integer within 2^53");
	member_integer(&m, "text");
	assert_fault("$.text", "expected an integer, found string");
	member_integer(&m, "absent");
	assert_fault("$.absent", "expected an integer, found absent");
	member_flag_if(&m, "text");
	assert_fault("$.text", "expected true or false, found string");
	member_list_if(&m, "text");
	assert_fault("$.text", "expected an array, found string");
	member_object(&m, "absent");
	assert_fault("$.absent", "expected an object, found absent");
	assert_int_equal(member_time_if(&m, "text"), INSTANT_NEVER);
	assert_int_equal(fault.status, REJECT);
	assert_string_equal(why.place, "$.text");
}

static void test_member__the_first_refusal_stays(void **state)
{
	struct members m = document("{\"list\":[{\"a\":{\"b\":[{}]}}]}");
	struct members item =
		members_item(&m, "list", 0, json_path(m.from, "list.0"));
	struct members within = members_within(&item, "a");
	struct members inner =
		members_item(&within, "b", 0, json_path(within.from, "b.0"));

	(void)state;
	member_text(&inner, "c.d");
	member_text(&m, "elsewhere");
	member_refuse(&m, "other", "for reason %d", 7);
	assert_fault("$.list[0].a.b[0].c.d", "expected a string, found absent");
	member_refuse(&m, "other", "for reason %d", 7);
	assert_fault("$.other", "for reason 7");
	document("7");
	assert_fault("$", "expected an object, found number");
	members_item(&m, "list", 3, NULL);
	assert_fault("$.list[3]", "expected an object, found absent");
}
