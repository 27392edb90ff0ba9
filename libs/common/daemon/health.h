/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is well and what is not: named checks that loops keep up to date, read
 * by /readyz. Readiness is progress, so a check that is not refreshed in its
 * time counts as not well. Any thread.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"
#include "base/strbuf.h"

#include <stdbool.h>

struct health;
struct health *health_new(const struct clock *clock);
void health_free(struct health **health);
/* Declares a check; `patience` 0: needs no refreshing. Returns its number. */
int health_check(struct health *health, const char *name, instant patience);
/* Another patience from now on. */
void health_patience(struct health *health, int check, instant patience);
/* `sentence` says what is and, where not well, what to do. */
void health_set(
	struct health *health, int check, bool well, const char *sentence);
/* Files were read anew and are wrong: well all the same, since the older ones
 * are in force; says place (of a long one its end) and sentence. */
void health_older(
	struct health *health, int check, const struct reason *reason);
/* One line per check; true where all are well. */
bool health_report(struct health *health, struct strbuf *out);
/* The same as gauges, in the text format of metrics.h: postern_ready and, for
 * each check, postern_check_well. */
void health_write(struct health *health, struct strbuf *out);
