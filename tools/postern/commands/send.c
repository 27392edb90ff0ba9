/* SPDX-License-Identifier: Apache-2.0 */
/* postern send: one delivery, proven as the source's tool would prove it. */
#include "command.h"
#include "input.h"
#include "sign.h"

#include "wire/httpc.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct option_row options[] = {
	{"source", .required = true, .value = "NAME",
		.sentence = "the source to send as; its tool, scheme and "
			    "newest secret are taken from the sources file"},
	{"sources", .required = true, .value = "FILE",
		.env = "POSTERN_INGEST_SOURCES",
		.sentence = "sources.yaml as ingest has it"},
	{"url", .value = "URL", .env = "POSTERN_URL",
		.sentence = "where ingest listens; http://127.0.0.1:8080 if "
			    "absent"},
	{"header", .repeated = true, .value = "'K: V'",
		.sentence = "a header the tool would send, such as "
			    "X-GitHub-Event"},
	{"type", .value = "TYPE",
		.sentence = "Content-Type; application/json if absent"},
	{"ca", .value = "FILE",
		.sentence = "PEM file of the authority that signed ingest's "
			    "certificate"},
	{"certificate", .value = "FILE", .sentence = "client certificate, PEM"},
	{"key", .value = "FILE", .sentence = "its key, PEM"},
	{"timeout", .value = "TIME",
		.sentence = "give up after so long; 30s if absent"},
	{"json", .flag = true, .sentence = "print the answer as JSON"},
	{0},
};

struct sending {
	const struct command_line *line;
	struct sources *sources;
	struct httpc *httpc;
	struct crypto *crypto;
	struct input input;
	const struct source *source;
};

static enum status find_source(struct sending *sending, struct reason *reterr)
{
	const struct command_line *line = sending->line;
	const char *file = command_option(line, "sources");
	const char *name = command_option(line, "source");
	enum status status;

	status = sources_load(file, adapter_find, &sending->sources, reterr);
	if (status != OK)
		return status;
	sending->source = sources_find(sending->sources, name);
	if (sending->source)
		return OK;
	reason_set(reterr, file, "there is no source \"%s\"", name);
	return REJECT;
}

static enum status open_client(struct sending *sending, struct reason *reterr)
{
	const struct command_line *line = sending->line;
	const char *timeout = command_option(line, "timeout");
	struct httpc_settings settings = {.ca = command_option(line, "ca"),
		.certificate = command_option(line, "certificate"),
		.key = command_option(line, "key"),
		.connect_deadline = 10 * INSTANT_SECOND,
		.deadline = 30 * INSTANT_SECOND,
		.answer_max = 4096,
		.user_agent = "postern/" POSTERN_VERSION};

	if (timeout &&
		duration_parse(timeout, &settings.deadline, reterr) != OK) {
		reason_within(reterr, "--timeout");
		return REJECT;
	}
	return httpc_open(&settings, &sending->httpc, reterr);
}

static bool has_header(const struct input *input, const char *name)
{
	for (size_t i = 0; i < input->header_count; i++)
		if (strcasecmp(input->headers[i].name, name) == 0)
			return true;
	return false;
}

/* What a whole request says of its own length and proof is not repeated. */
static bool is_ours(const struct signing *signing, const char *name)
{
	size_t length = strlen(name);

	if (strcasecmp(name, "content-length") == 0 ||
		strcasecmp(name, "host") == 0 ||
		strcasecmp(name, "transfer-encoding") == 0)
		return true;
	for (size_t i = 0; signing->headers[i]; i++)
		if (strncasecmp(signing->headers[i], name, length) == 0 &&
			signing->headers[i][length] == ':')
			return true;
	return false;
}

