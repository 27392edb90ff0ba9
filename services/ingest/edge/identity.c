/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/identity.h"

#include "base/log.h"
#include "base/memory.h"
#include "meters.h"

#include <pthread.h>
#include <stdio.h>

#define LOOK_EVERY (2 * INSTANT_SECOND)

struct identity {
	struct httpd *httpd;
	const char *certificate;
	struct health *health;
	struct metrics *metrics;
	int check;
	pthread_mutex_t lock; /* one renewal at a time */
	instant looked;
	bool refused; /* what lies on disk is not what is in force */
	struct reason why;
};

/* Well in any case: to turn senders away loses what they send. */
static void report(struct identity *identity)
{
	struct httpd_validity validity = httpd_validity(identity->httpd);
	instant now = clock_now(&clock_wall);
	char text[INSTANT_TEXT], sentence[200];

	instant_format(validity.certificate, text);
	if (identity->refused)
		snprintf(sentence, sizeof(sentence),
			"older one in force, until %s: %.60s %.80s", text,
			identity->why.place, identity->why.sentence);
	else if (now >= validity.certificate)
		snprintf(sentence, sizeof(sentence),
			"expired on %s, senders refuse it: renew it", text);
	else
		snprintf(sentence, sizeof(sentence), "valid until %s", text);
	health_set(identity->health, identity->check, true, sentence);
	metric_set(identity->metrics, METER_CERTIFICATE_ENDS, "server",
		validity.certificate / INSTANT_SECOND);
	if (validity.client_ca != INSTANT_NEVER)
		metric_set(identity->metrics, METER_CERTIFICATE_ENDS,
			"client-ca", validity.client_ca / INSTANT_SECOND);
	metric_set(identity->metrics, METER_CERTIFICATE_REFUSED, NULL,
		identity->refused);
}

struct identity *identity_new(struct httpd *httpd, const char *certificate,
	struct health *health, struct metrics *metrics)
{
	struct identity *identity = memory_new(sizeof(*identity));

	identity->httpd = httpd;
	identity->certificate = certificate;
	identity->health = health;
	identity->metrics = metrics;
	identity->check = health_check(health, "certificate", 0);
	pthread_mutex_init(&identity->lock, NULL);
	report(identity);
	return identity;
}

void identity_free(struct identity **identity)
{
	if (!*identity)
		return;
	pthread_mutex_destroy(&(*identity)->lock);
	memory_free(*identity);
	*identity = NULL;
}

static void renew(struct identity *identity)
{
	char text[INSTANT_TEXT];

	identity->refused = httpd_renew(identity->httpd, &identity->why) != OK;
	instant_format(httpd_validity(identity->httpd).certificate, text);
	if (identity->refused)
		log_reason(
			LOG_ERROR, "INGEST-CERTIFICATE-KEPT", &identity->why);
	else
		log_line(LOG_INFO, "INGEST-CERTIFICATE-RENEWED",
			LOG_TEXT("certificate", identity->certificate),
			LOG_TEXT("until", text));
	report(identity);
}

void identity_look(struct identity *identity)
{
	if (!identity)
		return;
	pthread_mutex_lock(&identity->lock);
	if (clock_monotonic() - identity->looked >= LOOK_EVERY) {
		identity->looked = clock_monotonic();
		if (httpd_files_changed(identity->httpd))
			renew(identity);
		else
			report(identity);
	}
	pthread_mutex_unlock(&identity->lock);
}

void identity_renew(struct identity *identity)
{
	if (!identity)
		return;
	pthread_mutex_lock(&identity->lock);
	renew(identity);
	pthread_mutex_unlock(&identity->lock);
}
