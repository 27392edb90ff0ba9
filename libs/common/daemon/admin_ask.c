/* SPDX-License-Identifier: Apache-2.0 */
/* Plain sockets: ingest must not bring an HTTP client for this alone. */
#include "daemon/admin_ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define WAIT_SECONDS 3
#define ANSWER_MAX (64u << 10)

/* A listener on all addresses is asked on the one that is always there. */
static const char *near(const char *address)
{
	if (strcmp(address, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(address, "::") == 0 ? "::1" : address;
}

static enum status away(int error, const char *place, struct reason *reterr)
{
	reason_set(reterr, place,
		"nobody answers: %s; the service has not "
		"come up, or has ended: its log says why",
		error == EAGAIN || error == EINPROGRESS ? "no answer in time"
							: strerror(error));
	return RETRY;
}

/* A socket connected to the first address that takes it; -1 with errno. */
static int reach(const struct addrinfo *list)
{
	const struct timeval wait = {.tv_sec = WAIT_SECONDS};
	int found = -1;

	for (const struct addrinfo *one = list; one && found < 0;
		one = one->ai_next) {
		int fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC,
			one->ai_protocol);

		if (fd < 0)
			continue;
		(void)setsockopt(
			fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		(void)setsockopt(
			fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (connect(fd, one->ai_addr, one->ai_addrlen) == 0) {
			found = fd;
		} else {
			int error = errno;

			close(fd);
			errno = error;
		}
	}
	return found;
}

static enum status dial(const char *address, unsigned port, const char *place,
	int *ret, struct reason *reterr)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	char number[16];
	int failed;

	snprintf(number, sizeof(number), "%u", port);
	failed = getaddrinfo(near(address), number, &hints, &list);
	if (failed) {
		reason_set(reterr, place, "is no address: %s",
			gai_strerror(failed));
		return CONFIG;
	}
	*ret = reach(list);
	failed = errno;
	freeaddrinfo(list);
	return *ret >= 0 ? OK : away(failed, place, reterr);
}

/* The whole answer; 0 or an errno. The other end closes. */
static int read_answer(int fd, struct strbuf *out)
{
	const instant deadline =
		clock_monotonic() + WAIT_SECONDS * INSTANT_SECOND;
	char piece[4096];

	while (out->length < ANSWER_MAX) {
		ssize_t got = recv(fd, piece, sizeof(piece), 0);

		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return errno;
		if (got > 0)
			strbuf_add(out, piece, (size_t)got);
		if (clock_monotonic() > deadline)
			return EAGAIN;
	}
	return 0;
}

static enum status understand(const struct strbuf *answer, const char *place,
	unsigned *ret_code, struct strbuf *ret_body, struct reason *reterr)
{
	const char *body = strstr(answer->text, "\r\n\r\n");

	if (body && sscanf(answer->text, "HTTP/1.%*1[01] %3u", ret_code) == 1) {
		strbuf_adds(ret_body, body + 4);
		return OK;
	}
	reason_set(reterr, place, "what listens there speaks no HTTP");
	return RETRY;
}

enum status admin_ask(const char *address, unsigned port, const char *path,
	unsigned *ret_code, struct strbuf *ret_body, struct reason *reterr)
{
	struct strbuf text;
	char place[160];
	enum status status;
	int fd, error;

	snprintf(place, sizeof(place), "http://%.80s:%u%.40s", near(address),
		port, path);
	status = dial(address, port, place, &fd, reterr);
	if (status != OK)
		return status;
	strbuf_init(&text, ANSWER_MAX + 4096);
	strbuf_addf(&text, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	error = send(fd, text.text, text.length, MSG_NOSIGNAL) ==
				(ssize_t)text.length
			? 0
			: errno;
	strbuf_reset(&text);
	if (!error)
		error = read_answer(fd, &text);
	close(fd);
	status = error ? away(error, place, reterr)
		       : understand(&text, place, ret_code, ret_body, reterr);
	strbuf_release(&text);
	return status;
}

int admin_ask_main(const char *service, const struct common_settings *common,
	enum settings_wish wish)
{
	struct strbuf body;
	struct reason reason = {0};
	unsigned code = 0;
	enum status status = CONFIG;

	strbuf_init(&body, ANSWER_MAX + 4096);
	if (common->admin_port)
		status = admin_ask(common->admin_address,
			(unsigned)common->admin_port,
			wish == SETTINGS_ALIVE ? "/livez" : "/readyz", &code,
			&body, &reason);
	else
		reason_set(&reason, "admin-port",
			"is 0, a free port at each start: set it to one that "
			"can be asked");
	if (status == OK)
		fputs(body.text, stdout);
	else
		fprintf(stderr, "postern-%s: %s: %s\n", service, reason.place,
			reason.sentence);
	strbuf_release(&body);
	return status == OK && code == 200 ? 0 : 1;
}
