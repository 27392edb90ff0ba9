/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of a sink: open, send, close. A sink carries messages out and
 * says what came of each; it never decides who hears what (routes do), when it
 * is tried again (the dispatcher does) or what is remembered (tables do).
 * To add one: sinks/<name>.c with `const struct sink sink_<name>` at its foot,
 * its test, a row in docs/sinks.md.
 */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/reason.h"
#include "model/notice.h"
#include "model/verdict.h"

struct sink_key {
	const char *name;
	const char *secret;
};

/* One instance of a sink, as routes.yaml has it. */
struct sink_settings {
	const char *name;              /* of the sink */
	const char *url;               /* without a slash at its end */
	const char *ca;                /* NULL: the system's */
	const char *certificate, *key; /* NULL: none */
	const char *user, *password;   /* basic authentication; NULL: none */
	const char *bearer;            /* NULL: none */
	const struct sink_key *keys;   /* one per party */
	size_t key_count;
	const char *source; /* how this Postern calls itself there */
	instant timeout;    /* of one request */
	instant ends_ahead; /* how long an alert stands without a refresh */
	instant watchdog_ends_ahead;
};

enum sink_result {
	SINK_UNTRIED, /* it was not its turn: the instance went away before */
	SINK_DELIVERED,
	SINK_AGAIN,  /* this notice did not get through: later */
	SINK_AWAY,   /* nor would another: the instance is away */
	SINK_BARRED, /* it refuses us: credentials, rights, a wrong address */
	SINK_FAILED, /* never will: this notice is refused for what it is */
};

struct sink_outcome {
	enum sink_result result;
	long code;     /* HTTP status; 0: none */
	bool doubtful; /* no answer, yet it may have arrived */
	instant wait;  /* what the other side asked for; 0: nothing */
	char why[300]; /* no secret, no header */
};

/* The other side's names for it; NULL: none. */
struct sink_link {
	const char *alert;
	const char *case_id;
	int64_t case_number;
};

struct sink_notice {
	enum notice_action action;
	const struct verdict_record *verdict; /* newest; NULL: the watchdog */
	const char *episode;
	const char *role, *party;
	const char *party_key; /* which of the keys; "": the only one */
	const char *labels;    /* the exact label set, JSON object */
	instant opened;
	instant ended;         /* INSTANT_NEVER: it stands */
	bool doubtful;         /* an earlier try may have arrived */
	struct sink_link link; /* in and out; new texts in the call's arena */
	struct sink_outcome outcome;
};

/*
 * Asked before every single request: OK means that at this moment nobody else
 * may speak to this instance for `limit` from now. Anything else is handed up
 * by `send` at once.
 */
struct sink_permit {
	enum status (*ask)(void *context, instant limit, struct reason *reterr);
	void *context;
};

struct sink_line; /* an open way to one instance; each sink has its own */

struct sink {
	const char *name;           /* kind in routes.yaml = file */
	const char *const *options; /* what it takes there, NULL ends */
	bool has_urls;
	bool by_labels; /* a label set is an alert's identity */
	bool refreshes; /* forgets what is not said again */
	bool cases;     /* an alert may become a case */
	size_t batch;   /* notices of one send */
	instant timeout;
	/* CONFIG where a file or a setting is wrong. */
	enum status (*open)(const struct sink_settings *settings,
		struct sink_line **ret, struct reason *reterr);
	/*
	 * Fills the outcome of every notice and returns OK; or hands up what
	 * the permit answered, outcomes being void then. `now` is the wall
	 * clock.
	 */
	enum status (*send)(struct sink_line *line,
		const struct sink_permit *permit, struct arena *arena,
		instant now, struct sink_notice *notices, size_t count,
		struct reason *reterr);
	/* Asks whether the instance would hear us, for `postern doctor`;
	 * changes nothing there. NULL where there is nobody to ask. */
	void (*look)(struct sink_line *line, struct arena *arena,
		struct sink_outcome *ret);
	void (*close)(struct sink_line **line);
};

/* Generated from sinks/. */
extern const struct sink *const sink_table[];
extern const size_t sink_table_size;
/* NULL where there is none of that name. */
const struct sink *sink_find(const char *name);

/* Sets result, code and why; `why` is cut. */
void sink_say(struct sink_outcome *outcome, enum sink_result result, long code,
	const char *fmt, ...) PRINTF(4, 5);
