/* SPDX-License-Identifier: Apache-2.0 */
/* From sources.yaml to a set of sources, or to the line that is wrong. */
#include "base/memory.h"
#include "edge/source_private.h"
#include "wire/crypto.h"
#include "wire/doc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (64u << 20)
#define SOURCES_MAX 10000
#define NETWORKS_MAX 1000
#define SECRET_FILE_MAX 4096

struct reading {
	struct arena *arena;
	source_adapters *find;
	struct sources *sources;
	struct reason *reterr;
};

static const char *const source_keys[] = {"name", "tool", "tenant", "interval",
	"secrets", "scheme", "labels", "body_limit", "networks",
	"client_certificate", NULL};

static bool name_is_well(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._");

	return length > 0 && length <= SOURCE_NAME_MAX && !name[length] &&
	       name[0] != '.' && name[0] != '-';
}

static void note_file(struct reading *reading, const char *path)
{
	struct stamp_file *file = arena_alloc(reading->arena, sizeof(*file));

	*file = (struct stamp_file){
		arena_string(reading->arena, path), reading->sources->files};
	reading->sources->files = file;
}

static enum status read_file(struct reading *reading, const struct doc *node,
	const char **ret, size_t *ret_size)
{
	char text[SECRET_FILE_MAX + 1];
	FILE *file = fopen(node->text, "re");
	size_t size;

	if (!file)
		return doc_error(node, reading->reterr,
			"secret file \"%s\" cannot be read: %s", node->text,
			strerror(errno));
	note_file(reading, node->text);
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (size > SECRET_FILE_MAX)
		return doc_error(node, reading->reterr,
			"secret file \"%s\" is larger than %d bytes",
			node->text, SECRET_FILE_MAX);
	/* Editors end a file with a line break that is no part of it. */
	if (size > 0 && text[size - 1] == '\n')
		size--;
	if (size > 0 && text[size - 1] == '\r')
		size--;
	*ret = arena_copy(reading->arena, text, size);
	*ret_size = size;
	crypto_wipe(text, sizeof(text));
	return OK;
}

/* "whsec_" and "whpk_" are how Standard Webhooks writes its keys. */
static enum status decode_key(
	struct reading *reading, const struct doc *node, struct secret *secret)
{
	const char *text = secret->bytes;
	size_t size = secret->size, skip = 0, decoded;
	char *key = arena_alloc(reading->arena, size + 3);

	if (strncmp(text, "whsec_", 6) == 0)
		skip = 6;
	else if (strncmp(text, "whpk_", 5) == 0)
		skip = 5;
	if (!base64_decode(text + skip, size - skip, key, &decoded) ||
		decoded == 0 || (skip == 5 && decoded != 32))
		return doc_error(node, reading->reterr,
			"a Standard Webhooks secret is whsec_ or whpk_ and "
			"base64");
	crypto_wipe((void *)(uintptr_t)secret->bytes, size);
	*secret = (struct secret){key, decoded, skip == 5};
	return OK;
}

static enum status read_secret(struct reading *reading, const struct doc *node,
	const struct source *source, struct secret *ret)
{
	const struct doc *file = doc_get(node, "file");
	const struct doc *env = doc_get(node, "env");
	const struct doc *from = file ? file : env;
	const char *text = NULL;
	enum status status = OK;

	if (node->kind != DOC_MAP || node->count != 1 || !from ||
		from->kind != DOC_SCALAR || !from->text[0])
		return doc_error(node, reading->reterr,
			"a secret is {file: PATH} or {env: NAME}");
	if (file) {
		status = read_file(reading, file, &text, &ret->size);
	} else {
		text = getenv(env->text);
		if (text)
			text = arena_string(reading->arena, text);
		ret->size = text ? strlen(text) : 0;
	}
	if (status != OK)
		return status;
	if (ret->size == 0)
		return doc_error(from, reading->reterr,
			"the secret in %s is empty or absent", from->text);
	ret->bytes = text;
	if (source->verify->scheme == VERIFY_STANDARD_WEBHOOKS)
		return decode_key(reading, from, ret);
	return OK;
}

static enum status read_secrets(
	struct reading *reading, const struct doc *node, struct source *source)
{
	const struct doc *list = doc_get(node, "secrets");
	enum status status;

