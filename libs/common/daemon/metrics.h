/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms of one process, each row with its sentence,
 * written in Prometheus text format 0.0.4. Labels are bounded: at most one
 * per metric, at most 1,000 values, beyond them "other". Any thread.
 */
#pragma once

#include "base/strbuf.h"

#include <stdint.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_row {
	const char *name; /* without the prefix "postern_" */
	enum metric_type type;
	const char *label; /* NULL: none */
	const char *sentence;
};

struct metrics;
/* `rows` come from a .def table and must outlive the metrics. */
struct metrics *metrics_new(const struct metric_row *rows, int count);
void metrics_free(struct metrics **metrics);
/* Counter or gauge; `label` NULL where the row has none. */
void metric_add(
	struct metrics *metrics, int row, const char *label, int64_t amount);
void metric_set(
	struct metrics *metrics, int row, const char *label, int64_t value);
/* Histogram, seconds; buckets 1 ms to 60 s. */
void metric_observe(struct metrics *metrics, int row, double seconds);
/* Forgets all values of a labelled row: what it spoke of is gone. */
void metric_clear(struct metrics *metrics, int row);
int64_t metric_value(struct metrics *metrics, int row, const char *label);
/* `text` as a label's value, escaped. */
void metric_label(struct strbuf *out, const char *text);
void metrics_write(struct metrics *metrics, struct strbuf *out);
