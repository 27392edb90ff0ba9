/* SPDX-License-Identifier: Apache-2.0 */
/* Holds the table to the schemas: each property is tried, right and wrong. */
#include "model/evidence_body.h"

#include "base/strbuf.h"

#include <stdio.h>

#define SCHEMA_MAX (1 << 20)

static struct arena *arena;
static struct reason why;

static const struct json *read_text(const char *text)
{
	const struct json *json = NULL;

	if (json_read(arena, text, strlen(text), &json, &why) != OK)
		fail_msg("%s: %s", text, why.sentence);
	return json;
}

static enum status checked(enum evidence_class class, const char *text)
{
	return evidence_body_check(class, read_text(text), &why);
}

static const struct json *schema_of(enum evidence_class class)
{
	char path[500];
	char *text = arena_alloc(arena, SCHEMA_MAX);
	FILE *file;

	snprintf(path, sizeof(path),
		"%s/schemas/events/evidence.%s.v1.schema.json",
		POSTERN_SOURCE_DIR, evidence_class_name(class));
	file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, SCHEMA_MAX - 1, file) > 0);
	fclose(file);
	return json_path(json_get(read_text(text), "properties"),
		evidence_class_name(class));
}

static void example(const struct json *schema, struct strbuf *out);

static void example_object(const struct json *schema, struct strbuf *out)
{
	bool first = true;

	strbuf_addc(out, '{');
	JSON_EACH (json_get(schema, "required"), walk) {
		const char *name = json_text(walk.value);

		strbuf_addf(out, "%s\"%s\":", first ? "" : ",", name);
		example(json_path(json_get(schema, "properties"), name), out);
		first = false;
	}
	strbuf_addc(out, '}');
}

static const char *type_of(const struct json *schema)
{
	const struct json *type = json_get(schema, "type");

	return json_is_array(type) ? json_text(json_path(type, "0"))
				   : json_text_at(schema, "type", "");
}

/* A value that the schema allows. */
static void example(const struct json *schema, struct strbuf *out)
{
	const char *ref = json_text_at(schema, "$ref", "");
	const char *type = type_of(schema);

	assert_non_null(schema);
	if (strstr(ref, "/time"))
		strbuf_adds(out, "\"2026-11-24T08:00:00.123456Z\"");
	else if (strstr(ref, "/subject"))
		strbuf_adds(out, "\"default/org/-/-\"");
	else if (strstr(ref, "/severity"))
		strbuf_adds(out, "\"high\"");
	else if (json_get(schema, "enum"))
		strbuf_addf(
			out, "\"%s\"", json_text(json_path(schema, "enum.0")));
	else if (strcmp(type, "string") == 0)
		strbuf_adds(out, "\"x\"");
	else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		strbuf_adds(out, "1");
	else if (strcmp(type, "boolean") == 0)
		strbuf_adds(out, "true");
	else if (strcmp(type, "object") == 0)
		example_object(schema, out);
	else if (strcmp(type, "array") == 0) {
		strbuf_addc(out, '[');
		example(json_get(schema, "items"), out);
		strbuf_addc(out, ']');
	} else {
		fail_msg("a form of schema this test does not know");
	}
}

/* The required members and `name`, which is `value` (NULL: an example). */
static const char *body_with(const struct json *schema, const char *name,
	const char *value, const char *without)
{
	const struct json *properties = json_get(schema, "properties");
	struct strbuf text;
	char *copy;

	strbuf_init(&text, 4096);
	strbuf_adds(&text, "{\"unnamed\":1");
	JSON_EACH (json_get(schema, "required"), walk) {
		const char *key = json_text(walk.value);

		if (strcmp(key, name) == 0 || strcmp(key, without) == 0)
			continue;
		strbuf_addf(&text, ",\"%s\":", key);
		example(json_path(properties, key), &text);
	}
	if (*name) {
		strbuf_addf(&text, ",\"%s\":", name);
		if (value)
			strbuf_adds(&text, value);
		else
			example(json_path(properties, name), &text);
	}
	strbuf_addc(&text, '}');
	assert_false(text.full);
	copy = arena_string(arena, text.text);
	strbuf_release(&text);
	return copy;
}

static void wants_ok(enum evidence_class class, const char *text)
{
	if (checked(class, text) != OK)
		fail_msg("%s: %s: %s", text, why.place, why.sentence);
}

static void wants_reject(
	enum evidence_class class, const char *name, const char *text)
{
	char place[80];

	snprintf(place, sizeof(place), "$.%s.%s", evidence_class_name(class),
		name);
	if (checked(class, text) != REJECT ||
		strncmp(why.place, place, strlen(place)) != 0)
		fail_msg("%s is taken, or refused at %s", text, why.place);
}

