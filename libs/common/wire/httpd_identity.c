/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/httpd_identity.h"

#include "base/bug.h"
#include "base/memory.h"
#include "wire/crypto.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define PEM_MAX (1u << 20)
#define CHAIN_MAX 16

struct httpd_identity {
	atomic_int references;
	gnutls_certificate_credentials_t credentials;
	char *certificate, *key, *client_ca; /* the files' contents */
	struct httpd_validity validity;
};

static enum status read_pem(const char *path, char **ret, struct reason *reterr)
{
	FILE *file;
	char *text;
	size_t length;

	if (!path)
		return OK;
	file = fopen(path, "re");
	if (!file) {
		reason_set(reterr, path, "cannot be read: %s", strerror(errno));
		return CONFIG;
	}
	text = memory_new(PEM_MAX + 1);
	length = fread(text, 1, PEM_MAX, file);
	fclose(file);
	if (length == 0 || !strstr(text, "-----BEGIN ")) {
		memory_free(text);
		reason_set(reterr, path, "holds no PEM text");
		return CONFIG;
	}
	*ret = text;
	return OK;
}

static gnutls_datum_t datum(char *text)
{
	return (gnutls_datum_t){(unsigned char *)text, (unsigned)strlen(text)};
}

static instant instant_of(time_t time)
{
	return time == (time_t)-1 ? INSTANT_NEVER
				  : (instant)time * INSTANT_SECOND;
}

struct span {
	unsigned count;
	instant begins, ends; /* when all of them are valid */
	instant last;         /* when the last one of them ends */
};

static enum status span_of(
	const char *path, char *pem, struct span *ret, struct reason *reterr)
{
	gnutls_datum_t text = datum(pem);
	gnutls_x509_crt_t *rows = NULL;
	unsigned count = 0;
	int failed = gnutls_x509_crt_list_import2(
		&rows, &count, &text, GNUTLS_X509_FMT_PEM, 0);

	if (failed < 0 || count == 0) {
		reason_set(reterr, path, "holds no certificate: %s",
			gnutls_strerror(failed));
		return CONFIG;
	}
	*ret = (struct span){count, 0, INSTANT_NEVER, 0};
	for (unsigned i = 0; i < count; i++) {
		instant from = instant_of(
			gnutls_x509_crt_get_activation_time(rows[i]));
		instant to = instant_of(
			gnutls_x509_crt_get_expiration_time(rows[i]));

		if (from > ret->begins)
			ret->begins = from;
		if (to < ret->ends)
			ret->ends = to;
		if (to > ret->last)
			ret->last = to;
		gnutls_x509_crt_deinit(rows[i]);
	}
	gnutls_free(rows);
	return OK;
}

static enum status in_time(const char *path, instant begins, instant ends,
	instant now, struct reason *reterr)
{
	char text[INSTANT_TEXT];

	if (now >= begins && now < ends)
		return OK;
	instant_format(now < begins ? begins : ends, text);
	if (now < begins)
		reason_set(reterr, path,
			"is a certificate that is not valid before %s: is the "
			"clock right?",
			text);
	else
		reason_set(reterr, path,
			"is a certificate that expired on %s: renew it", text);
	return CONFIG;
}

static enum status take_pair(struct httpd_identity *identity,
	const struct httpd_settings *settings, instant now,
	struct reason *reterr)
{
	gnutls_datum_t certificate = datum(identity->certificate);
	gnutls_datum_t key = datum(identity->key);
	struct span span;
	enum status status = span_of(
		settings->certificate, identity->certificate, &span, reterr);
	int failed;

