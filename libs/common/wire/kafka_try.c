/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/kafka_try.h"

#include "base/bug.h"
#include "wire/kafka_private.h"

#include <librdkafka/rdkafka.h>
#include <openssl/x509_vfy.h>
#include <stdatomic.h>
#include <string.h>

#define NOBODY                                                                 \
	"no broker answers: is one there, and is security.protocol in "        \
	"kafka-properties what its listener speaks?"
#define BROKERS_MAX 32
#define PLACE 100
/* Once one has refused us, others may still take us. */
#define GRACE (2 * INSTANT_SECOND)
/* One question to a broker; errors are served between two of them. */
#define TURN_MS 200

/* What the library says on its own threads comes by rd_kafka_poll, on ours;
 * the verdict on a certificate alone comes on a broker's thread. */
struct trying {
	bool refused;
	char away[BROKERS_MAX][PLACE]; /* who could not be reached */
	size_t away_count, brokers;
	atomic_int doubt; /* X509_V_ERR_... of the last certificate; 0: none */
	struct reason why;
};

static const char *doubt_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "its certificate has expired: renew it on the broker";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its certificate is not valid yet: are the clocks "
		       "right?";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "its certificate is another host's: name the broker in "
		       "kafka-brokers, and in its advertised.listeners, as the "
		       "certificate does";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "its certificate leads to no authority that we trust: "
		       "is ssl.ca.location in kafka-properties the right one?";
	default:
		return X509_verify_cert_error_string(error);
	}
}

static int verified(rd_kafka_t *rk, const char *name, int32_t id, int *error,
	int depth, const char *der, size_t size, char *why, size_t why_size,
	void *opaque)
{
	struct trying *trying = opaque;

	(void)rk;
	(void)name;
	(void)id;
	(void)depth;
	(void)der;
	(void)size;
	if (*error == X509_V_OK)
		return 1;
	atomic_store(&trying->doubt, *error);
	snprintf(why, why_size, "%s", doubt_of(*error));
	return 0;
}

/* "sasl_ssl://host:9093/bootstrap: what (after 3ms in state ...)", without TLS
 * or SASL without a scheme: where, and what without the times. */
static void place_of(const char *text, char *place, size_t size,
	const char **ret_what, size_t *ret_length)
{
	const char *colon = strstr(text, ": ");
	const char *scheme = strstr(text, "://");
	const char *host = scheme && scheme < colon ? scheme + 3 : text;
	const char *after;

	snprintf(place, size, "kafka-brokers");
	*ret_what = text;
	if (colon) {
		snprintf(place, size, "broker %.*s", (int)strcspn(host, "/ "),
			host);
		*ret_what = colon + 2;
	}
	after = strstr(*ret_what, "(after ");
	*ret_length = after ? (size_t)(after - *ret_what) : strlen(*ret_what);
	while (*ret_length && (*ret_what)[*ret_length - 1] == ' ')
		--*ret_length;
}

/* A connection that breaks off proves nothing: a balancer with no broker behind
 * it does so, too. A TLS alert is said by somebody. */
static bool is_alert(int err, const char *what)
{
	return (err == RD_KAFKA_RESP_ERR__SSL ||
		       err == RD_KAFKA_RESP_ERR__TRANSPORT) &&
	       (strstr(what, " alert ") ||
		       strstr(what, "wrong version number"));
}

/* The library has a word for "all are down", but seldom says it. */
static void note_away(struct trying *trying, const char *place)
{
	for (size_t i = 0; i < trying->away_count; i++)
		if (strcmp(trying->away[i], place) == 0)
			return;
	if (trying->away_count < BROKERS_MAX)
		snprintf(
			trying->away[trying->away_count++], PLACE, "%s", place);
}

static void failed(rd_kafka_t *rk, int err, const char *text, void *opaque)
{
	struct trying *trying = opaque;
	int doubt = atomic_load(&trying->doubt);
	char place[PLACE];
	const char *what;
	size_t length;

	(void)rk;
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || trying->refused)
		return;
	place_of(text, place, sizeof(place), &what, &length);
	if (err == RD_KAFKA_RESP_ERR__SSL && doubt) {
		reason_set(&trying->why, place, "is not who it should be: %s",
			doubt_of(doubt));
		trying->refused = true;
	} else if (err == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
		reason_set(&trying->why, place,
			"refuses our credentials: %.*s: are sasl.mechanism, "
			"sasl.username and sasl.password(-file) in "
			"kafka-properties the broker's?",
			(int)length, what);
		trying->refused = true;
	} else if (is_alert(err, what)) {
		reason_set(&trying->why, place,
			"refuses our side of TLS: %.*s: are "
			"ssl.certificate.location and ssl.key.location in "
			"kafka-properties set, valid, and from an authority "
			"that it trusts?",
			(int)length, what);
		trying->refused = true;
	} else {
		reason_set(&trying->why, place, "does not answer: %.*s",
			(int)length, what);
		note_away(trying, place);
	}
}

static size_t brokers_of(const char *list)
{
	size_t count = 1;

	for (; *list; list++)
		count += *list == ',';
	return count;
}

static enum status conf_of(const struct kafka_settings *settings,
	struct trying *trying, rd_kafka_conf_t **ret, struct reason *reterr)
{
	enum status status = kafka_conf_make(settings, NULL, NULL, ret, reterr);
	rd_kafka_conf_res_t set;

	if (status != OK)
		return status;
	rd_kafka_conf_set_opaque(*ret, trying);
	rd_kafka_conf_set_error_cb(*ret, failed);
	set = rd_kafka_conf_set_ssl_cert_verify_cb(*ret, verified);
	MUST(set == RD_KAFKA_CONF_OK);
	return OK;
}

static enum status ask(rd_kafka_t *rk, struct trying *trying, instant wait)
{
	instant until = clock_monotonic() + wait;

	while (clock_monotonic() < until) {
		const struct rd_kafka_metadata *metadata;

		if (rd_kafka_metadata(rk, 0, NULL, &metadata, TURN_MS) ==
			RD_KAFKA_RESP_ERR_NO_ERROR) {
			rd_kafka_metadata_destroy(metadata);
			return OK;
		}
		while (rd_kafka_poll(rk, 0) > 0)
			continue;
		if (trying->away_count >= trying->brokers)
			break;
		if (trying->refused && until > clock_monotonic() + GRACE)
			until = clock_monotonic() + GRACE;
	}
	return trying->refused ? CONFIG : RETRY;
}

enum status kafka_try(const struct kafka_settings *settings, instant wait,
	struct reason *reterr)
{
	struct trying trying = {.brokers = brokers_of(settings->brokers),
		.why = {.place = "kafka-brokers", .sentence = NOBODY}};
	rd_kafka_conf_t *conf;
	rd_kafka_t *rk;
	enum status status = conf_of(settings, &trying, &conf, reterr);

	if (status == OK)
		status =
			kafka_handle_make(RD_KAFKA_PRODUCER, conf, &rk, reterr);
	if (status != OK)
		return status;
	status = ask(rk, &trying, wait);
	rd_kafka_destroy(rk);
	if (status != OK)
		*reterr = trying.why;
	return status;
}
