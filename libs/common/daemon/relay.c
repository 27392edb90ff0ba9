/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay's walk: lease, fence, read, produce, commit to Kafka, delete. Why
 * no row can be skipped or overtaken by another of its key although sequence
 * numbers commit out of order: docs/decisions/0005-outbox-order.md.
 */
#include "daemon/relay.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "daemon/lease.h"
#include "wire/kafka_out.h"

#define BATCH_ROWS 1000
#define BATCH_BYTES 4000000
#define ARENA_MAX (64u << 20)
#define KAFKA_WAIT (20 * INSTANT_SECOND)
#define BACK_OFF_MOST (10 * INSTANT_SECOND)

struct relay {
	struct relay_settings settings;
	struct arena *arena; /* of one turn */
	struct arena *life;
	struct lease_holder holder;
	const char *lease; /* name */
	struct pg *pg;
	struct kafka_out *out;
	bool opened;   /* `out` was, at least once */
	int64_t epoch; /* 0: not held */
	instant renewed;
	int check;
};

struct outbox_row {
	const char *seq;
	struct kafka_record record;
};

enum status relay_open(const struct relay_settings *settings,
	struct relay **ret, struct reason *reterr)
{
	struct relay *relay = memory_new(sizeof(*relay));

	(void)reterr;
	MUST(settings->service && settings->transactional_id);
	MUST(settings->lease_time > 0);
	relay->settings = *settings;
	relay->arena = arena_new(ARENA_MAX);
	relay->life = arena_new(1 << 16);
	relay->holder.owner = lease_owner(relay->life);
	relay->holder.time = settings->lease_time;
	relay->lease = arena_printf(relay->life, "%s relay", settings->service);
	if (settings->health)
		relay->check = health_check(
			settings->health, "relay", 4 * settings->lease_time);
	*ret = relay;
	return OK;
}

static void gauge(struct relay *relay)
{
	if (relay->settings.metrics)
		metric_set(relay->settings.metrics, relay->settings.held_row,
			NULL, relay->epoch > 0);
}

static void disconnect(struct relay *relay)
{
	relay->epoch = 0;
	gauge(relay);
	if (relay->out)
		kafka_out_close(&relay->out, 0);
	pg_close(&relay->pg);
}

void relay_close(struct relay **relay)
{
	if (!*relay)
		return;
	disconnect(*relay);
	arena_free(&(*relay)->arena);
	arena_free(&(*relay)->life);
	memory_free(*relay);
	*relay = NULL;
}

static void say(struct relay *relay, bool well, const char *sentence)
{
	if (relay->settings.health)
		health_set(
			relay->settings.health, relay->check, well, sentence);
}

static enum status connect(struct relay *relay, struct reason *reterr)
{
	enum status status = OK;

	if (relay->pg && !pg_alive(relay->pg))
		disconnect(relay);
	if (relay->pg)
		return OK;
	status = pg_open(&relay->settings.pg, &relay->pg, reterr);
	if (status == OK)
		status = pg_listen(relay->pg, "postern_outbox", reterr);
	return status;
}

/* A producer that fences every earlier one of this id. */
static enum status open_producer(struct relay *relay, struct reason *reterr)
{
	const struct kafka_out_settings settings = {
		.kafka = relay->settings.kafka,
		.deadline = KAFKA_WAIT,
		.queue_bytes = 4 * BATCH_BYTES,
		.transactional_id = relay->settings.transactional_id};
	enum status status;

	/* Another login or certificate; between two turns nothing is open. */
	if (relay->out && kafka_out_stale(relay->out)) {
		log_line(LOG_INFO, "RELAY-KAFKA-RENEWED",
			LOG_TEXT("service", relay->settings.service));
		kafka_out_close(&relay->out, 0);
	}
	if (relay->out)
		return OK;
	status = kafka_out_open(&settings, &relay->out, reterr);
	if (status == CONFIG && relay->opened)
		return RETRY; /* they are being changed and may come right */
	relay->opened |= status == OK;
	if (status == OK)
		status = kafka_out_fence(relay->out, KAFKA_WAIT, reterr);
	if (status != OK && relay->out)
		kafka_out_close(&relay->out, 0);
	return status;
}

