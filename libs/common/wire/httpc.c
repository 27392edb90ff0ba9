/* SPDX-License-Identifier: Apache-2.0 */
/* The only file that sees libcurl. */
#include "wire/httpc.h"

#include "base/bug.h"
#include "base/memory.h"
#include "base/strbuf.h"

#include <curl/curl.h>

#define ANSWER_LEAST 256
#define URL_MAX 4096

struct httpc {
	CURL *curl;
	struct httpc_settings settings; /* texts are ours */
	struct strbuf answer;
	bool cut;  /* the answer was longer than answer_max */
	bool idem; /* the method may be sent twice */
	bool sent; /* the request was handed to a connection */
	char error[CURL_ERROR_SIZE];
};

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
	struct httpc *httpc = context;
	size_t room = httpc->settings.answer_max - httpc->answer.length;

	count *= size;
	if (count > room) {
		strbuf_add(&httpc->answer, bytes, room);
		httpc->cut = true;
		return CURL_WRITEFUNC_ERROR; /* the rest is not for us */
	}
	strbuf_add(&httpc->answer, bytes, count);
	return count;
}

/*
 * libcurl sends a request again by itself where a kept connection died under
 * it, also one that has been acted upon. Whether that may be is our caller's
 * to decide, so the second sending is refused.
 */
