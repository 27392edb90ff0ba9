/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For sinks/thehive.c and hive_*.c only: TheHive 4 by its v0 API, the one that
 * takes observables with an alert. What it answers is not what it seems: a
 * second creation is refused only if the first is some time ago, a member that
 * cannot be changed is dropped with a 200, an alert that exists may be a 404
 * under load.
 */
#pragma once

#include "sink.h"
#include "wire/httpc.h"
#include "wire/json.h"

#define HIVE_TYPE "postern"
#define HIVE_TITLE_MAX 512
#define HIVE_TAG_MAX 128
#define HIVE_DESCRIPTION_MAX 60000 /* a body of 256 kB is refused */
#define HIVE_REF 33

struct hive_key {
	const char *name;    /* "": of parties that name none */
	char *authorization; /* the whole header */
	bool refused;        /* within this send */
};

struct hive {
	struct httpc *httpc;
	char *url;
	char *source;
	instant timeout;
	struct hive_key *keys;
	size_t key_count;
};

/* One notice being told. */
struct hive_talk {
	struct hive *hive;
	struct hive_key *key;
	const struct sink_permit *permit;
	struct arena *arena;
	struct sink_notice *notice;
	char ref[HIVE_REF];
	struct reason *reterr;
};

/* --- hive_text.c: pure --- */

/* First 32 hex digits of the episode's id; of its hash where it is no hex. */
void hive_ref(const char *episode, char ret[HIVE_REF]);
/* 1 low to 4 critical. */
int64_t hive_severity(enum severity severity);
const char *hive_title(
	struct arena *arena, const struct verdict_record *verdict);
/* Everything we have to say, between two marks; at most `max` bytes. */
const char *hive_description(struct arena *arena,
	const struct sink_notice *notice, const char *ref, size_t max);
/* `text` with what stands between our marks replaced, or added at its end;
 * what people wrote stays. */
const char *hive_describe(struct arena *arena, const char *text,
	const char *ref, const char *ours);
/* Ours, and those of `others` (an array that was read) that are not ours. */
struct json_node *hive_tags(struct json_maker *maker, struct arena *arena,
	const struct sink_notice *notice, const struct json *others);
/* Whether all of ours are among `tags`. */
bool hive_tagged(struct arena *arena, const struct sink_notice *notice,
	const struct json *tags);
/* Observables without repeats, those of `there` left out; NULL: none left. */
struct json_node *hive_artifacts(struct json_maker *maker, struct arena *arena,
	const struct verdict_record *verdict, const struct json *there);

/* --- hive_call.c --- */

enum hive_came {
	HIVE_WELL,    /* 2xx with JSON */
	HIVE_EXISTS,  /* there is one of this triple */
	HIVE_MISSING, /* 404 of a thing, which may exist all the same */
	HIVE_LARGE,   /* 413 */
	HIVE_REFUSED, /* 400 of another kind: never will do */
	HIVE_ODD,     /* an error of its own, about this alert */
	HIVE_AWAY,    /* no answer, or not TheHive's */
	HIVE_BARRED,  /* credentials, rights, address */
};

struct hive_answer {
	enum hive_came came;
	long code;
	const struct json *json; /* NULL unless HIVE_WELL */
	bool doubtful;           /* it may have been carried out */
	instant wait;
	const char *why; /* "" where all is well */
};

/* Asks the permit, sends, sorts the answer. `body` NULL: none. Other than OK:
 * what the permit said. */
enum status hive_call(struct hive_talk *talk, const char *method,
	const char *path, const char *body, size_t size,
	struct hive_answer *ret) MUST_CHECK;
/* Sorts an answer; pure. */
void hive_judge(struct arena *arena, const struct httpc_answer *answer,
	struct hive_answer *ret);
/* The notice's outcome where an answer ends the talk. */
void hive_give_up(struct hive_talk *talk, const struct hive_answer *answer);

/* --- hive_look.c --- */

struct hive_alert {
	const char *id;
	const char *case_id; /* NULL: not imported */
	const char *description;
	const struct json *json;
};

/* Reads an alert that was answered; false where it is none. */
bool hive_read_alert(const struct json *json, struct hive_alert *ret);
/*
 * The alert of the notice's triple. Where there may be several (it was created
 * in doubt, its id is not known) all of them are found, the lowest id (an
 * imported one before others) is kept and the rest are marked as read
 * duplicates. `ret_found` false: there is none, also after a second look.
 * Unless `ret_answer` came well, that answer ends the talk.
 */
enum status hive_look(struct hive_talk *talk, bool all, struct hive_alert *ret,
	bool *ret_found, struct hive_answer *ret_answer) MUST_CHECK;

/* --- hive_case.c --- */

/* Rewrites our part of the case's description; resolves the case where its
 * cause is gone, we opened it and it is open. Sets the notice's outcome. */
enum status hive_tell_case(struct hive_talk *talk, const char *ours) MUST_CHECK;
