/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include "base/bug.h"
#include "base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define LABELS_MAX 1000
#define BUCKETS 14

/* Upper bounds in seconds; the last bucket is +Inf. */
static const double bounds[BUCKETS] = {
	.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30, 60};

struct series {
	char label[128];
	int64_t value;
};

struct metric {
	struct series *series;
	int count, room;
	uint64_t buckets[BUCKETS + 1];
	double sum;
};

struct metrics {
	const struct metric_row *rows;
	int count;
	pthread_mutex_t lock;
	struct metric metrics[];
};

struct metrics *metrics_new(const struct metric_row *rows, int count)
{
	struct metrics *metrics = memory_new(
		sizeof(*metrics) + (size_t)count * sizeof(struct metric));

	for (int i = 0; i < count; i++)
		MUST(rows[i].name && rows[i].sentence && rows[i].sentence[0]);
	metrics->rows = rows;
	metrics->count = count;
	pthread_mutex_init(&metrics->lock, NULL);
	return metrics;
}

void metrics_free(struct metrics **metrics)
{
	if (!*metrics)
		return;
	for (int i = 0; i < (*metrics)->count; i++)
		memory_free((*metrics)->metrics[i].series);
	pthread_mutex_destroy(&(*metrics)->lock);
	memory_free(*metrics);
	*metrics = NULL;
}

static struct series *find(struct metric *metric, const char *label)
{
	for (int i = 0; i < metric->count; i++)
		if (strcmp(metric->series[i].label, label) == 0)
			return &metric->series[i];
	return NULL;
}

static struct series *series_of(
	struct metrics *metrics, int row, const char *label)
{
	struct metric *metric = &metrics->metrics[row];
	struct series *series;

	MUST(row >= 0 && row < metrics->count);
	MUST((label != NULL) == (metrics->rows[row].label != NULL));
	label = label ? label : "";
	series = find(metric, label);
	if (!series && metric->count >= LABELS_MAX) {
		label = "other";
		series = find(metric, label);
	}
	if (series)
		return series;
	if (metric->count == metric->room) {
		metric->room = metric->room ? metric->room * 2 : 4;
		metric->series = memory_resize(metric->series,
			(size_t)metric->room, sizeof(*metric->series));
	}
	series = &metric->series[metric->count++];
	memset(series, 0, sizeof(*series));
	snprintf(series->label, sizeof(series->label), "%s", label);
	return series;
}

void metric_add(
	struct metrics *metrics, int row, const char *label, int64_t amount)
{
	pthread_mutex_lock(&metrics->lock);
	series_of(metrics, row, label)->value += amount;
	pthread_mutex_unlock(&metrics->lock);
}

void metric_set(
	struct metrics *metrics, int row, const char *label, int64_t value)
{
	pthread_mutex_lock(&metrics->lock);
	series_of(metrics, row, label)->value = value;
	pthread_mutex_unlock(&metrics->lock);
}

void metric_observe(struct metrics *metrics, int row, double seconds)
{
	struct metric *metric = &metrics->metrics[row];
	int bucket = 0;

	MUST(row >= 0 && row < metrics->count &&
		metrics->rows[row].type == METRIC_HISTOGRAM);
	while (bucket < BUCKETS && seconds > bounds[bucket])
		bucket++;
	pthread_mutex_lock(&metrics->lock);
	metric->buckets[bucket]++;
	metric->sum += seconds;
	pthread_mutex_unlock(&metrics->lock);
}

void metric_clear(struct metrics *metrics, int row)
{
	MUST(row >= 0 && row < metrics->count && metrics->rows[row].label);
	pthread_mutex_lock(&metrics->lock);
	metrics->metrics[row].count = 0;
	pthread_mutex_unlock(&metrics->lock);
}

int64_t metric_value(struct metrics *metrics, int row, const char *label)
{
	int64_t value;

	pthread_mutex_lock(&metrics->lock);
	value = series_of(metrics, row, label)->value;
	pthread_mutex_unlock(&metrics->lock);
	return value;
}

void metric_label(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			strbuf_adds(out, "\\n");
		else if (*text == '"' || *text == '\\')
			strbuf_addf(out, "\\%c", *text);
		else
			strbuf_addc(out, *text);
	}
}

static void write_series(const struct metric_row *row,
	const struct metric *metric, struct strbuf *out)
{
	/* A counter without a label is there from the first scrape on. */
	if (metric->count == 0 && !row->label)
		strbuf_addf(out, "postern_%s 0\n", row->name);
	for (int i = 0; i < metric->count; i++) {
		strbuf_addf(out, "postern_%s", row->name);
		if (row->label) {
			strbuf_addf(out, "{%s=\"", row->label);
			metric_label(out, metric->series[i].label);
			strbuf_adds(out, "\"}");
		}
		strbuf_addf(out, " %lld\n", (long long)metric->series[i].value);
	}
}

static void write_histogram(const struct metric_row *row,
	const struct metric *metric, struct strbuf *out)
{
	uint64_t below = 0;

	for (int i = 0; i < BUCKETS; i++) {
		below += metric->buckets[i];
		strbuf_addf(out, "postern_%s_bucket{le=\"%g\"} %llu\n",
			row->name, bounds[i], (unsigned long long)below);
	}
	below += metric->buckets[BUCKETS];
	strbuf_addf(out, "postern_%s_bucket{le=\"+Inf\"} %llu\n", row->name,
		(unsigned long long)below);
	strbuf_addf(out, "postern_%s_sum %.6f\npostern_%s_count %llu\n",
		row->name, metric->sum, row->name, (unsigned long long)below);
}

void metrics_write(struct metrics *metrics, struct strbuf *out)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};

	strbuf_adds(out, "# HELP postern_build_info Version that runs.\n"
			 "# TYPE postern_build_info gauge\n");
	strbuf_addf(
		out, "postern_build_info{version=\"%s\"} 1\n", POSTERN_VERSION);
	pthread_mutex_lock(&metrics->lock);
	for (int i = 0; i < metrics->count; i++) {
		const struct metric_row *row = &metrics->rows[i];

		strbuf_addf(out, "# HELP postern_%s %s\n# TYPE postern_%s %s\n",
			row->name, row->sentence, row->name, types[row->type]);
		if (row->type == METRIC_HISTOGRAM)
			write_histogram(row, &metrics->metrics[i], out);
		else
			write_series(row, &metrics->metrics[i], out);
	}
	pthread_mutex_unlock(&metrics->lock);
}