static int before_request(
	void *context, char *to, char *from, int to_port, int from_port)
{
	struct httpc *httpc = context;
	bool again = httpc->sent && !httpc->idem;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	httpc->sent = true;
	return again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static const char *copy(const char *text)
{
	return text ? memory_string(text) : NULL;
}

static void set_tls(struct httpc *httpc)
{
	const struct httpc_settings *settings = &httpc->settings;

	curl_easy_setopt(
		httpc->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(httpc->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(httpc->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (settings->ca) {
		curl_easy_setopt(httpc->curl, CURLOPT_CAINFO, settings->ca);
		curl_easy_setopt(httpc->curl, CURLOPT_CAPATH, NULL);
		/* An authority that was replaced counts from the next
		 * connection on, as the client's certificate does. */
		curl_easy_setopt(httpc->curl, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	}
	if (settings->certificate) {
		curl_easy_setopt(
			httpc->curl, CURLOPT_SSLCERT, settings->certificate);
		curl_easy_setopt(httpc->curl, CURLOPT_SSLKEY, settings->key);
	}
}

static void set_limits(struct httpc *httpc)
{
	const struct httpc_settings *settings = &httpc->settings;

	curl_easy_setopt(httpc->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(httpc->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(httpc->curl, CURLOPT_FOLLOWLOCATION, 0L);
	/* A proxy from the environment would be a peer nobody wrote down. */
	curl_easy_setopt(httpc->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(httpc->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(httpc->curl, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(settings->connect_deadline / 1000));
	curl_easy_setopt(httpc->curl, CURLOPT_TIMEOUT_MS,
		(long)(settings->deadline / 1000));
	curl_easy_setopt(httpc->curl, CURLOPT_MAXCONNECTS, 2L);
	curl_easy_setopt(httpc->curl, CURLOPT_USERAGENT, settings->user_agent);
	curl_easy_setopt(httpc->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(httpc->curl, CURLOPT_WRITEDATA, httpc);
	curl_easy_setopt(httpc->curl, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(httpc->curl, CURLOPT_PREREQDATA, httpc);
	curl_easy_setopt(httpc->curl, CURLOPT_ERRORBUFFER, httpc->error);
}

enum status httpc_open(const struct httpc_settings *settings,
	struct httpc **ret, struct reason *reterr)
{
	struct httpc *httpc;

	MUST(settings->connect_deadline > 0 && settings->deadline > 0);
	MUST(!settings->certificate == !settings->key);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		reason_set(reterr, NULL, "the HTTP client does not start");
		return CONFIG;
	}
	httpc = memory_new(sizeof(*httpc));
	httpc->curl = curl_easy_init();
	if (!httpc->curl)
		BUG("no memory for a handle");
	httpc->settings = *settings;
	httpc->settings.ca = copy(settings->ca);
	httpc->settings.certificate = copy(settings->certificate);
	httpc->settings.key = copy(settings->key);
	httpc->settings.user_agent = copy(settings->user_agent);
	if (httpc->settings.answer_max < ANSWER_LEAST)
		httpc->settings.answer_max = ANSWER_LEAST;
	strbuf_init(&httpc->answer, httpc->settings.answer_max + 1);
	set_limits(httpc);
	set_tls(httpc);
	*ret = httpc;
	return OK;
}

void httpc_close(struct httpc **httpc)
{
	struct httpc *gone = *httpc;

	if (!gone)
		return;
	curl_easy_cleanup(gone->curl);
	strbuf_release(&gone->answer);
	memory_free((char *)(uintptr_t)gone->settings.ca);
	memory_free((char *)(uintptr_t)gone->settings.certificate);
	memory_free((char *)(uintptr_t)gone->settings.key);
	memory_free((char *)(uintptr_t)gone->settings.user_agent);
	memory_free(gone);
	curl_global_cleanup();
	*httpc = NULL;
}

/* Scheme, host and path: credentials and the query stay out of reasons. */
static void place_of(const char *url, char *ret, size_t size)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	size_t authority = strcspn(host, "/?#");
	const char *at = memchr(host, '@', authority);
	const char *from = at ? at + 1 : host;

	snprintf(ret, size, "%.*s%.*s", (int)(host - url), url,
		(int)strcspn(from, "?#"), from);
}

/* What libcurl writes about these holds nothing that we or the peer sent. */
static bool speaks_plainly(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return true;
	default:
		return false;
	}
}

static bool breaks_off(CURLcode code)
{
	return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
	       code == CURLE_GOT_NOTHING;
}

static enum status explain(struct httpc *httpc, CURLcode code, const char *url,
	struct reason *reterr)
{
	char place[sizeof(reterr->place)];

	place_of(url, place, sizeof(place));
	if (code == CURLE_ABORTED_BY_CALLBACK)
		reason_set(reterr, place,
			"no answer: the connection was lost after the request "
			"was sent");
	else if (code == CURLE_PEER_FAILED_VERIFICATION && *httpc->error)
		reason_set(reterr, place,
			"no answer: %s: is ca the authority of its "
			"certificate, and is that valid, and for this host?",
			httpc->error);
	else if (strncmp(url, "https:", 6) == 0 && breaks_off(code))
		/* Since TLS 1.3 a server refuses a client after the handshake,
		 * and its alert may be overtaken by the end of it all. */
		reason_set(reterr, place,
			"no answer: %s: perhaps it does not take our client "
			"certificate, or wants one",
			*httpc->error ? httpc->error
				      : curl_easy_strerror(code));
	else if (speaks_plainly(code) && *httpc->error)
		reason_set(reterr, place, "no answer: %s", httpc->error);
	else
		reason_set(reterr, place, "no answer: %s",
			curl_easy_strerror(code));
	return RETRY;
}

static struct curl_slist *headers_of(const struct httpc_request *request)
{
	/* Without the wait for a 100 that no sink needs. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	for (const char *const *header = request->headers; header && *header;
		header++) {
		struct curl_slist *more = curl_slist_append(list, *header);

		if (!more)
			BUG("no memory for a header");
		list = more;
	}
	return list;
}

static void set_request(struct httpc *httpc,
	const struct httpc_request *request, struct curl_slist *headers)
{
	CURL *curl = httpc->curl;
	bool body = request->body != NULL;

	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)request->size);
	} else {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	httpc->idem = strcmp(request->method, "GET") == 0;
	httpc->sent = false;
	httpc->cut = false;
	httpc->error[0] = '\0';
	strbuf_reset(&httpc->answer);
}

static void read_answer(
	struct httpc *httpc, struct arena *arena, struct httpc_answer *ret)
{
	curl_off_t wait = 0;
	char *type = NULL, *location = NULL;
	char place[300] = "";

	*ret = (struct httpc_answer){.retry_after = -1};
	curl_easy_getinfo(httpc->curl, CURLINFO_RESPONSE_CODE, &ret->code);
	curl_easy_getinfo(httpc->curl, CURLINFO_RETRY_AFTER, &wait);
	curl_easy_getinfo(httpc->curl, CURLINFO_CONTENT_TYPE, &type);
	if (wait > 0)
		ret->retry_after = wait < LONG_MAX ? (long)wait : LONG_MAX;
	ret->type = type ? arena_string(arena, type) : "";
	curl_easy_getinfo(httpc->curl, CURLINFO_REDIRECT_URL, &location);
	if (location)
		place_of(location, place, sizeof(place));
	ret->location = arena_string(arena, place);
	ret->size = httpc->answer.length;
	ret->body = arena_copy(arena, httpc->answer.text, ret->size);
}

enum status httpc_call(struct httpc *httpc, struct arena *arena,
	const struct httpc_request *request, struct httpc_answer *ret,
	bool *ret_doubtful, struct reason *reterr)
{
	struct curl_slist *headers = headers_of(request);
	CURLcode code;

	MUST(request->method && strlen(request->url) < URL_MAX);
	set_request(httpc, request, headers);
	code = curl_easy_perform(httpc->curl);
	curl_easy_setopt(httpc->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (code == CURLE_WRITE_ERROR && httpc->cut)
		code = CURLE_OK;
	if (code != CURLE_OK) {
		*ret_doubtful = httpc->sent;
		return explain(httpc, code, request->url, reterr);
	}
	read_answer(httpc, arena, ret);
	return OK;
}

const char *url_encode(struct arena *arena, const char *text)
{
	static const char unreserved[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, strlen(text) * 3 + 1);
	char *at = out;

	for (; *text; text++) {
		unsigned byte = (unsigned char)*text;

		if (strchr(unreserved, *text)) {
			*at++ = *text;
			continue;
		}
		*at++ = '%';
		*at++ = digits[byte >> 4];
		*at++ = digits[byte & 15];
	}
	return out;
}