static void try_property(enum evidence_class class, const struct json *schema,
	const char *name, const struct json *property)
{
	const struct json *items = json_get(property, "items");
	int64_t least;

	wants_ok(class, body_with(schema, name, NULL, ""));
	wants_reject(class, name, body_with(schema, name, "[[1]]", ""));
	wants_reject(class, name, body_with(schema, name, "null", ""));
	JSON_EACH (json_get(property, "enum"), walk)
		wants_ok(class, body_with(schema, name,
					arena_printf(arena, "\"%s\"",
						json_text(walk.value)),
					""));
	if (json_get(property, "enum"))
		wants_reject(
			class, name, body_with(schema, name, "\"x y\"", ""));
	if (json_integer(json_get(property, "minimum"), &least))
		wants_reject(class, name,
			body_with(schema, name,
				arena_printf(arena, "%d", (int)least - 1), ""));
	JSON_EACH (json_get(items, "properties"), walk) {
		struct strbuf row;
		const char *one = body_with(items, walk.key, "[[1]]", "");

		strbuf_init(&row, 4096);
		strbuf_addf(&row, "[%s]", one);
		wants_reject(
			class, name, body_with(schema, name, row.text, ""));
		strbuf_reset(&row);
		strbuf_addf(&row, "[%s]", body_with(items, walk.key, NULL, ""));
		wants_ok(class, body_with(schema, name, row.text, ""));
		strbuf_release(&row);
	}
}

static void test_evidence_body__is_as_the_schemas_say(void **state)
{
	(void)state;
	for (int class = 0; class < CLASSES; class ++) {
		const struct json *schema;

		arena = arena_new(16 << 20);
		schema = schema_of((enum evidence_class) class);
		wants_ok((enum evidence_class) class,
			body_with(schema, "", NULL, ""));
		JSON_EACH (json_get(schema, "properties"), walk)
			try_property((enum evidence_class) class, schema,
				walk.key, walk.value);
		JSON_EACH (json_get(schema, "required"), walk)
			wants_reject((enum evidence_class) class,
				json_text(walk.value),
				body_with(schema, "", NULL,
					json_text(walk.value)));
		arena_free(&arena);
	}
}

static void test_evidence_body__says_where_in_a_list(void **state)
{
	(void)state;
	arena = arena_new(1 << 20);
	assert_int_equal(
		checked(CLASS_SCAN, "{\"findings\":[{\"key\":\"a\",\"package\":"
				    "\"p\",\"vulnerability\":\"v\","
				    "\"severity\":\"low\"},{\"key\":3}]}"),
		REJECT);
	assert_string_equal(why.place, "$.scan.findings[1].key");
	assert_string_equal(why.sentence, "must be a string, is number");
	assert_int_equal(checked(CLASS_SCAN, "{\"findings\":[],\"counts\":"
					     "{\"high\":-1}}"),
		REJECT);
	assert_string_equal(why.place, "$.scan.counts.high");
	assert_int_equal(
		checked(CLASS_DEPLOYMENT, "{\"phase\":\"odd\"}"), REJECT);
	assert_non_null(strstr(why.sentence, "\"odd\""));
	assert_int_equal(checked(CLASS_REGISTER, "[]"), REJECT);
	assert_string_equal(why.place, "$.register");
	arena_free(&arena);
}

static void test_evidence_body__refuses_numbers_beyond_2_to_53(void **state)
{
	(void)state;
	arena = arena_new(1 << 20);
	assert_int_equal(
		checked(CLASS_POLICY, "{\"a\":{\"b\":[1,9007199254740993]}}"),
		REJECT);
	assert_string_equal(why.place, "$.policy.a.b[1]");
	assert_int_equal(checked(CLASS_POLICY, "{\"a\":1e300}"), REJECT);
	assert_int_equal(
		checked(CLASS_POLICY, "{\"a\":123456789012345678901234567890}"),
		REJECT);
	assert_int_equal(
		checked(CLASS_POLICY, "{\"a\":[9007199254740992,-1.5]}"), OK);
	arena_free(&arena);
}

static void test_evidence_body__knows_our_form_of_time(void **state)
{
	(void)state;
	assert_true(evidence_time_is("2026-11-24T08:00:00Z"));
	assert_true(evidence_time_is("2026-11-24T08:00:00.123456Z"));
	assert_false(evidence_time_is("2026-11-24T08:00:00.1234567Z"));
	assert_false(evidence_time_is("2026-11-24T08:00:00.Z"));
	assert_false(evidence_time_is("2026-11-24t08:00:00Z"));
	assert_false(evidence_time_is("2026-11-24T08:00:00+00:00"));
	assert_false(evidence_time_is("2026-13-24T08:00:00Z"));
	assert_false(evidence_time_is("2026-11-24T08:00:00"));
	assert_false(evidence_time_is(""));
}

static void test_evidence_body__knows_which_classes_are_snapshots(void **state)
{
	(void)state;
	assert_string_equal(evidence_class_split(CLASS_SCAN), "findings");
	assert_null(evidence_class_split(CLASS_CHANGE));
	for (int class = 0; class < CLASSES; class ++)
		assert_int_equal(
			evidence_class_snapshot((enum evidence_class) class),
			evidence_class_split((enum evidence_class) class) !=
				NULL);
}
