/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 server over libmicrohttpd (epoll, TLS by GnuTLS). Delivers the
 * head, then the body in pieces, then the end of each request; the answer may
 * come at any time from any thread, and no thread waits for it meanwhile.
 * Knows no URL.
 */
#pragma once

#include "base/clock.h"
#include "base/reason.h"

#include <stdbool.h>
#include <stddef.h>

struct httpd;
struct httpd_request; /* owned by the server until its `done` */

struct httpd_settings {
	const char *address;           /* "127.0.0.1", "::", ... */
	unsigned port;                 /* 0: any free one, see httpd_port */
	const char *certificate, *key; /* PEM files; NULL: plain HTTP */
	const char *client_ca; /* PEM file: client certificates are asked for */
	unsigned threads;
	unsigned connections;          /* at a time; more wait in the kernel */
	unsigned connections_per_peer; /* one more is closed at once */
	instant idle;  /* a connection that sends nothing so long is closed */
	instant whole; /* a request must have arrived within; 0: idle alone */
};

/*
 * What the server asks of its user. All are called on a server thread and must
 * not block. `head` may answer at once (where a body was announced, the
 * connection ends after that answer; what still comes is thrown away for a
 * moment, so that the peer can read it) or return; the body follows. `body` may
 * answer too: the rest is thrown away up to a bound, then the answer is sent.
 * `end` means the body is complete: answer now or later. `done` is called
 * exactly once per request that `head` saw, whether it was answered or the peer
 * went away; after it the request is gone. A request whose length could be read
 * in two ways (both lengths, a repeated one, two hosts) is a 400 that nobody
 * sees.
 */
struct httpd_user {
	void (*head)(void *context, struct httpd_request *request);
	void (*body)(void *context, struct httpd_request *request,
		const void *bytes, size_t size);
	void (*end)(void *context, struct httpd_request *request);
	void (*done)(void *context, struct httpd_request *request);
	void *context;
};

/* CONFIG where the address or a TLS file is none, saying which and why. */
enum status httpd_open(const struct httpd_settings *settings,
	const struct httpd_user *user, struct httpd **ret,
	struct reason *reterr) MUST_CHECK;
/* Reads the TLS files as httpd_open does, and listens nowhere. */
enum status httpd_check(const struct httpd_settings *settings,
	struct reason *reterr) MUST_CHECK;
unsigned httpd_port(const struct httpd *httpd);
/*
 * Reads the TLS files anew. Connections from now on get what they hold, those
 * under way go on; who names itself by a certificate is held against the new
 * authorities at once. CONFIG: what was in force stays. Not for plain HTTP. One
 * caller at a time.
 */
enum status httpd_renew(struct httpd *httpd, struct reason *reterr) MUST_CHECK;
/* True once for each change of the TLS files since they were last looked at. */
bool httpd_files_changed(struct httpd *httpd);
struct httpd_validity {
	instant certificate; /* the first of its chain to end */
	instant client_ca;   /* the last of the authorities; NEVER: none */
};
struct httpd_validity httpd_validity(struct httpd *httpd);
/*
 * Stops taking connections: once it returns, the kernel refuses them. Those
 * under way go on, and so do those that the kernel had let in before, as far
 * as there is room for them. Not at the same time as httpd_close.
 */
void httpd_quiesce(struct httpd *httpd);
/* Ends all connections; every open request gets its `done`. */
void httpd_close(struct httpd **httpd);

const char *httpd_method(const struct httpd_request *request);
/* Percent-decoded by nobody: as it was sent, without the query. */
const char *httpd_path(const struct httpd_request *request);
const char *httpd_query(const struct httpd_request *request, const char *name);
/* Case-blind; NULL where absent. */
const char *httpd_header(const struct httpd_request *request, const char *name);
/* How often the header was sent. */
unsigned httpd_header_count(
	const struct httpd_request *request, const char *name);
void httpd_each_header(const struct httpd_request *request,
	void (*each)(void *context, const char *name, const char *value),
	void *context);
/* Declared Content-Length; -1 where there is none (chunked). */
long long httpd_declared(const struct httpd_request *request);
/* Peer's address as text, without port. */
const char *httpd_peer(const struct httpd_request *request);
enum httpd_client {
	HTTPD_CLIENT_NONE, /* no certificate was shown */
	HTTPD_CLIENT_VERIFIED,
	HTTPD_CLIENT_EXPIRED,   /* or not valid yet, itself or an issuer */
	HTTPD_CLIENT_UNTRUSTED, /* not of our authorities, or not for clients */
};
/* What the client's certificate is worth now, by the authorities now in force;
 * `ret_name` is its subject (RFC 4514) where VERIFIED, else NULL. */
enum httpd_client httpd_client(
	const struct httpd_request *request, const char **ret_name);

/* The user's own pointer, for its state of this request. */
void httpd_set_state(struct httpd_request *request, void *state);
void *httpd_state(const struct httpd_request *request);

struct httpd_answer {
	unsigned code;
	const char *type; /* Content-Type; NULL: none */
	const void *body;
	size_t size;
	unsigned retry_after; /* seconds; 0: no header */
	bool close;           /* close the connection after the answer */
};
/* From any thread, once per request; the body is copied. */
void httpd_reply(
	struct httpd_request *request, const struct httpd_answer *answer);
/* Closes the connection with no answer at all (for senders that read none). */
void httpd_drop(struct httpd_request *request);
