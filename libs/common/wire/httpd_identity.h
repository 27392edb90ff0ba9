/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only wire/httpd*.c may include this: who the server is, and whom it believes
 * when a client names itself. Made of files, replaced as a whole while the
 * server runs; each connection keeps the one that it began with.
 */
#pragma once

#include "wire/httpd.h"

#include <gnutls/gnutls.h>

struct httpd_identity;

/* CONFIG with the file as place: none, no PEM, a key that is another
 * certificate's, out of its time at `now`. */
enum status httpd_identity_read(const struct httpd_settings *settings,
	instant now, struct httpd_identity **ret,
	struct reason *reterr) MUST_CHECK;
struct httpd_identity *httpd_identity_ref(struct httpd_identity *identity);
/* Accepts NULL, leaves NULL. */
void httpd_identity_unref(struct httpd_identity **identity);
/* PEM texts, for the library's own start. */
char *httpd_identity_certificate(const struct httpd_identity *identity);
char *httpd_identity_key(const struct httpd_identity *identity);
struct httpd_validity httpd_identity_validity(
	const struct httpd_identity *identity);
/* What a session that has not begun its handshake will show and ask for. The
 * identity must outlive the session. */
void httpd_identity_arm(
	const struct httpd_identity *identity, gnutls_session_t session);
/*
 * What the peer showed, held against the authorities of this identity, which
 * need not be the session's. `ret_name` is to be freed by gnutls_free and is
 * NULL unless VERIFIED, then good until `ret_until`.
 */
enum httpd_client httpd_identity_verify(const struct httpd_identity *identity,
	gnutls_session_t session, char **ret_name, instant *ret_until);
