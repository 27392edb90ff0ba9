/* SPDX-License-Identifier: Apache-2.0 */
#include "meters.h"

static const struct metric_row rows[] = {
#define METER(id, name, type, label, sentence) {name, type, label, sentence},
#include "meters.def"
#undef METER
};

struct metrics *meters_new(void)
{
	return metrics_new(rows, METERS);
}
