/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "daemon/common.h"
#include "edge/network.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)
#define AT(member) offsetof(struct ingest_settings, member)

static const struct setting table[] = {
	SETTINGS_COMMON(struct ingest_settings),
	{"listen-address", SETTING_TEXT, "127.0.0.1", 0, 0, true, false, false,
		AT(listen_address), "address that takes deliveries"},
	{"listen-port", SETTING_INTEGER, "8080", 0, 65535, false, false, false,
		AT(listen_port), "its port; 0 takes a free one and logs it"},
	{"tls-certificate", SETTING_TEXT, "", 0, 0, false, false, false,
		AT(tls_certificate),
		"PEM file of the server's certificate and its issuers; read "
		"again when it changes, as the two below"},
	{"tls-key", SETTING_TEXT, "", 0, 0, false, false, false, AT(tls_key),
		"PEM file of its key"},
	{"client-ca", SETTING_TEXT, "", 0, 0, false, false, false,
		AT(client_ca),
		"PEM file of who signs client certificates of sources"},
	{"trusted-proxies", SETTING_TEXT, "", 0, 0, false, false, false,
		AT(trusted_proxies),
		"address ranges, comma-separated, of proxies whose "
		"X-Forwarded-For and X-Forwarded-Proto are believed"},
	{"insecure", SETTING_BOOL, "false", 0, 0, false, false, false,
		AT(insecure),
		"plain HTTP although others can reach the address: TLS ends "
		"in front of us"},
	{"sources", SETTING_TEXT, "", 0, 0, false, false, true, AT(sources),
		"file that says who may send (docs/sources.md); must be set"},
	{"subjects", SETTING_TEXT, "", 0, 0, false, false, true, AT(subjects),
		"file that maps tools' names to services"},
	{"spool-dir", SETTING_TEXT, "", 0, 0, false, false, false,
		AT(spool_dir),
		"folder on a disk that stays, where deliveries wait while "
		"Kafka does not take them; must be set"},
	{"spool-size", SETTING_SIZE, "1GiB", MIB, 1024 * GIB, false, false,
		false, AT(spool_size), "most bytes of deliveries in it"},
	{"ack-deadline", SETTING_DURATION, "2s", INSTANT_SECOND / 10,
		INSTANT_MINUTE, false, false, false, AT(ack_deadline),
		"how long Kafka may take before a delivery goes to the spool"},
	{"threads", SETTING_INTEGER, "2", 1, 64, false, false, false,
		AT(threads), "threads that serve HTTP"},
	{"connections", SETTING_INTEGER, "2000", 64, 100000, false, false,
		false, AT(connections), "most connections at a time"},
	{"connections-per-peer", SETTING_INTEGER, "1000", 1, 100000, false,
		false, false, AT(connections_per_peer),
		"most connections of one address"},
	{"in-flight", SETTING_SIZE, "256MiB", 128 * MIB, 64 * GIB, false, false,
		false, AT(in_flight), "most bytes of bodies in memory"},
	{"in-flight-per-source", SETTING_SIZE, "128MiB", 64 * MIB, 64 * GIB,
		false, false, false, AT(in_flight_per_source),
		"most of them for one source"},
	{"unauthenticated-budget", SETTING_SIZE, "8MiB", MIB, GIB, false, false,
		false, AT(unauthenticated_budget),
		"most bytes of bodies, of one peer (IPv4 address or IPv6 "
		"/64), whose signature is not verified yet"},
	{"request-deadline", SETTING_DURATION, "30s", INSTANT_SECOND,
		INSTANT_HOUR, false, false, false, AT(request_deadline),
		"how long a whole request may take to arrive"},
	{"heartbeat-every", SETTING_DURATION, "60s", INSTANT_SECOND,
		INSTANT_DAY, false, false, false, AT(heartbeat_every),
		"how often this process says that it lives"},
	{"counts-every", SETTING_DURATION, "60s", INSTANT_SECOND, INSTANT_DAY,
		false, false, false, AT(counts_every),
		"how often it says what came from each source"},
	{"instance", SETTING_TEXT, "", 0, 0, false, false, false, AT(instance),
		"name of this process among its like; the host's otherwise"},
#if POSTERN_TESTING
	{"answer-at-enqueue", SETTING_BOOL, "false", 0, 0, false, false, false,
		AT(answer_at_enqueue),
		"for a measurement: answer before the delivery is durable "
		"(not in release builds)"},
#endif
	{0},
};

static const char *const switches[] = {
	[2 * INGEST_CREATE_TOPICS] = "create-topics",
	"make the topics that are missing, and exit",
	[2 * INGEST_CHECK_TOPICS] = "check-topics",
	"compare the topics with what is wanted, say how durable they are, "
	"and exit",
	[2 * INGEST_CREATE_ACLS] = "create-acls",
	"allow kafka-principal what this service does on Kafka, and exit",
	NULL,
};

