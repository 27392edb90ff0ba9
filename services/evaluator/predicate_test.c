/* SPDX-License-Identifier: Apache-2.0 */
#include "predicate.h"

static const char record[] =
	"{\"kind\": \"sync\", \"deployment\": {\"phase\": \"succeeded\","
	" \"automated\": true, \"count\": 3, \"ratio\": 0.5, \"none\": null,"
	" \"number\": \"7\", \"images\": [\"a\", \"b\", 4],"
	" \"initiator\": \"ann\", \"author\": \"ann\","
	" \"big\": 9007199254740993}}";

static const struct label labels[] = {
	{"environment", "prod"}, {"tier.of/x", "1"}, {"limit", "12"}};
static const struct label variables[] = {{"user", "ann"}, {"number", "3"}};

struct fixture {
	struct arena *arena;
	struct predicate_view view;
	const struct predicate *predicate;
	struct reason reason;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->arena = arena_new(1 << 20);
	assert_int_equal(json_read(f->arena, record, strlen(record),
				 &f->view.data, &f->reason),
		OK);
	f->view.subject = "default/service/prod/shop%20one/a";
	f->view.labels = labels;
	f->view.label_count = 3;
	f->view.variables = variables;
	f->view.variable_count = 2;
}

static enum status compile(struct fixture *f, const char *text)
{
	const struct doc *root;

	assert_int_equal(doc_read(f->arena, "x.yaml", text, strlen(text), &root,
				 &f->reason),
		OK);
	return predicate_compile(f->arena, root, &f->predicate, &f->reason);
}

static bool holds(struct fixture *f, const char *text)
{
	if (compile(f, text) != OK)
		fail_msg("%s: %s: %s", text, f->reason.place,
			f->reason.sentence);
	return predicate_holds(f->predicate, &f->view);
}

static void wants(const char *const *texts, bool expected)
{
	struct fixture f;

	begin(&f);
	for (; *texts; texts++)
		if (holds(&f, *texts) != expected)
			fail_msg("%s is not %d", *texts, expected);
	arena_free(&f.arena);
}

static void test_predicate__holds_where_each_operator_says_so(void **state)
{
	static const char *const texts[] = {
		"{field: deployment.phase, equals: succeeded}",
		"{field: deployment.automated, equals: true}",
		"{field: deployment.count, equals: 3}",
		"{field: deployment.count, equals: 3.0}",
		"{field: deployment.ratio, equals: 0.5}",
		"{field: deployment.number, equals: 7}",
		"{field: deployment.number, equals: '7'}",
		"{field: deployment.big, equals: 9007199254740993}",
		"{field: deployment.images.1, equals: b}",
		"{field: deployment.phase, in: [failed, succeeded]}",
		"{field: deployment.phase, matches: 'succ*'}",
		"{field: deployment.phase, matches: ['x', 's?cceeded']}",
		"{field: deployment.count, matches: '[1-5]'}",
		"{field: deployment.phase, exists: true}",
		"{field: deployment.absent, exists: false}",
		"{field: deployment.none, exists: false}",
		"{field: deployment.count, at_least: 3}",
		"{field: deployment.count, at_most: 3.5}",
		"{field: deployment.ratio, at_least: -1e3}",
		"{field: label.limit, at_least: 12}",
		"{field: deployment.images, contains: a}",
		"{field: deployment.images, contains: 4}",
		"{field: deployment.phase, contains: ceed}",
		"{field: deployment.initiator, same_as: deployment.author}",
		"{field: deployment.initiator, same_as: $user}",
		"{field: deployment.count, same_as: $number}",
		"{field: label.environment, equals: prod}",
		"{field: label.tier.of/x, equals: 1}",
		"{field: subject.kind, equals: service}",
		"{field: subject.authority, equals: prod}",
		"{field: subject.name, equals: 'shop one/a'}",
		"{field: subject.tenant, equals: default}",
		"{field: subject, matches: 'default/*'}",
		"{field: $user, equals: ann}",
		"{not: {field: kind, equals: other}}",
		"{all: [{field: kind, equals: sync}, {field: $user, exists: "
		"true}]}",
		"{any: [{field: kind, equals: x}, {field: kind, equals: "
		"sync}]}",
		NULL,
	};

	(void)state;
	wants(texts, true);
}

static void test_predicate__does_not_hold_otherwise(void **state)
{
	static const char *const texts[] = {
		"{field: deployment.phase, equals: failed}",
		"{field: deployment.automated, equals: 'true'}",
		"{field: deployment.count, equals: '3'}",
		"{field: deployment.big, equals: 9007199254740992}",
		"{field: deployment.images, equals: a}",
		"{field: deployment.absent, equals: x}",
		"{field: deployment.none, equals: null}",
		"{field: deployment.absent, at_most: 3}",
		"{field: deployment.phase, at_most: 3}",
		"{field: label.environment, at_least: 0}",
		"{field: deployment.count, contains: 3}",
		"{field: deployment.images, contains: c}",
		"{field: deployment.images, matches: '*'}",
		"{field: deployment.absent, matches: '*'}",
		"{field: deployment.absent, same_as: deployment.gone}",
		"{field: deployment.initiator, same_as: $nobody}",
		"{field: deployment.phase, exists: false}",
		"{field: label.no, exists: true}",
		"{field: deployment.phase.deeper, exists: true}",
		"{field: deployment.images.9, exists: true}",
		"{not: {field: kind, equals: sync}}",
		"{all: [{field: kind, equals: sync}, {field: kind, equals: "
		"x}]}",
		"{any: [{field: kind, equals: x}, {field: kind, equals: y}]}",
		NULL,
	};

	(void)state;
	wants(texts, false);
}

