/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/edge.h"

#include "base/log.h"
#include "edge/spooled.h"

/* A broker that is not there by then is absent: deliveries are spooled. */
#define WARM_UP (3 * INSTANT_SECOND / 2)
/* What requests under way, and after them the drain, get at the end. */
#define FAREWELL (10 * INSTANT_SECOND)
#define DRAIN_FAREWELL (5 * INSTANT_SECOND)

static enum status open_publish(struct edge *edge, struct reason *reterr)
{
	const struct ingest_settings *settings = edge->settings;

	return publish_open(
		&(struct publish_settings){.kafka = settings->kafka,
			.ack_deadline = settings->ack_deadline,
			.queue_bytes = (size_t)settings->in_flight,
			.spool = edge->spool,
			.health = edge->health,
			.metrics = edge->metrics,
			.answer_at_enqueue = settings->answer_at_enqueue},
		&edge->publish, reterr);
}

static struct toolstate *open_toolstate(struct edge *edge)
{
	const struct ingest_settings *settings = edge->settings;

	return toolstate_new(
		&(struct toolstate_settings){.publish = edge->publish,
			.spool = edge->spool,
			.book = edge->book,
			.tally = edge->tally,
			.clock = &clock_wall,
			.health = edge->health,
			.topic_prefix = settings->common.topic_prefix,
			.instance = settings->instance,
			.folder = settings->spool_dir,
			.heartbeat_every = settings->heartbeat_every,
			.counts_every = settings->counts_every});
}

enum status edge_open(struct edge *edge, struct reason *reterr)
{
	enum status status = spool_open(edge->settings->spool_dir,
		(size_t)edge->settings->spool_size, &edge->spool, reterr);

	if (status == OK)
		status = open_publish(edge, reterr);
	if (status != OK)
		return status;
	edge->drain =
		drain_new(&(struct drain_settings){.publish = edge->publish,
			.spool = edge->spool,
			.health = edge->health,
			.metrics = edge->metrics,
			.farewell = DRAIN_FAREWELL});
	edge->toolstate = open_toolstate(edge);
	return OK;
}

enum status edge_listen(struct edge *edge, struct reason *reterr)
{
	const struct ingest_settings *settings = edge->settings;
	enum status status;

	publish_warm(edge->publish, WARM_UP);
	status = listener_open(
		&(struct listener_settings){.httpd = ingest_httpd(settings),
			.budget = ingest_budget(settings),
			.topic_prefix = settings->common.topic_prefix,
			.proxies = settings->proxies,
			.book = edge->book,
			.publish = edge->publish,
			.tally = edge->tally,
			.health = edge->health,
			.metrics = edge->metrics,
			.clock = &clock_wall,
			.farewell = FAREWELL},
		&edge->listener, reterr);
	if (status == OK)
		log_line(LOG_INFO, "INGEST-LISTENING",
			LOG_TEXT("address", settings->listen_address),
			LOG_NUMBER("port", listener_port(edge->listener)));
	return status;
}

void edge_start(struct edge *edge, struct service *service)
{
	service_start(service, "ack", publish_ack_loop, edge->publish);
	service_start(service, "spool", publish_spool_loop, edge->publish);
	service_start(service, "drain", drain_loop, edge->drain);
	service_start(service, "toolstate", toolstate_loop, edge->toolstate);
	service_start(service, "listener", listener_loop, edge->listener);
}

void edge_close(struct edge *edge)
{
	listener_free(&edge->listener);
	toolstate_free(&edge->toolstate);
	drain_free(&edge->drain);
	publish_close(&edge->publish);
	spool_close(&edge->spool);
}

instant edge_spool_oldest(void *context)
{
	struct edge *edge = context;

	return spooled_oldest(edge->spool);
}
