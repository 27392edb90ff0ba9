/* SPDX-License-Identifier: Apache-2.0 */
/* What a command is given to read: a body alone, or a whole request as the
 * samples are written (tests/samples/README.md). */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "wire/kafka.h"

#define INPUT_MAX ((size_t)64 << 20)
#define INPUT_HEADERS_MAX 100

struct input {
	const char *body;
	size_t size;
	/* Names as they were written. */
	struct kafka_header headers[INPUT_HEADERS_MAX];
	size_t header_count;
};

/* "-" is standard input; a name that ends in ".http" is a whole request.
 * REJECT with the file and, in a request, the line. */
enum status input_read(struct arena *arena, const char *path, struct input *ret,
	struct reason *reterr) MUST_CHECK;
/* "Name: value", as --header takes it. */
enum status input_header(struct arena *arena, struct input *input,
	const char *text, struct reason *reterr) MUST_CHECK;
