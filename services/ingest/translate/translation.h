/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One whole delivery becomes records of evidence: reading, adapter, identity,
 * time, labels, mapping, parts. Pure: no I/O, no clock; the loop and the
 * command line both call it, so what one shows is what the other does.
 */
#pragma once

#include "adapter.h"
#include "base/reason.h"
#include "translate/mapping.h"
#include "wire/crypto.h"

/* What an arena of one delivery may hold at most: 64 MiB of body as bytes,
 * values, copies and records. */
#define TRANSLATION_ARENA ((size_t)4 << 30)
/* JSON values in one body; each takes 16 bytes and more while it is read. */
#define TRANSLATION_VALUES_MAX 4000000

struct translation_needs {
	struct crypto *crypto;
	const struct mapping *mapping;
	const struct label *labels; /* of the source, from sources.yaml */
	size_t label_count;
	const char *traceparent; /* NULL: none */
};

struct translation {
	const char *adapter; /* "github/1"; NULL where the tool has none */
	struct kafka_record *records; /* topic unset */
	size_t count;
};

/*
 * OK: at least one record, in the delivery's arena, each such that
 * evidence_decode takes it. IGNORED: nothing of use was in it. REJECT: with
 * path and reason. `ret->adapter` is set whatever the status. Sets
 * delivery->json.
 */
enum status translation_make(const struct translation_needs *needs,
	struct delivery *delivery, struct translation *ret,
	struct reason *reterr) MUST_CHECK;