	if (source->verify->scheme == VERIFY_CERTIFICATE)
		return list ? doc_error(list, reading->reterr,
				      "a source with a client certificate has "
				      "no secrets")
			    : OK;
	if (!list || list->kind != DOC_LIST || list->count == 0 ||
		list->count > SOURCE_SECRETS_MAX)
		return doc_error(list ? list : node, reading->reterr,
			"needs secrets: a list of 1 to %d, newest first",
			SOURCE_SECRETS_MAX);
	DOC_EACH (list, item) {
		status = read_secret(reading, item, source,
			&source->secrets[source->secret_count]);
		if (status != OK)
			return status;
		source->secret_count++;
	}
	return OK;
}

static enum status read_tool(
	struct reading *reading, const struct doc *node, struct source *source)
{
	const struct doc *scheme = doc_get(node, "scheme");
	const struct verify_spec *spec;
	enum status status =
		doc_text_required(node, "tool", &source->tool, reading->reterr);

	if (status != OK)
		return status;
	source->adapter = reading->find(source->tool);
	if (!source->adapter)
		return doc_error(doc_get(node, "tool"), reading->reterr,
			"there is no adapter for tool \"%s\"", source->tool);
	if (scheme && scheme->kind != DOC_SCALAR)
		return doc_error(
			scheme, reading->reterr, "\"scheme\" must be text");
	for (spec = source->adapter->verify; spec->name; spec++)
		if (!scheme || strcmp(spec->name, scheme->text) == 0)
			break;
	if (!spec->name)
		return doc_error(scheme ? scheme : node, reading->reterr,
			"tool \"%s\" has no scheme \"%s\"", source->tool,
			scheme ? scheme->text : "");
	if (spec->scheme == VERIFY_NOTHING)
		return doc_error(doc_get(node, "tool"), reading->reterr,
			"tool \"%s\" is our own and takes nothing from outside",
			source->tool);
	source->verify = spec;
	return OK;
}

static enum status read_labels(
	struct reading *reading, const struct doc *node, struct source *source)
{
	const struct doc *map = doc_get(node, "labels");

	if (!map)
		return OK;
	if (map->kind != DOC_MAP || map->count > 20)
		return doc_error(map, reading->reterr,
			"\"labels\" must be a map of at most 20");
	source->labels = arena_array(
		reading->arena, map->count + 1, sizeof(struct label));
	DOC_EACH (map, member) {
		if (member->kind != DOC_SCALAR)
			return doc_error(member, reading->reterr,
				"a label is a single value");
		source->labels[source->label_count++] =
			(struct label){member->key, member->text};
	}
	return OK;
}

static enum status read_limit(
	struct reading *reading, const struct doc *node, struct source *source)
{
	const struct doc *limit = doc_get(node, "body_limit");
	unsigned long long number;
	char *end;

	source->body_limit = SOURCE_BODY_DEFAULT;
	if (!limit)
		return OK;
	number = limit->kind == DOC_SCALAR && limit->text[0] >= '0' &&
				 limit->text[0] <= '9'
			 ? strtoull(limit->text, &end, 10)
			 : 0;
	if (number > 0 && number <= SOURCE_BODY_MAX) {
		if (strcmp(end, "KiB") == 0)
			number <<= 10;
		else if (strcmp(end, "MiB") == 0)
			number <<= 20;
		else if (*end)
			number = 0;
	}
	if (number == 0 || number > SOURCE_BODY_MAX)
		return doc_error(limit, reading->reterr,
			"\"body_limit\" is a size from 1 to 64MiB");
	source->body_limit = (size_t)number;
	return OK;
}

static enum status read_networks(
	struct reading *reading, const struct doc *node, struct source *source)
{
	const struct doc *list = doc_get(node, "networks");

	if (!list)
		return OK;
	if (list->kind != DOC_LIST || list->count == 0 ||
		list->count > NETWORKS_MAX)
		return doc_error(list, reading->reterr,
			"\"networks\" must be a list of 1 to %d", NETWORKS_MAX);
	source->networks = arena_array(
		reading->arena, list->count, sizeof(struct network));
	DOC_EACH (list, item) {
		if (item->kind != DOC_SCALAR ||
			!network_parse(item->text,
				&source->networks[source->network_count]))
			return doc_error(item, reading->reterr,
				"\"%s\" is no address range", item->text);
		source->network_count++;
	}
	return OK;
}

