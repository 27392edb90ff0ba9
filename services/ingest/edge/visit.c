/* SPDX-License-Identifier: Apache-2.0 */
/* One request's life, its body, its answer. */
#include "base/bug.h"
#include "base/log.h"
#include "base/memory.h"
#include "edge/listener_private.h"

#include <string.h>

#define FIRST_ROOM ((size_t)16 << 10)
#define RETRY_AFTER 10
#define REFUSAL_LINES 20 /* in a second */

static struct verifier *borrow_verifier(struct listener *listener)
{
	struct verifier *verifier = NULL;

	pthread_mutex_lock(&listener->lock);
	if (listener->verifier_count > 0)
		verifier = listener->verifiers[--listener->verifier_count];
	pthread_mutex_unlock(&listener->lock);
	return verifier ? verifier : verifier_new();
}

static void return_verifier(
	struct listener *listener, struct verifier **verifier)
{
	pthread_mutex_lock(&listener->lock);
	if (*verifier && listener->verifier_count < VERIFIERS_KEPT) {
		listener->verifiers[listener->verifier_count++] = *verifier;
		*verifier = NULL;
	}
	pthread_mutex_unlock(&listener->lock);
	verifier_free(verifier);
}

struct visit *visit_new(
	struct listener *listener, struct httpd_request *request)
{
	struct visit *visit = memory_new(sizeof(*visit));

	visit->listener = listener;
	visit->references = 1;
	visit->request = request;
	visit->sources = source_book_get(listener->settings.book);
	visit->verifier = borrow_verifier(listener);
	pthread_mutex_init(&visit->lock, NULL);
	publish_hold(listener->settings.publish);
	atomic_fetch_add(&listener->visits, 1);
	return visit;
}

void visit_empty(struct visit *visit)
{
	memory_free(visit->body);
	visit->body = NULL;
	visit->size = visit->room = 0;
	arena_free(&visit->arena);
	budget_release(visit->listener->budget, &visit->hold);
}

void visit_unref(struct visit *visit)
{
	struct listener *listener = visit->listener;

	if (atomic_fetch_sub(&visit->references, 1) > 1)
		return;
	visit_empty(visit);
	return_verifier(listener, &visit->verifier);
	sources_unref(&visit->sources);
	pthread_mutex_destroy(&visit->lock);
	memory_free(visit);
	atomic_fetch_sub(&listener->visits, 1);
	/* Last: who is not held any more may end, and free the listener. */
	publish_let_go(listener->settings.publish);
}

static size_t next_room(const struct visit *visit, size_t wanted)
{
	long long declared = httpd_declared(visit->request);
	size_t limit = visit->source->body_limit;
	size_t room = visit->room ? visit->room * 2 : FIRST_ROOM;

	/* What was declared is all that will come: exactly that much. */
	if (declared > 0)
		return (size_t)declared;
	while (room < wanted)
		room *= 2;
	return room < limit ? room : limit;
}

bool visit_add(struct visit *visit, const void *bytes, size_t size)
{
	size_t wanted = visit->size + size, room;

	MUST(wanted <= visit->source->body_limit);
	if (wanted > visit->room) {
		room = next_room(visit, wanted);
		MUST(room >= wanted);
		if (!budget_grow(visit->listener->budget, &visit->hold, room))
			return false;
		visit->body = memory_resize(visit->body, room, 1);
		visit->room = room;
	}
	memcpy(visit->body + visit->size, bytes, size);
	visit->size = wanted;
	return true;
}

void visit_answer(struct visit *visit, const struct httpd_answer *answer)
{
	struct httpd_answer said = *answer;

	said.close |= atomic_load(&visit->listener->ending);
	visit->over = true;
	pthread_mutex_lock(&visit->lock);
	if (visit->request)
		httpd_reply(visit->request, &said);
	pthread_mutex_unlock(&visit->lock);
}

void visit_drop(struct visit *visit)
{
	visit->over = true;
	pthread_mutex_lock(&visit->lock);
	if (visit->request)
		httpd_drop(visit->request);
	pthread_mutex_unlock(&visit->lock);
}

/* True for the first ones of each second; counts all. */
static bool may_log(struct listener *listener, unsigned *ret_silent)
{
	instant now = clock_monotonic();
	bool may;

	*ret_silent = 0;
	pthread_mutex_lock(&listener->lock);
	if (now - listener->refusals_since >= INSTANT_SECOND) {
		if (listener->refusals > REFUSAL_LINES)
			*ret_silent = listener->refusals - REFUSAL_LINES;
		listener->refusals_since = now;
		listener->refusals = 0;
	}
	may = ++listener->refusals <= REFUSAL_LINES;
	pthread_mutex_unlock(&listener->lock);
	return may;
}

void visit_refuse(struct visit *visit, enum refusal refusal)
{
	static const char text[] = "unauthorized\n";
	struct listener *listener = visit->listener;
	const char *word = refusal_word(refusal);
	unsigned silent;

	metric_add(listener->settings.metrics, METER_UNAUTHENTICATED, word, 1);
	if (visit->source && !visit->unknown)
		tally_unauthenticated(
			listener->settings.tally, visit->source->name);
	if (may_log(listener, &silent))
		log_line(LOG_WARN, "INGEST-UNAUTHORIZED",
			LOG_TEXT("source", visit->named),
			LOG_TEXT("reason", word),
			LOG_TEXT("peer", visit->client),
			LOG_NUMBER("unlogged", silent));
	/* The same for all, closing included: the log alone says which. */
	visit_answer(visit, &(struct httpd_answer){.code = 401,
				    .type = "text/plain; charset=utf-8",
				    .body = text,
				    .size = sizeof(text) - 1,
				    .close = true});
}

void visit_reject(struct visit *visit, unsigned code, const char *why)
{
	metric_add(visit->listener->settings.metrics, METER_REFUSED, why, 1);
	log_line(LOG_WARN, "INGEST-REFUSED", LOG_TEXT("source", visit->named),
		LOG_TEXT("reason", why), LOG_NUMBER("code", code));
	visit_answer(
		visit, &(struct httpd_answer){.code = code,
			       .retry_after = code == 503 ? RETRY_AFTER : 0,
			       .close = code != 503});
}

void visit_plain(struct visit *visit)
{
	static const char text[] = "https only\n";
	struct listener *listener = visit->listener;
	unsigned silent;

	metric_add(listener->settings.metrics, METER_REFUSED, "plain-http", 1);
	if (may_log(listener, &silent))
		log_line(LOG_WARN, "INGEST-PLAIN-HTTP",
			LOG_TEXT("peer", visit->client),
			LOG_NUMBER("unlogged", silent));
	visit_answer(visit, &(struct httpd_answer){.code = 403,
				    .type = "text/plain; charset=utf-8",
				    .body = text,
				    .size = sizeof(text) - 1,
				    .close = true});
}