/* OK: held and the producer is the only one. IGNORED: another relay works. */
static enum status hold(struct relay *relay, struct reason *reterr)
{
	instant now = clock_monotonic();
	enum status status;

	if (relay->epoch && now - relay->renewed < relay->holder.time / 3)
		return open_producer(relay, reterr);
	if (relay->epoch)
		status = lease_renew(relay->pg, &relay->holder, relay->arena,
			relay->lease, relay->epoch, reterr);
	else
		status = lease_take(relay->pg, &relay->holder, relay->arena,
			relay->lease, &relay->epoch, reterr);
	if (status == REJECT) {
		disconnect(relay);
		return IGNORED;
	}
	if (status != OK)
		return status;
	relay->renewed = now;
	gauge(relay);
	return open_producer(relay, reterr);
}

static void read_row(struct arena *arena, const struct pg_rows *rows, size_t i,
	struct outbox_row *ret)
{
	size_t texts;
	const char **headers = pg_get_texts(rows, i, 3, arena, &texts);
	struct kafka_header *list =
		arena_array(arena, texts / 2 + 1, sizeof(*list));

	for (size_t j = 0; j < texts / 2; j++) {
		list[j].name = headers[j * 2] ? headers[j * 2] : "";
		list[j].value = headers[j * 2 + 1] ? headers[j * 2 + 1] : "";
		list[j].length = strlen(list[j].value);
	}
	ret->seq = arena_string(arena, pg_get(rows, i, 0));
	ret->record.topic = arena_string(arena, pg_get(rows, i, 1));
	ret->record.partition = -1;
	ret->record.key =
		pg_get_bytes(rows, i, 2, arena, &ret->record.key_length);
	ret->record.value =
		pg_get_bytes(rows, i, 4, arena, &ret->record.value_length);
	ret->record.headers = list;
	ret->record.header_count = texts / 2;
}

static enum status read_batch(struct relay *relay, struct outbox_row **ret,
	size_t *ret_count, struct reason *reterr)
{
	struct pg_rows *rows = NULL;
	struct pg_args args;
	enum status status;

	pg_args_init(&args, relay->arena);
	pg_integer(&args, BATCH_ROWS);
	pg_integer(&args, BATCH_BYTES);
	status = pg_run(relay->pg,
		"SELECT seq, topic, key, headers, value FROM"
		" (SELECT *, sum(coalesce(octet_length(value), 0))"
		" OVER (ORDER BY seq) - coalesce(octet_length(value), 0)"
		" AS before FROM (SELECT * FROM outbox ORDER BY seq LIMIT $1)"
		" AS oldest) AS counted WHERE before < $2 ORDER BY seq",
		&args, &rows, reterr);
	if (status != OK)
		return status;
	*ret_count = pg_count(rows);
	*ret = arena_array(relay->arena, *ret_count + 1, sizeof(**ret));
	for (size_t i = 0; i < *ret_count; i++)
		read_row(relay->arena, rows, i, &(*ret)[i]);
	pg_rows_free(&rows);
	return OK;
}

static enum status send(struct relay *relay, const struct outbox_row *row,
	struct reason *reterr)
{
	instant deadline = clock_monotonic() + KAFKA_WAIT;
	enum status status;

	for (;;) {
		status = kafka_out_send(relay->out, &row->record, NULL, reterr);
		if (status != RETRY || kafka_out_fatal(relay->out, reterr) ||
			clock_monotonic() > deadline)
			break;
		kafka_out_poll(relay->out, INSTANT_SECOND / 20);
	}
	if (status != REJECT)
		return status;
	/* outbox_add lets none in that is too large, so this is no data of
	 * ours; it must not stop what follows. */
	log_line(LOG_ERROR, "RELAY-ROW-REFUSED", LOG_TEXT("seq", row->seq),
		LOG_TEXT("topic", row->record.topic),
		LOG_TEXT("what", reterr->sentence));
	return OK;
}