	if (status != OK)
		return status;
	failed = gnutls_certificate_set_x509_key_mem2(identity->credentials,
		&certificate, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (failed == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
		reason_set(reterr, settings->key,
			"is not the key of the certificate in %.150s",
			settings->certificate);
	else if (failed < 0)
		reason_set(reterr, settings->key, "cannot be used: %s",
			gnutls_strerror(failed));
	if (failed < 0)
		return CONFIG;
	identity->validity.certificate = span.ends;
	return in_time(
		settings->certificate, span.begins, span.ends, now, reterr);
}

/* Of authorities one may be on its way out: all of them must have ended. */
static enum status take_authorities(struct httpd_identity *identity,
	const struct httpd_settings *settings, instant now,
	struct reason *reterr)
{
	gnutls_datum_t text;
	struct span span;
	enum status status;
	int taken;

	if (!identity->client_ca)
		return OK;
	status = span_of(
		settings->client_ca, identity->client_ca, &span, reterr);
	if (status != OK)
		return status;
	text = datum(identity->client_ca);
	taken = gnutls_certificate_set_x509_trust_mem(
		identity->credentials, &text, GNUTLS_X509_FMT_PEM);
	if (taken <= 0) {
		reason_set(reterr, settings->client_ca, "cannot be used: %s",
			gnutls_strerror(taken));
		return CONFIG;
	}
	identity->validity.client_ca = span.last;
	return in_time(settings->client_ca, 0, span.last, now, reterr);
}

enum status httpd_identity_read(const struct httpd_settings *settings,
	instant now, struct httpd_identity **ret, struct reason *reterr)
{
	struct httpd_identity *identity = memory_new(sizeof(*identity));
	enum status status;

	atomic_store(&identity->references, 1);
	identity->validity =
		(struct httpd_validity){INSTANT_NEVER, INSTANT_NEVER};
	if (gnutls_certificate_allocate_credentials(&identity->credentials) < 0)
		BUG("no memory for credentials");
	status =
		read_pem(settings->certificate, &identity->certificate, reterr);
	if (status == OK)
		status = read_pem(settings->key, &identity->key, reterr);
	if (status == OK)
		status = read_pem(
			settings->client_ca, &identity->client_ca, reterr);
	if (status == OK)
		status = take_pair(identity, settings, now, reterr);
	if (status == OK)
		status = take_authorities(identity, settings, now, reterr);
	if (status != OK) {
		httpd_identity_unref(&identity);
		return status;
	}
	*ret = identity;
	return OK;
}

struct httpd_identity *httpd_identity_ref(struct httpd_identity *identity)
{
	if (identity)
		atomic_fetch_add(&identity->references, 1);
	return identity;
}

void httpd_identity_unref(struct httpd_identity **ref)
{
	struct httpd_identity *identity = *ref;

	*ref = NULL;
	if (!identity || atomic_fetch_sub(&identity->references, 1) > 1)
		return;
	gnutls_certificate_free_credentials(identity->credentials);
	if (identity->key)
		crypto_wipe(identity->key, strlen(identity->key));
	memory_free(identity->certificate);
	memory_free(identity->key);
	memory_free(identity->client_ca);
	memory_free(identity);
}

char *httpd_identity_certificate(const struct httpd_identity *identity)
{
	return identity->certificate;
}

char *httpd_identity_key(const struct httpd_identity *identity)
{
	return identity->key;
}

struct httpd_validity httpd_identity_validity(
	const struct httpd_identity *identity)
{
	return identity->validity;
}

void httpd_identity_arm(
	const struct httpd_identity *identity, gnutls_session_t session)
{
	int failed = gnutls_credentials_set(
		session, GNUTLS_CRD_CERTIFICATE, identity->credentials);

	MUST(failed == 0);
	/* Asked for, not required: a source may prove itself otherwise. */
	gnutls_certificate_server_set_request(session,
		identity->client_ca ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_IGNORE);
}

static unsigned import_chain(
	gnutls_session_t session, gnutls_x509_crt_t ret[CHAIN_MAX])
{
	unsigned count = 0, taken = 0;
	const gnutls_datum_t *shown =
		gnutls_certificate_get_peers(session, &count);

	for (; shown && taken < count && taken < CHAIN_MAX; taken++) {
		if (gnutls_x509_crt_init(&ret[taken]) < 0)
			BUG("no memory for a certificate");
		if (gnutls_x509_crt_import(ret[taken], &shown[taken],
			    GNUTLS_X509_FMT_DER) < 0) {
			gnutls_x509_crt_deinit(ret[taken]);
			break;
		}
	}
	return taken;
}

static enum httpd_client judge(const struct httpd_identity *identity,
	gnutls_x509_crt_t *chain, unsigned count)
{
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
	gnutls_x509_trust_list_t trusted;
	unsigned wrong = 0;

	gnutls_certificate_get_trust_list(identity->credentials, &trusted);
	if (gnutls_x509_trust_list_verify_crt2(
		    trusted, chain, count, &purpose, 1, 0, &wrong, NULL) < 0)
		return HTTPD_CLIENT_UNTRUSTED;
	if (wrong & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return HTTPD_CLIENT_EXPIRED;
	return wrong ? HTTPD_CLIENT_UNTRUSTED : HTTPD_CLIENT_VERIFIED;
}

enum httpd_client httpd_identity_verify(const struct httpd_identity *identity,
	gnutls_session_t session, char **ret_name, instant *ret_until)
{
	gnutls_x509_crt_t chain[CHAIN_MAX];
	gnutls_datum_t name = {NULL, 0};
	unsigned count = import_chain(session, chain);
	enum httpd_client client = HTTPD_CLIENT_NONE;

	*ret_until = INSTANT_NEVER;
	if (count > 0 && !identity->client_ca)
		client = HTTPD_CLIENT_UNTRUSTED;
	else if (count > 0)
		client = judge(identity, chain, count);
	if (client == HTTPD_CLIENT_VERIFIED &&
		gnutls_x509_crt_get_dn3(chain[0], &name, 0) < 0)
		client = HTTPD_CLIENT_UNTRUSTED;
	for (unsigned i = 0; i < count; i++) {
		instant ends = instant_of(
			gnutls_x509_crt_get_expiration_time(chain[i]));

		if (ends < *ret_until)
			*ret_until = ends;
		gnutls_x509_crt_deinit(chain[i]);
	}
	*ret_name = (char *)name.data;
	return client;
}
