/* SPDX-License-Identifier: Apache-2.0 */
/* By what a dispatcher speaks, and how that changes under it. */
#include "dispatch_private.h"

#include "base/log.h"

#include <string.h>

void dispatch_say(struct dispatch *dispatch, bool well, const char *sentence)
{
	if (dispatch->settings.health)
		health_set(dispatch->settings.health, dispatch->check,
			well || dispatch->leaving,
			dispatch->leaving ? "leaving: the files have it no "
					    "more"
					  : sentence);
}

instant dispatch_patience(
	const struct dispatch *dispatch, const struct sink_config *sink)
{
	return 4 * dispatch->settings.lease_time + 2 * sink->settings.timeout;
}

enum status dispatch_line(const struct dispatch *dispatch,
	const struct sink_config *config, struct sink_line **ret,
	struct reason *reterr)
{
	struct sink_settings sink = config->settings;

	sink.url = dispatch->settings.url;
	sink.ends_ahead = dispatch->settings.ends_ahead;
	sink.watchdog_ends_ahead = 4 * dispatch->settings.refresh_every;
	return config->kind->open(&sink, ret, reterr);
}

void dispatch_set_kind(struct dispatch *dispatch, const struct sink *kind)
{
	bool wanted = dispatch->settings.watchdog && kind->refreshes &&
		      !dispatch->settings.mute;

	if (!dispatch->kind)
		watchdog_init(&dispatch->watchdog, dispatch->life, wanted);
	dispatch->kind = kind;
	dispatch->watchdog.wanted = wanted;
}

bool dispatch_is(
	const struct dispatch *dispatch, const char *sink, const char *url)
{
	/* "sink NAME URL": a name has no blank. */
	const char *name = dispatch->name + strlen("sink ");
	size_t length = strlen(sink);

	return strncmp(name, sink, length) == 0 && name[length] == ' ' &&
	       strcmp(name + length + 1, url) == 0;
}

enum status dispatch_wire_open(const struct dispatch *dispatch,
	const struct sink_config *sink, struct edition *edition,
	struct dispatch_wire *ret, struct reason *reterr)
{
	enum status status;

	*ret = (struct dispatch_wire){.sink = sink};
	status = dispatch_line(dispatch, sink, &ret->line, reterr);
	if (status == OK)
		ret->edition = edition_ref(edition);
	else
		*ret = (struct dispatch_wire){0};
	return status;
}

void dispatch_wire_close(struct dispatch_wire *wire)
{
	if (wire->line)
		wire->sink->kind->close(&wire->line);
	edition_unref(&wire->edition);
	*wire = (struct dispatch_wire){0};
}

void dispatch_rewire(struct dispatch *dispatch, struct dispatch_wire *wire)
{
	pthread_mutex_lock(&dispatch->lock);
	dispatch_wire_close(&dispatch->next); /* it never came to it */
	dispatch->next = *wire;
	dispatch->rewired = true;
	pthread_mutex_unlock(&dispatch->lock);
	*wire = (struct dispatch_wire){0};
}

static void use_wire(struct dispatch *dispatch, struct dispatch_wire *wire)
{
	dispatch->kind->close(&dispatch->line);
	edition_unref(&dispatch->settings.edition);
	dispatch->settings.sink = wire->sink;
	dispatch->settings.edition = wire->edition;
	dispatch->line = wire->line;
	dispatch->throttle = (struct throttle){0};
	dispatch->leaving = dispatch->resting = false;
	dispatch_set_kind(dispatch, wire->sink->kind);
	if (dispatch->settings.health)
		health_patience(dispatch->settings.health, dispatch->check,
			dispatch_patience(dispatch, wire->sink));
	log_line(LOG_INFO, "NOTIFIER-SINK-REWIRED",
		LOG_TEXT("sink", dispatch->name));
}

void dispatch_take_wire(struct dispatch *dispatch)
{
	struct dispatch_wire wire;
	bool rewired;

	pthread_mutex_lock(&dispatch->lock);
	rewired = dispatch->rewired;
	wire = dispatch->next;
	dispatch->rewired = false;
	dispatch->next = (struct dispatch_wire){0};
	pthread_mutex_unlock(&dispatch->lock);
	if (!rewired)
		return;
	if (wire.sink) {
		use_wire(dispatch, &wire);
		return;
	}
	dispatch->leaving = true;
	dispatch->watchdog.wanted = false;
	dispatch->leaves_at = clock_monotonic() + dispatch->settings.ends_ahead;
	dispatch_say(dispatch, true, "");
	log_line(LOG_INFO, "NOTIFIER-SINK-LEAVING",
		LOG_TEXT("sink", dispatch->name));
}