static enum status read_certificate(
	struct reading *reading, const struct doc *node, struct source *source)
{
	bool wanted = source->verify->scheme == VERIFY_CERTIFICATE;
	enum status status = doc_text(node, "client_certificate", NULL,
		&source->client_certificate, reading->reterr);

	if (status == OK && wanted != (source->client_certificate != NULL))
		return doc_error(node, reading->reterr,
			wanted ? "needs client_certificate: the subject it "
				 "must name"
			       : "has a client_certificate, which its scheme "
				 "does not use");
	return status;
}

static enum status read_name(
	struct reading *reading, const struct doc *node, struct source *source)
{
	enum status status =
		doc_text_required(node, "name", &source->name, reading->reterr);

	if (status == OK && !name_is_well(source->name))
		return doc_error(doc_get(node, "name"), reading->reterr,
			"a name is 1 to %d of a-z 0-9 - . _ and begins with a "
			"letter or digit",
			SOURCE_NAME_MAX);
	if (status == OK)
		status = doc_text(node, "tenant", "default", &source->tenant,
			reading->reterr);
	if (status == OK && !name_is_well(source->tenant))
		return doc_error(doc_get(node, "tenant"), reading->reterr,
			"a tenant is named like a source");
	return status;
}

static enum status read_source(
	struct reading *reading, const struct doc *node, struct source *source)
{
	enum status status;

	if (node->kind != DOC_MAP)
		return doc_error(node, reading->reterr, "a source is a map");
	status = doc_only(node, source_keys, reading->reterr);
	if (status == OK)
		status = read_name(reading, node, source);
	if (status == OK)
		status = read_tool(reading, node, source);
	if (status == OK)
		status = read_secrets(reading, node, source);
	if (status == OK)
		status = doc_duration(node, "interval", INSTANT_DAY,
			&source->interval, reading->reterr);
	if (status == OK && source->interval < INSTANT_SECOND)
		return doc_error(doc_get(node, "interval"), reading->reterr,
			"\"interval\" is at least a second");
	if (status == OK)
		status = read_labels(reading, node, source);
	if (status == OK)
		status = read_limit(reading, node, source);
	if (status == OK)
		status = read_networks(reading, node, source);
	if (status == OK)
		status = read_certificate(reading, node, source);
	return status;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct source *)one)->name,
		((const struct source *)other)->name);
}

static enum status read_all(struct reading *reading, const struct doc *list,
	struct sources *sources)
{
	enum status status;

	if (!list || list->kind != DOC_LIST || list->count > SOURCES_MAX)
		return doc_error(list, reading->reterr,
			"\"sources\" must be a list of at most %d",
			SOURCES_MAX);
	sources->rows = arena_array(
		reading->arena, list->count + 1, sizeof(struct source));
	DOC_EACH (list, node) {
		struct source *source = &sources->rows[sources->count];

		status = read_source(reading, node, source);
		if (status != OK)
			return status;
		for (size_t i = 0; i < sources->count; i++)
			if (strcmp(sources->rows[i].name, source->name) == 0)
				return doc_error(doc_get(node, "name"),
					reading->reterr,
					"there is a source \"%s\" already",
					source->name);
		sources->count++;
	}
	qsort(sources->rows, sources->count, sizeof(*sources->rows), by_name);
	sources_seal(sources);
	return OK;
}

enum status sources_load(const char *path, source_adapters *find,
	struct sources **ret, struct reason *reterr)
{
	static const char *const keys[] = {"sources", NULL};
	struct sources *sources = memory_new(sizeof(*sources));
	struct reading reading = {NULL, find, sources, reterr};
	const struct doc *root;
	enum status status;

	sources->references = 1;
	sources->arena = arena_new(ARENA_MAX);
	reading.arena = sources->arena;
	status = doc_read_file(sources->arena, path, &root, reterr);
	if (status == OK && root->kind != DOC_MAP)
		status = doc_error(root, reterr, "must be a map: sources: ...");
	if (status == OK)
		status = doc_only(root, keys, reterr);
	if (status == OK && !doc_get(root, "sources"))
		status = doc_error(root, reterr, "has no sources");
	if (status == OK)
		status = read_all(&reading, doc_get(root, "sources"), sources);
	if (status != OK) {
		sources_unref(&sources);
		return status;
	}
	*ret = sources;
	return OK;
}
