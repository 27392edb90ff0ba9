/* SPDX-License-Identifier: Apache-2.0 */
/* From a member of `sinks:` to what a sink is opened with. */
#include "route_private.h"

#include "wire/crypto.h"

#include <errno.h>
#include <unistd.h>

#define SECRET_MAX 4096
#define URLS_MAX 16
#define KEYS_MAX 200
#define SOURCE_MAX 32

static enum status say(struct route_reading *reading, const struct doc *node,
	const char *sentence)
{
	return doc_error(node, reading->reterr, "%s", sentence);
}

/* Becomes part of a header, so it is one line of printable ASCII. */
static bool fits_header(const char *text)
{
	for (; *text; text++)
		if (*text < 0x21 || *text > 0x7e)
			return false;
	return true;
}

static bool is_plain(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")];
}

static void note_file(struct route_reading *reading, const char *path)
{
	struct stamp_file *file = arena_alloc(reading->arena, sizeof(*file));

	*file = (struct stamp_file){path, reading->files};
	reading->files = file;
}

static enum status read_secret(
	struct route_reading *reading, const struct doc *node, const char **ret)
{
	char text[SECRET_MAX + 1];
	enum status status = OK;
	FILE *file;
	size_t size;

	if (node->kind != DOC_SCALAR || !*node->text)
		return say(reading, node, "must be the path of a file");
	file = fopen(node->text, "re");
	if (!file)
		return doc_error(node, reading->reterr,
			"\"%s\" cannot be read: %s", node->text,
			strerror(errno));
	note_file(reading, node->text);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	while (size && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		text[--size] = '\0';
	if (!size || strlen(text) != size || !fits_header(text))
		status = doc_error(node, reading->reterr,
			"\"%s\" must hold one line of printable characters",
			node->text);
	else
		*ret = arena_string(reading->arena, text);
	crypto_wipe(text, sizeof(text));
	return status;
}

static enum status read_url(
	struct route_reading *reading, const struct doc *node, const char **ret)
{
	const char *text = node->kind == DOC_SCALAR ? node->text : "";
	const char *host = strstr(text, "://");
	size_t length = strlen(text);

