/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#define IMAGE "default/image/oci/sha256:aa"
#define SHOP "default/service/prod/shop"
#define DESK "default/service/prod/desk"

static const struct label labels[] = {{"environment", "prod"}};
static const struct window_evidence evidence[] = {
	{.id = "5", .class = CLASS_SCAN, .subject = IMAGE, .effective = 50},
	{.id = "4",
		.class = CLASS_DEPLOYMENT,
		.subject = DESK,
		.relation = "<runs",
		.effective = 40},
	{.id = "3", .class = CLASS_SCAN, .subject = IMAGE, .effective = 30},
	{.id = "2",
		.class = CLASS_DEPLOYMENT,
		.subject = SHOP,
		.relation = "<runs",
		.effective = 20},
};
static const struct window_relation relations[] = {
	{.relation = "<runs", .other = SHOP, .from = 20, .until = 45},
	{.relation = "<runs",
		.other = DESK,
		.from = 40,
		.until = INSTANT_NEVER},
	{.relation = "runs", .other = DESK, .from = 1, .until = 60},
};
static const struct window_finding findings[] = {
	{.key = "a", .from = 30, .until = 50},
	{.key = "b", .from = 30, .until = INSTANT_NEVER},
};
static const struct window_scan scans[] = {
	{.evidence = "5", .effective = 50}, {.evidence = "3", .effective = 30}};
static const struct window window = {
	.subject = IMAGE,
	.tenant = "default",
	.labels = labels,
	.label_count = 1,
	.from = 10,
	.evidence = evidence,
	.evidence_count = 4,
	.relations = relations,
	.relation_count = 3,
	.findings = findings,
	.finding_count = 2,
	.scans = scans,
	.scan_count = 2,
};

static void test_window__shows_nothing_that_is_later(void **state)
{
	size_t cursor = 0;

	(void)state;
	assert_null(window_newest(&window, CLASS_SCAN, NULL, 29));
	assert_string_equal(
		window_newest(&window, CLASS_SCAN, NULL, 30)->id, "3");
	assert_string_equal(
		window_newest(&window, CLASS_SCAN, NULL, 50)->id, "5");
	assert_null(window_newest_scan(&window, 29));
	assert_string_equal(window_newest_scan(&window, 49)->evidence, "3");
	assert_string_equal(window_newest_scan(&window, 50)->evidence, "5");
	assert_null(window_open_finding(&window, 29, &cursor));
}

static void test_window__walks_own_evidence_newest_first(void **state)
{
	struct window_walk walk = {0};

	(void)state;
	assert_string_equal(
		window_next(&window, CLASS_SCAN, NULL, 99, &walk)->id, "5");
	assert_string_equal(
		window_next(&window, CLASS_SCAN, NULL, 99, &walk)->id, "3");
	assert_null(window_next(&window, CLASS_SCAN, NULL, 99, &walk));
	assert_null(window_newest(&window, CLASS_DEPLOYMENT, NULL, 99));
	assert_null(window_newest(&window, CLASS_SCAN, "<runs", 99));
}

static void test_window__sees_a_neighbour_only_while_it_is_one(void **state)
{
	struct window_walk walk = {0};

	(void)state;
	assert_string_equal(
		window_next(&window, CLASS_DEPLOYMENT, "<runs", 44, &walk)->id,
		"4");
	assert_string_equal(
		window_next(&window, CLASS_DEPLOYMENT, "<runs", 44, &walk)->id,
		"2");
	walk.index = 0;
	assert_string_equal(
		window_next(&window, CLASS_DEPLOYMENT, "<runs", 45, &walk)->id,
		"4");
	assert_null(window_next(&window, CLASS_DEPLOYMENT, "<runs", 45, &walk));
	assert_null(window_newest(&window, CLASS_DEPLOYMENT, "runs", 45));
}

static void test_window__relations_and_findings_end_before_until(void **state)
{
	size_t cursor = 0;

	(void)state;
	assert_string_equal(
		window_related(&window, "<runs", 44, &cursor)->other, SHOP);
	assert_string_equal(
		window_related(&window, "<runs", 44, &cursor)->other, DESK);
	assert_null(window_related(&window, "<runs", 44, &cursor));
	cursor = 0;
	assert_string_equal(
		window_related(&window, "<runs", 45, &cursor)->other, DESK);
	cursor = 0;
	assert_string_equal(
		window_open_finding(&window, 49, &cursor)->key, "a");
	assert_string_equal(
		window_open_finding(&window, 49, &cursor)->key, "b");
	assert_null(window_open_finding(&window, 49, &cursor));
	cursor = 0;
	assert_string_equal(
		window_open_finding(&window, 50, &cursor)->key, "b");
}

static void test_window__goes_from_point_to_point(void **state)
{
	static const instant points[] = {20, 30, 40, 45, 50, 60, INSTANT_NEVER};
	instant at = 10;

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		at = window_next_point(&window, at);
		assert_int_equal(at, points[i]);
	}
}

static void test_window__finds_labels_by_name(void **state)
{
	(void)state;
	assert_string_equal(window_label(&window, "environment"), "prod");
	assert_null(window_label(&window, "service"));
}

static void ask_too_early(void)
{
	window_newest(&window, CLASS_SCAN, NULL, 9);
}

static void test_window__answers_for_no_instant_before_its_own(void **state)
{
	(void)state;
	assert_aborts(ask_too_early);
}
