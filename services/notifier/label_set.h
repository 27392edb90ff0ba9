/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The label set of an alert: few, stable, and its identity. What changes while
 * an episode lasts (times, values, counts) must never be here. Pure.
 */
#pragma once

#include "role.h"

#define FINGERPRINT 17 /* 16 hex digits and a NUL */

/* [a-zA-Z_][a-zA-Z0-9_]*: what every Alertmanager takes. */
bool label_name_is_well(const char *name);
/* True for the names that label_set fills itself. */
bool label_is_ours(const char *name);

/* Sorted by name, without empty values; in the arena. */
struct label *label_set(struct arena *arena,
	const struct verdict_record *verdict, const struct party *party,
	size_t *ret_count);
/* As Alertmanager computes it: FNV-1a 64 over sorted name 0xff value 0xff. */
void label_fingerprint(
	const struct label *labels, size_t count, char ret[FINGERPRINT]);
/* A JSON object, members in the order given. */
const char *label_write(
	struct arena *arena, const struct label *labels, size_t count);
