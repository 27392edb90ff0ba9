/* SPDX-License-Identifier: Apache-2.0 */
/*
 * application/x-www-form-urlencoded, as a browser would send it. Knows no
 * tool.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "wire/json.h"

#include <stddef.h>

/* The decoded value of the one field `name`, in `arena`. REJECT, with the byte
 * as place, where it is absent, is there twice or is escaped wrongly. */
enum status form_field(struct arena *arena, const char *body, size_t size,
	const char *name, const char **ret, size_t *ret_size,
	struct reason *reterr) MUST_CHECK;
/* The document of a hook that sends it as its body or, where the content type
 * (NULL: none) says so, as a form's field `name`. REJECT like its parts. */
enum status form_or_json(struct arena *arena, const char *content_type,
	const char *body, size_t size, const char *name,
	const struct json **ret, struct reason *reterr) MUST_CHECK;
