/* SPDX-License-Identifier: Apache-2.0 */
/* Between settings.c, setting_value.c and settings_show.c; nobody else. */
#pragma once

#include "daemon/settings.h"

struct doc;

/* CONFIG with `place` where the text is no value of the row. */
enum status setting_set(const struct settings_program *program,
	const struct setting *row, const char *text, const char *place,
	struct reason *reterr) MUST_CHECK;
void setting_set_map(const struct settings_program *program,
	const struct setting *row, const struct doc *map);
/* True where a text or map is not empty; other types always are. */
bool setting_is_set(
	const struct settings_program *program, const struct setting *row);
void settings_help(const struct settings_program *program, bool version_only);
/* The page of section 8, in mdoc(7). */
void settings_manual(const struct settings_program *program);
/* POSTERN_<SERVICE>_<KEY><SUFFIX>, as the environment has it. */
void settings_variable(const struct settings_program *program, const char *key,
	const char *suffix, char *ret, size_t size);
