/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a broker takes us, asked once at the start. A broker that is down is
 * no mistake of ours and waits for nobody; one that refuses our credentials, or
 * whose certificate we refuse, will do so until somebody changes a setting.
 */
#pragma once

#include "wire/kafka.h"

/*
 * OK: a broker took us. RETRY: none answered within `wait`, or all are down
 * (said as soon as that is known). CONFIG: one is there, and it refuses us or
 * we refuse it; `reterr` says which, why and what to look at.
 */
enum status kafka_try(const struct kafka_settings *settings, instant wait,
	struct reason *reterr) MUST_CHECK;
