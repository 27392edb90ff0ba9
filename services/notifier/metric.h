/* SPDX-License-Identifier: Apache-2.0 */
/* What the notifier counts; the sentences are in metric.def. */
#pragma once

#include "daemon/metrics.h"

#define METRIC(symbol, name, type, label, sentence) METRIC_##symbol,
enum metric {
#include "metric.def"
	METRIC_ROWS
};
#undef METRIC

extern const struct metric_row metric_rows[METRIC_ROWS];
