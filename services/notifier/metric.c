/* SPDX-License-Identifier: Apache-2.0 */
#include "metric.h"

#define METRIC(symbol, name, type, label, sentence)                            \
	[METRIC_##symbol] = {name, type, label, sentence},
const struct metric_row metric_rows[METRIC_ROWS] = {
#include "metric.def"
};
