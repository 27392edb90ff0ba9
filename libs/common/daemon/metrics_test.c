/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

static const struct metric_row rows[] = {
	{"things_total", METRIC_COUNTER, NULL, "Things."},
	{"sent_total", METRIC_COUNTER, "source", "Sent."},
	{"wait_seconds", METRIC_HISTOGRAM, NULL, "Waited."},
};

static void test_metrics__are_written_as_prometheus_reads_them(void **state)
{
	struct metrics *metrics = metrics_new(rows, 3);
	struct strbuf out;

	(void)state;
	metric_add(metrics, 1, "a\"b", 2);
	metric_add(metrics, 1, "a\"b", 3);
	metric_observe(metrics, 2, 0.003);
	metric_observe(metrics, 2, 100);
	strbuf_init(&out, 100000);
	metrics_write(metrics, &out);
	assert_non_null(strstr(out.text, "# HELP postern_things_total Things.\n"
					 "# TYPE postern_things_total counter\n"
					 "postern_things_total 0\n"));
	assert_non_null(
		strstr(out.text, "postern_sent_total{source=\"a\\\"b\"} 5\n"));
	assert_non_null(strstr(out.text,
		"postern_wait_seconds_bucket{le=\"0.0025\"} 0\n"
		"postern_wait_seconds_bucket{le=\"0.005\"} 1\n"));
	assert_non_null(strstr(out.text,
		"postern_wait_seconds_bucket{le=\"60\"} 1\n"
		"postern_wait_seconds_bucket{le=\"+Inf\"} 2\n"));
	assert_non_null(strstr(out.text, "postern_wait_seconds_count 2\n"));
	strbuf_release(&out);
	metrics_free(&metrics);
}

static void test_metrics__labels_are_bounded(void **state)
{
	struct metrics *metrics = metrics_new(rows, 3);
	char label[20];

	(void)state;
	for (int i = 0; i < 1100; i++) {
		snprintf(label, sizeof(label), "s%d", i);
		metric_add(metrics, 1, label, 1);
	}
	assert_int_equal(metric_value(metrics, 1, "other"), 100);
	metrics_free(&metrics);
}

static void test_metrics__a_gauge_can_be_set(void **state)
{
	struct metrics *metrics = metrics_new(rows, 3);

	(void)state;
	metric_set(metrics, 0, NULL, 42);
	assert_int_equal(metric_value(metrics, 0, NULL), 42);
	metrics_free(&metrics);
}

static void test_metrics__a_row_can_be_cleared(void **state)
{
	struct metrics *metrics = metrics_new(rows, 3);
	struct strbuf out;

	(void)state;
	metric_set(metrics, 1, "gone", 1);
	metric_clear(metrics, 1);
	metric_set(metrics, 1, "new", 2);
	strbuf_init(&out, 100000);
	metrics_write(metrics, &out);
	assert_null(strstr(out.text, "gone"));
	assert_non_null(strstr(out.text, "{source=\"new\"} 2\n"));
	strbuf_release(&out);
	metrics_free(&metrics);
}
