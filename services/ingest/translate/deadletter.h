/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could not be translated, as a record for <prefix>.rejected: of a whole
 * delivery, or of a record that is not even a part of one.
 */
#pragma once

#include "base/arena.h"
#include "base/reason.h"
#include "wire/kafka.h"

#include "translate/assembly.h"

/*
 * The rejection of `assembled`, or of `record` alone where its parcel has no
 * id: then the id is the record's place. `adapter` may be NULL.
 */
void deadletter_make(struct arena *arena, const struct assembled *assembled,
	const struct kafka_record *record, const char *adapter,
	const struct reason *reason, struct kafka_record *ret);