static void test_predicate__names_the_place_of_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *place, *sentence;
	} rows[] = {
		{"[]", "x.yaml:1:1", "a condition is"},
		{"{}", "x.yaml:1:1", "a condition is"},
		{"{field: a, is: b}", "x.yaml:1:16", "\"is\" is no operator"},
		{"{field: a, all: b}", "x.yaml:1:17", "no operator"},
		{"{field: a}", "x.yaml:1:1", "compared with nothing"},
		{"{field: a, equals: b, in: [c]}", "x.yaml:1:27",
			"one operator"},
		{"{field: [a], equals: b}", "x.yaml:1:9", "a field is"},
		{"{field: 'a b', equals: b}", "x.yaml:1:9", "a field is"},
		{"{field: '', equals: b}", "x.yaml:1:9", "a field is"},
		{"{field: subject.colour, equals: b}", "x.yaml:1:9", "subject"},
		{"{field: label., equals: b}", "x.yaml:1:9", "names nothing"},
		{"{field: a, equals: [b]}", "x.yaml:1:20", "a single value"},
		{"{field: a, in: b}", "x.yaml:1:16", "a list of"},
		{"{field: a, in: []}", "x.yaml:1:16", "a list of"},
		{"{field: a, matches: [{b: c}]}", "x.yaml:1:22", "single"},
		{"{field: a, exists: maybe}", "x.yaml:1:20", "true or false"},
		{"{field: a, at_most: many}", "x.yaml:1:21", "a number"},
		{"{field: a, at_least: '3'}", "x.yaml:1:22", "a number"},
		{"{field: a, at_least: 0x1p3}", "x.yaml:1:22", "a number"},
		{"{field: a, same_as: 'b c'}", "x.yaml:1:21", "a field is"},
		{"{equals: b}", "x.yaml:1:10", "one of all, any, not"},
		{"{all: [], not: {}}", "x.yaml:1:16", "one of all, any, not"},
		{"{all: {}}", "x.yaml:1:7", "a list of"},
		{"{any: []}", "x.yaml:1:7", "a list of"},
		{"all:\n- {field: a, equals: b}\n- {not: {field: a}}\n",
			"x.yaml:3:9", "compared with nothing"},
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum status status = compile(&f, rows[i].text);

		if (status != CONFIG ||
			strcmp(f.reason.place, rows[i].place) != 0 ||
			!strstr(f.reason.sentence, rows[i].sentence))
			fail_msg("%s: %d %s: %s", rows[i].text, status,
				f.reason.place, f.reason.sentence);
	}
	arena_free(&f.arena);
}

static void test_predicate__explains_what_decided(void **state)
{
	static const char *const rows[][2] = {
		{"{field: deployment.phase, equals: failed}",
			"deployment.phase is succeeded, wanted failed"},
		{"{field: deployment.phase, in: [a, b]}",
			"deployment.phase is succeeded, wanted one of a, b"},
		{"{field: deployment.x, exists: true}",
			"deployment.x is absent, wanted to be there"},
		{"{field: deployment.images, matches: 'q*'}",
			"deployment.images is array, wanted like q*"},
		{"{not: {field: deployment.count, at_least: 1}}",
			"deployment.count is 3, wanted not at least 1"},
		{"{field: kind, same_as: $user}",
			"kind is sync, wanted the same as $user (ann)"},
		{"{all: [{field: kind, equals: sync}, {field: kind, contains: "
		 "q}]}",
			"kind is sync, wanted to contain q"},
		{"{any: [{field: kind, equals: x}, {field: kind, equals: "
		 "sync}]}",
			"kind is sync, wanted sync"},
		{"{not: {any: [{field: $user, equals: bob}, {field: $user, "
		 "equals: ann}]}}",
			"$user is ann, wanted not ann"},
		{"{field: deployment.automated, equals: false}",
			"deployment.automated is true, wanted false"},
		{"{field: deployment.ratio, at_most: 0.25}",
			"deployment.ratio is 0.5, wanted at most 0.25"},
		{"{field: a.b, exists: false}", "a.b is absent, wanted absent"},
	};
	struct fixture f;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		holds(&f, rows[i][0]);
		assert_string_equal(
			predicate_explain(f.predicate, &f.view, f.arena),
			rows[i][1]);
	}
	arena_free(&f.arena);
}

static void test_predicate__names_the_field_that_decided(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	holds(&f, "{all: [{field: kind, equals: sync}, {not: {field: $user, "
		  "equals: ann}}]}");
	assert_string_equal(
		predicate_decided_by(f.predicate, &f.view), "$user");
	arena_free(&f.arena);
}

static void test_predicate__gives_fields_as_text(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_string_equal(
		predicate_field("deployment.count", &f.view, f.arena), "3");
	assert_string_equal(predicate_field("$user", &f.view, f.arena), "ann");
	assert_string_equal(predicate_field("subject.name", &f.view, f.arena),
		"shop one/a");
	assert_null(predicate_field("deployment.images", &f.view, f.arena));
	assert_null(predicate_field("deployment.none", &f.view, f.arena));
	arena_free(&f.arena);
}
