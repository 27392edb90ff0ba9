/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the metrics of the evaluator; the rows are meters.def. */
#pragma once

#include "daemon/metrics.h"

enum meter {
#define METER(id, name, type, label, sentence) METER_##id,
#include "meters.def"
#undef METER
	METERS
};

struct metrics *meters_new(void);
