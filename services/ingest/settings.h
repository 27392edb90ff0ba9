/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of ingest: one table, from which --help, the environment, the file
 * and the settings page follow. */
#pragma once

#include "daemon/settings.h"
#include "edge/listener.h"
#include "wire/kafka.h"

struct ingest_settings {
	struct common_settings common;
	const char *listen_address;
	int64_t listen_port;
	const char *tls_certificate, *tls_key, *client_ca;
	const char *trusted_proxies;
	bool insecure;
	const char *sources, *subjects;
	const char *spool_dir;
	int64_t spool_size;
	instant ack_deadline;
	int64_t threads, connections, connections_per_peer;
	int64_t in_flight, in_flight_per_source, unauthenticated_budget;
	instant request_deadline, heartbeat_every, counts_every;
	const char *instance;
	bool answer_at_enqueue; /* test builds only */

	/* Made of the above. */
	struct kafka_settings kafka;
	struct proxies proxies;
	const char *group; /* of those who translate, in all processes */
};

enum ingest_switch {
	INGEST_CREATE_TOPICS,
	INGEST_CHECK_TOPICS,
	INGEST_CREATE_ACLS
};

/* Text lives in `arena`. CONFIG with its place; also what two settings together
 * forbid: plain HTTP on an address that others can reach, and not `insecure`.
 */
enum status ingest_settings_load(struct arena *arena, int argc, char **argv,
	struct ingest_settings *ret, enum settings_wish *ret_wish,
	int *ret_switch, struct reason *reterr) MUST_CHECK;
/* What --check prints: all that is in force, secrets hidden. Returns 0, its
 * exit code. */
int ingest_settings_print(
	struct arena *arena, struct ingest_settings *settings);

struct httpd_settings ingest_httpd(const struct ingest_settings *settings);
struct budget_settings ingest_budget(const struct ingest_settings *settings);
