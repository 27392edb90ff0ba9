/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of one process: one table (key, type, default, bounds, sentence)
 * from which the command line, the environment, the file, --help and the
 * manual page all follow. Precedence: flag, environment
 * (POSTERN_<SERVICE>_<KEY>), --config file, default.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_TEXT,     /* const char *, NULL where empty */
	SETTING_INTEGER,  /* int64_t */
	SETTING_BOOL,     /* bool */
	SETTING_DURATION, /* instant; "15s", "24h" */
	SETTING_SIZE,     /* int64_t bytes; "2MiB", "64KiB" */
	SETTING_MAP,      /* const struct doc *: file only */
};

struct setting {
	const char *key; /* "kafka-brokers": flag, file key; env in capitals */
	enum setting_type type;
	const char *otherwise; /* default, as it would be written */
	int64_t least, most; /* integers, sizes and durations (microseconds) */
	bool required;
	bool secret; /* also KEY-file; never printed */
	bool reloadable;
	size_t offset; /* into the service's struct */
	const char *sentence;
};

struct settings_program {
	const char *service;         /* "ingest" */
	const char *sentence;        /* what the program does, for --help */
	const struct setting *table; /* key NULL ends */
	const char *const
		*switches; /* "create-topics", ... with their sentence */
	void *values;      /* the service's struct; text lives in `arena` */
	struct arena *arena;
};

enum settings_wish {
	SETTINGS_RUN,
	SETTINGS_CHECK,  /* --check: read all, say what would be done, exit */
	SETTINGS_SWITCH, /* one of `switches`; `ret_switch` is its index / 2 */
	SETTINGS_HEALTH, /* --health: ask the running service for /readyz */
	SETTINGS_ALIVE,  /* --alive: the same for /livez; neither of the two
			  * wants the required rows to be set */
	SETTINGS_DONE,   /* --help, --version, --manual: exit 0 */
};
/*
 * REJECT: the command line is wrong, the rest was not looked at (EXIT_USAGE).
 * CONFIG with flag, variable or file:line:column as place. `switches` holds
 * pairs of name and sentence, NULL ends.
 */
enum status settings_load(const struct settings_program *program, int argc,
	char **argv, enum settings_wish *ret, int *ret_switch,
	struct reason *reterr) MUST_CHECK;
/* What is in force, secrets as "***", one "key: value" per line. */
void settings_print(const struct settings_program *program, struct strbuf *out);

/* The rows every service has; SETTINGS_COMMON(struct ingest_settings) */
struct common_settings {
	const char *kafka_brokers;
	const struct doc *kafka_properties;
	const char *kafka_principal;
	const char *topic_prefix;
	const char *admin_address;
	int64_t admin_port;
	const char *log_level;
	const char *log_format;
	int64_t partitions, replication;
	bool flush_each, watch_files;
};
#define SETTINGS_COMMON(type)                                                  \
	{"kafka-brokers", SETTING_TEXT, "127.0.0.1:9092", 0, 0, true, false,   \
		false, offsetof(type, common.kafka_brokers),                   \
		"Kafka brokers to start from, host:port, comma-separated"},    \
		{"kafka-properties", SETTING_MAP, "", 0, 0, false, false,      \
			false, offsetof(type, common.kafka_properties),        \
			"any librdkafka properties, name: value, passed "      \
			"through; name-file: path takes the value from a "     \
			"file, as secrets should be"},                         \
		{"kafka-principal", SETTING_TEXT, "", 0, 0, false, false,      \
			false, offsetof(type, common.kafka_principal),         \
			"whom --create-acls allows what this service does; "   \
			"empty: User:postern- and the service's name"},        \
		{"topic-prefix", SETTING_TEXT, "postern", 0, 0, true, false,   \
			false, offsetof(type, common.topic_prefix),            \
			"what the names of all topics begin with"},            \
		{"admin-address", SETTING_TEXT, "127.0.0.1", 0, 0, true,       \
			false, false, offsetof(type, common.admin_address),    \
			"address of /livez, /readyz and /metrics"},            \
		{"admin-port", SETTING_INTEGER, "0", 0, 65535, false, false,   \
			false, offsetof(type, common.admin_port),              \
			"port of the admin listener; 0 takes a free one and "  \
			"logs it"},                                            \
		{"log-level", SETTING_TEXT, "info", 0, 0, true, false, false,  \
			offsetof(type, common.log_level),                      \
			"debug, info, warn or error"},                         \
		{"log-format", SETTING_TEXT, "logfmt", 0, 0, true, false,      \
			false, offsetof(type, common.log_format),              \
			"logfmt or json"},                                     \
		{"partitions", SETTING_INTEGER, "6", 1, 1000, false, false,    \
			false, offsetof(type, common.partitions),              \
			"partitions of each topic that --create-topics "       \
			"makes"},                                              \
		{"replication", SETTING_INTEGER, "1", 1, 10, false, false,     \
			false, offsetof(type, common.replication),             \
			"replicas of each topic that --create-topics makes"},  \
		{"flush-each", SETTING_BOOL, "true", 0, 0, false, false,       \
			false, offsetof(type, common.flush_each),              \
			"on a single broker, flush each delivery "             \
			"(flush.messages=1)"},                                 \
	{                                                                      \
		"watch-files", SETTING_BOOL, "false", 0, 0, false, false,      \
			false, offsetof(type, common.watch_files),             \
			"take in changed files by itself, as on SIGHUP"        \
	}
