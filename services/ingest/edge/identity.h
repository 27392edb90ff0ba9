/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate that senders see, kept up to date while we run: the files are
 * looked at now and then and when asked, and what is broken is kept out with
 * its reason on /readyz, in the log and as a metric. Any thread.
 */
#pragma once

#include "daemon/health.h"
#include "daemon/metrics.h"
#include "wire/httpd.h"

struct identity;
/* `certificate` is its path, for log lines. */
struct identity *identity_new(struct httpd *httpd, const char *certificate,
	struct health *health, struct metrics *metrics);
void identity_free(struct identity **identity);
/* Renews where the files have changed; cheap. Accepts NULL. */
void identity_look(struct identity *identity);
/* Renews, changed or not. Accepts NULL. */
void identity_renew(struct identity *identity);
