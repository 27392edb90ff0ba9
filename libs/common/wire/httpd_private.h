/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Only wire/httpd*.c may include this: a server, one request of it, the door
 * that takes connections, and the watch that ends slow peers and lets refused
 * ones read their answer.
 */
#pragma once

#include "wire/httpd.h"
#include "wire/httpd_identity.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* What one connection holds at most for its head; bodies pass through it. */
#define HTTPD_MEMORY (64u << 10)
/* What is thrown away after an answer that came before the body's end. */
#define HTTPD_DRAIN_MAX (4u << 20)
#define HTTPD_PEER 64

struct httpd_door;
struct httpd_link;
struct httpd_watch;

struct httpd {
	struct MHD_Daemon *daemon;
	struct httpd_user user;
	struct httpd_door *door;
	struct httpd_watch *watch;
	unsigned port;
	bool tls;
	struct httpd_settings files; /* the names of its TLS files, ours */
	uint64_t stamp;              /* of the files when last looked at */
	pthread_mutex_t identity_lock;
	struct httpd_identity *identity;
	/* Guards the two below and every request's `suspended`. */
	pthread_mutex_t lock;
	bool closing;
	struct httpd_request *suspended;
};

struct httpd_request {
	struct httpd *httpd;
	struct MHD_Connection *connection;
	struct httpd_link *link;
	char *path;
	const char *method;
	void *state;
	char peer[HTTPD_PEER];
	long long declared;
	size_t drained;
	bool headed;    /* the head was looked at */
	bool seen;      /* the user was told: `done` is owed */
	bool ended;     /* the body is complete */
	bool has_body;  /* one was announced */
	bool suspended; /* in httpd->suspended */
	atomic_bool answered;
	bool drop;
	struct MHD_Response *response;
	unsigned code;
	struct httpd_request *next, *previous;
};

/* Callbacks of libmicrohttpd, in httpd_request.c. */
void *httpd_on_uri(
	void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result httpd_on_request(void *context,
	struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *bytes, size_t *size, void **request);
void httpd_on_completed(void *context, struct MHD_Connection *connection,
	void **request, enum MHD_RequestTerminationCode how);

/* Callback of libmicrohttpd, in httpd_watch.c. */
void httpd_on_connection(void *context, struct MHD_Connection *connection,
	void **link, enum MHD_ConnectionNotificationCode what);

/*
 * Owns the listening socket, which is not to block. Lets in `most` connections
 * at a time, more wait in the kernel until one has left; and `most_per_peer` of
 * one address, one more is closed. False, with errno: there is no door. Nothing
 * may be handed to the daemon once it stops, so shut first; then the kernel
 * refuses, and the daemon is at work on those let in before.
 */
struct httpd_door *httpd_door_new(
	int fd, unsigned most, unsigned most_per_peer);
bool httpd_door_open(struct httpd_door *door, struct MHD_Daemon *daemon);
/* The library has begun with one; so it has with all when shut returns. */
void httpd_door_begun(struct httpd_door *door);
void httpd_door_left(struct httpd_door *door, const struct sockaddr *from);
void httpd_door_shut(struct httpd_door *door);
void httpd_door_free(struct httpd_door **door);

/* NULL, with errno: it has no thread. */
struct httpd_watch *httpd_watch_new(instant idle, instant whole);
void httpd_watch_free(struct httpd_watch **watch);
struct httpd_link *httpd_link_of(struct MHD_Connection *connection);
/* What the connection is at, which decides how long it may take. */
enum httpd_phase { PHASE_WAITING, PHASE_BODY, PHASE_ANSWERING };
void httpd_link_phase(struct httpd_link *link, enum httpd_phase phase);
/* After the connection's end its peer may still read what was answered. */
void httpd_link_linger(struct httpd_link *link);
/* As httpd_client; asks again when the authorities have changed. */
enum httpd_client httpd_link_client(struct httpd *httpd,
	struct httpd_link *link, struct MHD_Connection *connection,
	const char **ret_name);
/* A reference to what is in force; NULL: plain HTTP. */
struct httpd_identity *httpd_identity_now(struct httpd *httpd);