static struct settings_program program(
	struct arena *arena, struct ingest_settings *settings)
{
	return (struct settings_program){.service = "ingest",
		.sentence = "takes deliveries of tools, makes evidence of them",
		.table = table,
		.switches = switches,
		.values = settings,
		.arena = arena};
}

static bool is_loopback(const char *address)
{
	struct network own[2];

	return strcmp(address, "localhost") == 0 ||
	       (network_parse("127.0.0.0/8", &own[0]) &&
		       network_holds(&own[0], address)) ||
	       (network_parse("::1", &own[1]) &&
		       network_holds(&own[1], address));
}

/* Not required by the table: making topics needs neither. */
static enum status check_given(
	const struct ingest_settings *settings, struct reason *reterr)
{
	if (settings->sources && settings->spool_dir)
		return OK;
	reason_set(reterr, settings->sources ? "spool-dir" : "sources",
		"must be set: see --help");
	return CONFIG;
}

static enum status check_listening(
	const struct ingest_settings *settings, struct reason *reterr)
{
	if (settings->connections < settings->threads) {
		reason_set(reterr, "connections", "is below threads");
		return CONFIG;
	}
	if (settings->in_flight_per_source > settings->in_flight) {
		reason_set(reterr, "in-flight-per-source",
			"is more than in-flight");
		return CONFIG;
	}
	if (settings->tls_certificate || settings->insecure ||
		is_loopback(settings->listen_address))
		return OK;
	reason_set(reterr, "listen-address",
		"others can reach %s, and what they send would not be "
		"encrypted: set tls-certificate and tls-key, or insecure: "
		"true where TLS ends in front of us",
		settings->listen_address);
	return CONFIG;
}

/* It becomes part of a source's name: a-z 0-9 - . _ */
static void name_instance(struct arena *arena, struct ingest_settings *settings)
{
	char host[65] = "";
	char *name;

	if (!settings->instance && gethostname(host, sizeof(host) - 1) == 0)
		settings->instance = host;
	name = arena_string(arena, settings->instance && *settings->instance
					   ? settings->instance
					   : "unnamed");
	utf8_cut(name, SOURCE_NAME_MAX - 10);
	for (char *c = name; *c; c++)
		*c = isalnum((unsigned char)*c) || strchr("-._", *c)
			     ? (char)tolower((unsigned char)*c)
			     : '-';
	settings->instance = name;
}

enum status ingest_settings_load(struct arena *arena, int argc, char **argv,
	struct ingest_settings *ret, enum settings_wish *ret_wish,
	int *ret_switch, struct reason *reterr)
{
	struct settings_program loaded = program(arena, ret);
	enum status status = settings_load(
		&loaded, argc, argv, ret_wish, ret_switch, reterr);

	if (status != OK || *ret_wish == SETTINGS_DONE)
		return status;
	name_instance(arena, ret);
	ret->group = arena_printf(arena, "%s-ingest", ret->common.topic_prefix);
	status = common_log(&ret->common, reterr);
	if (status == OK)
		status = common_kafka(
			arena, &ret->common, "ingest", &ret->kafka, reterr);
	if (status != OK || *ret_wish == SETTINGS_SWITCH ||
		*ret_wish == SETTINGS_HEALTH || *ret_wish == SETTINGS_ALIVE)
		return status;
	status = check_given(ret, reterr);
	if (status == OK)
		status = proxies_parse(
			arena, ret->trusted_proxies, &ret->proxies, reterr);
	if (status == OK)
		status = check_listening(ret, reterr);
	return status;
}

int ingest_settings_print(struct arena *arena, struct ingest_settings *settings)
{
	struct settings_program loaded = program(arena, settings);
	struct strbuf out;

	strbuf_init(&out, 1u << 16);
	settings_print(&loaded, &out);
	fputs(out.text, stdout);
	strbuf_release(&out);
	return 0;
}

struct httpd_settings ingest_httpd(const struct ingest_settings *settings)
{
	return (struct httpd_settings){
		.address = settings->listen_address,
		.port = (unsigned)settings->listen_port,
		.certificate = settings->tls_certificate,
		.key = settings->tls_key,
		.client_ca = settings->client_ca,
		.threads = (unsigned)settings->threads,
		.connections = (unsigned)settings->connections,
		.connections_per_peer =
			(unsigned)settings->connections_per_peer,
		.idle = settings->request_deadline,
		.whole = settings->request_deadline,
	};
}

struct budget_settings ingest_budget(const struct ingest_settings *settings)
{
	return (struct budget_settings){
		.total = (size_t)settings->in_flight,
		.per_source = (size_t)settings->in_flight_per_source,
		.per_peer = (size_t)settings->unauthenticated_budget,
	};
}