static const char *const *headers_of(
	struct sending *sending, const struct signing *signing)
{
	struct arena *arena = sending->line->arena;
	const struct input *input = &sending->input;
	const char *type = command_option(sending->line, "type");
	const char **list =
		arena_array(arena, input->header_count + 8, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; signing->headers[i]; i++)
		list[count++] = signing->headers[i];
	for (size_t i = 0; i < input->header_count; i++)
		if (!is_ours(signing, input->headers[i].name))
			list[count++] = arena_printf(arena, "%s: %s",
				input->headers[i].name,
				input->headers[i].value);
	if (!has_header(input, "content-type"))
		list[count++] = arena_printf(arena, "Content-Type: %s",
			type ? type : "application/json");
	return list;
}

static enum status call(struct sending *sending, struct httpc_answer *ret,
	struct reason *reterr)
{
	struct arena *arena = sending->line->arena;
	const char *url = command_option(sending->line, "url");
	struct signing signing;
	struct httpc_request request = {.method = "POST",
		.body = sending->input.body,
		.size = sending->input.size};
	bool doubtful = false;
	enum status status = sign(arena, sending->crypto, sending->source,
		sending->input.body, sending->input.size,
		clock_now(&clock_wall), &signing, reterr);

	if (status != OK)
		return status;
	request.url = arena_printf(arena, "%s/v1/hooks/%s%s%s",
		url ? url : "http://127.0.0.1:8080", sending->source->name,
		signing.path_token ? "/" : "",
		signing.path_token ? url_encode(arena, signing.path_token)
				   : "");
	request.headers = headers_of(sending, &signing);
	status = httpc_call(
		sending->httpc, arena, &request, ret, &doubtful, reterr);
	if (status == RETRY && doubtful)
		reason_within(reterr, "it may have arrived");
	return status;
}

static int say(const struct sending *sending, const struct httpc_answer *answer)
{
	const struct command_line *line = sending->line;
	bool taken = answer->code / 100 == 2;

	if (command_option(line, "json"))
		printf("{\"source\":\"%s\",\"code\":%ld,\"bytes\":%zu,"
		       "\"accepted\":%s}\n",
			sending->source->name, answer->code,
			sending->input.size, taken ? "true" : "false");
	else if (taken)
		printf("%s: %zu bytes accepted (%ld)\n", sending->source->name,
			sending->input.size, answer->code);
	if (taken)
		return COMMAND_DONE;
	fprintf(stderr, "postern send: ingest answered %ld%s%s\n", answer->code,
		*answer->body ? ": " : "", answer->body);
	if (answer->code == 401)
		fprintf(stderr, "postern send: its log says which of source, "
				"address and credential was wrong\n");
	return answer->code >= 500 || answer->code == 429 ? COMMAND_AWAY
							  : COMMAND_REFUSED;
}

static enum status prepare(struct sending *sending, struct reason *reterr)
{
	const struct command_line *line = sending->line;
	const struct option_value *headers = command_values(line, "header");
	enum status status = find_source(sending, reterr);

	if (status == OK)
		status = input_read(
			line->arena, line->words[0], &sending->input, reterr);
	for (size_t i = 0; status == OK && i < headers->count; i++)
		status = input_header(line->arena, &sending->input,
			headers->values[i], reterr);
	if (status == OK)
		status = open_client(sending, reterr);
	return status;
}

static int run(const struct command_line *line)
{
	struct sending sending = {.line = line, .crypto = crypto_new()};
	struct httpc_answer answer = {0};
	struct reason reason = {0};
	enum status status = prepare(&sending, &reason);
	int code;

	if (status == OK)
		status = call(&sending, &answer, &reason);
	code = status == OK ? say(&sending, &answer)
			    : command_failed(line, status, &reason);
	httpc_close(&sending.httpc);
	crypto_free(&sending.crypto);
	sources_unref(&sending.sources);
	return code;
}

const struct command command_send = {
	.name = "send",
	.words = "FILE|-",
	.sentence = "Sends one delivery, signed as the tool of its source "
		    "signs.",
	.least_words = 1,
	.most_words = 1,
	.options = options,
	.run = run,
};