static enum status produce(struct relay *relay, const struct outbox_row *rows,
	size_t count, struct reason *reterr)
{
	enum status status = kafka_out_begin(relay->out, reterr);
	struct reason ignored;

	for (size_t i = 0; status == OK && i < count; i++)
		status = send(relay, &rows[i], reterr);
	if (status == OK)
		status = kafka_out_commit(relay->out, KAFKA_WAIT, reterr);
	if (status == OK)
		return OK;
	/* Whether it was stored is unknown: again, with a new producer that
	 * ends this one's transaction. */
	(void)!kafka_out_abort(relay->out, INSTANT_SECOND, &ignored);
	kafka_out_close(&relay->out, 0);
	return status;
}

static enum status forget(struct relay *relay, const struct outbox_row *rows,
	size_t count, struct reason *reterr)
{
	struct pg_array *seqs = pg_array_new(relay->arena, 1 << 20);
	struct pg_args args;
	enum status status;

	for (size_t i = 0; i < count; i++)
		pg_array_text(seqs, rows[i].seq);
	pg_args_init(&args, relay->arena);
	pg_array_arg(&args, seqs);
	status = pg_begin(relay->pg, reterr);
	if (status == OK)
		status = lease_guard(relay->pg, relay->arena, relay->lease,
			relay->epoch, reterr);
	if (status == OK)
		status = pg_do(relay->pg,
			"DELETE FROM outbox WHERE seq = ANY ($1::bigint[])",
			&args, NULL, reterr);
	if (status == OK)
		status = pg_commit(relay->pg, reterr);
	if (status != OK)
		pg_rollback(relay->pg);
	return status;
}

/* One batch, or a wait for one. REJECT: another relay took over. */
static enum status turn(struct relay *relay, struct reason *reterr)
{
	struct outbox_row *rows = NULL;
	size_t count = 0;
	enum status status = read_batch(relay, &rows, &count, reterr);

	if (status != OK)
		return status;
	if (!count) {
		say(relay, true, "the outbox is empty");
		status = pg_wait(relay->pg, INSTANT_SECOND / 2, reterr);
		return status == IGNORED ? OK : status;
	}
	status = produce(relay, rows, count, reterr);
	if (status == OK)
		status = forget(relay, rows, count, reterr);
	if (status == OK && relay->settings.metrics)
		metric_add(relay->settings.metrics, relay->settings.relayed_row,
			NULL, (int64_t)count);
	if (status == OK)
		say(relay, true, "publishing");
	return status;
}

static void let_go(struct relay *relay)
{
	struct reason reason;

	arena_reset(relay->arena);
	if (relay->pg && pg_alive(relay->pg) && relay->epoch &&
		lease_release(relay->pg, &relay->holder, relay->arena,
			relay->lease, relay->epoch, &reason) != OK)
		log_reason(LOG_WARN, "RELAY-LEASE-LOST", &reason);
	disconnect(relay);
}

static enum status step(
	struct relay *relay, struct service *service, struct reason *reterr)
{
	enum status status = connect(relay, reterr);

	if (status == OK)
		status = hold(relay, reterr);
	if (status == IGNORED) {
		say(relay, true, "standing by: another relay works");
		service_sleep(service, relay->holder.time / 3);
		return OK;
	}
	if (status == OK)
		status = turn(relay, reterr);
	if (status != REJECT)
		return status;
	log_reason(LOG_WARN, "RELAY-FENCED", reterr);
	disconnect(relay);
	return OK;
}

enum status relay_loop(
	void *context, struct service *service, struct reason *reterr)
{
	struct relay *relay = context;
	instant back_off = INSTANT_SECOND / 10;
	enum status status = OK;

	while (!service_stopping(service)) {
		arena_reset(relay->arena);
		status = step(relay, service, reterr);
		if (status == OK) {
			back_off = INSTANT_SECOND / 10;
			continue;
		}
		if (status == CONFIG)
			break;
		log_reason(LOG_WARN, "RELAY-RETRY", reterr);
		say(relay, false, reterr->sentence);
		service_sleep(service, back_off);
		back_off = back_off * 2 > BACK_OFF_MOST ? BACK_OFF_MOST
							: back_off * 2;
		status = OK;
	}
	let_go(relay);
	return status;
}