	if ((strncmp(text, "http://", 7) != 0 &&
		    strncmp(text, "https://", 8) != 0) ||
		!host[3] || host[3] == '/' || strpbrk(text, "?# \t\"\\"))
		return say(reading, node,
			"must be http:// or https://, a host and perhaps a "
			"path");
	if (strchr(text, '@'))
		return say(reading, node,
			"must hold no credentials: they belong into a file");
	while (length && text[length - 1] == '/')
		length--;
	*ret = arena_copy(reading->arena, text, length);
	return OK;
}

static enum status read_urls(struct route_reading *reading,
	const struct doc *node, struct sink_config *config)
{
	const struct doc *list = doc_get(node, "urls");

	if (!config->kind->has_urls) {
		config->urls = arena_alloc(reading->arena, sizeof(char *));
		config->urls[0] = "";
		config->url_count = 1;
		return list ? say(reading, list, "this kind has no urls") : OK;
	}
	if (!list || list->kind != DOC_LIST || !list->count ||
		list->count > URLS_MAX)
		return doc_error(list ? list : node, reading->reterr,
			"needs urls: a list of 1 to %d, one per instance",
			URLS_MAX);
	if (config->kind->cases && list->count > 1)
		return say(reading, list,
			"one address of a server that keeps cases is enough: "
			"each would get a case of its own");
	config->urls = arena_array(reading->arena, list->count, sizeof(char *));
	DOC_EACH (list, item) {
		const char **url = &config->urls[config->url_count];
		enum status status = read_url(reading, item, url);

		if (status != OK)
			return status;
		for (size_t i = 0; i < config->url_count; i++)
			if (strcmp(config->urls[i], *url) == 0)
				return say(reading, item, "is there already");
		config->url_count++;
	}
	return OK;
}

static enum status read_file_name(struct route_reading *reading,
	const struct doc *node, const char *key, const char **ret)
{
	enum status status = doc_text(node, key, NULL, ret, reading->reterr);

	if (status == OK && *ret && access(*ret, R_OK) != 0)
		return doc_error(doc_get(node, key), reading->reterr,
			"\"%s\" cannot be read: %s", *ret, strerror(errno));
	if (status == OK && *ret)
		note_file(reading, *ret);
	return status;
}

static enum status read_tls(struct route_reading *reading,
	const struct doc *node, struct sink_settings *settings)
{
	enum status status = read_file_name(reading, node, "ca", &settings->ca);

	if (status == OK)
		status = read_file_name(
			reading, node, "certificate", &settings->certificate);
	if (status == OK)
		status = read_file_name(reading, node, "key", &settings->key);
	if (status == OK && !settings->certificate != !settings->key)
		return say(reading, node, "certificate and key go together");
	return status;
}

static enum status read_basic(struct route_reading *reading,
	const struct doc *node, struct sink_settings *settings)
{
	static const char *const keys[] = {"user", "password_file", NULL};
	const struct doc *map = doc_get(node, "basic_auth");
	enum status status;

	if (!map)
		return OK;
	if (map->kind != DOC_MAP || !doc_get(map, "password_file"))
		return say(reading, map,
			"must be {user: NAME, password_file: PATH}");
	status = doc_only(map, keys, reading->reterr);
	if (status == OK)
		status = doc_text_required(
			map, "user", &settings->user, reading->reterr);
	if (status == OK &&
		(strchr(settings->user, ':') || !fits_header(settings->user)))
		return say(reading, doc_get(map, "user"),
			"a user has no colon, blank or control character");
	if (status == OK)
		status = read_secret(reading, doc_get(map, "password_file"),
			&settings->password);
	return status;
}

static enum status read_keys(struct route_reading *reading,
	const struct doc *node, struct sink_settings *settings)
{
	const struct doc *map = doc_get(node, "keys");
	struct sink_key *rows;

	if (!map)
		return OK;
	if (map->kind != DOC_MAP || !map->count || map->count > KEYS_MAX)
		return doc_error(map, reading->reterr,
			"\"keys\" must be a map of 1 to %d: name: FILE",
			KEYS_MAX);
	rows = arena_array(reading->arena, map->count, sizeof(*rows));
	settings->keys = rows;
	DOC_EACH (map, member) {
		struct sink_key *row = &rows[settings->key_count];
		enum status status = read_secret(reading, member, &row->secret);

		if (status != OK)
			return status;
		row->name = member->key;
		settings->key_count++;
	}
	return OK;
}

static enum status read_credentials(struct route_reading *reading,
	const struct doc *node, struct sink_settings *settings)
{
	const struct doc *bearer = doc_get(node, "key_file");
	enum status status = read_basic(reading, node, settings);

	if (status == OK && bearer)
		status = read_secret(reading, bearer, &settings->bearer);
	if (status == OK)
		status = read_keys(reading, node, settings);
	if (status == OK && settings->user && settings->bearer)
		return say(reading, node,
			"has both basic_auth and key_file: one is enough");
	return status;
}

/* Who has parties with keys of their own must know all of these. */
static enum status check_keys(struct route_reading *reading,
	const struct doc *node, const struct sink_config *config)
{
	const struct sink_settings *settings = &config->settings;

	if (!config->kind->cases)
		return OK;
	if (!settings->key_count && !settings->bearer)
		return say(reading, node, "needs key_file or keys");
	for (size_t i = 0; i < roles_parties(reading->roles); i++) {
		const struct party *party = roles_party_at(reading->roles, i);
		bool found = !*party->thehive && settings->bearer;

		for (size_t j = 0; !found && j < settings->key_count; j++)
			found = strcmp(settings->keys[j].name,
					party->thehive) == 0;
		if (!found)
			return doc_error(node, reading->reterr,
				"party \"%s\" of the roles has the key \"%s\", "
				"which is not among the keys here",
				party->name, party->thehive);
	}
	return OK;
}

static enum status read_kind(struct route_reading *reading,
	const struct doc *node, struct sink_config *config)
{
	const char *kind = NULL;
	enum status status =
		doc_text_required(node, "kind", &kind, reading->reterr);

	if (status != OK)
		return status;
	config->kind = sink_find(kind);
	if (!config->kind)
		return doc_error(doc_get(node, "kind"), reading->reterr,
			"there is no sink of kind \"%s\"", kind);
	DOC_EACH (node, member) {
		bool known = strcmp(member->key, "kind") == 0 ||
			     strcmp(member->key, "urls") == 0 ||
			     strcmp(member->key, "timeout") == 0;

		for (const char *const *option = config->kind->options;
			!known && *option; option++)
			known = strcmp(*option, member->key) == 0;
		if (!known)
			return doc_error(member, reading->reterr,
				"a sink of kind \"%s\" has no \"%s\"", kind,
				member->key);
	}
	return OK;
}

enum status route_read_sink(struct route_reading *reading,
	const struct doc *node, struct sink_config *config)
{
	struct sink_settings *settings = &config->settings;
	enum status status;

	if (node->kind != DOC_MAP)
		return say(reading, node, "a sink is a map: {kind: ...}");
	config->name = node->key;
	settings->name = node->key;
	status = read_kind(reading, node, config);
	if (status == OK)
		status = read_urls(reading, node, config);
	if (status == OK)
		status = doc_duration(node, "timeout", config->kind->timeout,
			&settings->timeout, reading->reterr);
	if (status == OK && (settings->timeout < INSTANT_SECOND ||
				    settings->timeout > 5 * INSTANT_MINUTE))
		return say(reading, doc_get(node, "timeout"),
			"\"timeout\" is from 1s to 5m");
	if (status == OK)
		status = doc_text(node, "source", "postern", &settings->source,
			reading->reterr);
	if (status == OK &&
		(!*settings->source || strlen(settings->source) > SOURCE_MAX ||
			!is_plain(settings->source)))
		return say(reading, doc_get(node, "source"),
			"\"source\" is 1 to 32 of a-z A-Z 0-9 - _ .");
	if (status == OK)
		status = read_tls(reading, node, settings);
	if (status == OK)
		status = read_credentials(reading, node, settings);
	return status == OK ? check_keys(reading, node, config) : status;
}

static void wipe(const char *secret)
{
	if (secret)
		crypto_wipe((char *)(uintptr_t)secret, strlen(secret));
}

void route_wipe_sink(const struct sink_config *config)
{
	wipe(config->settings.password);
	wipe(config->settings.bearer);
	for (size_t i = 0; i < config->settings.key_count; i++)
		wipe(config->settings.keys[i].secret);
}
