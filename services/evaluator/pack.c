/* SPDX-License-Identifier: Apache-2.0 */
/* The folder: which files belong to it, in which order they are read, and the
 * digest over all of them. What a file says is pack_read.c's business. */
#include "base/bug.h"
#include "base/memory.h"
#include "wire/crypto.h"

#include "pack_private.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (256u << 20)
#define FILES_MAX 200
#define PACK_SIZE_MAX (32u << 20)

struct file {
	char *name; /* in the folder */
	const char *path;
	const char *bytes;
	size_t size;
};

struct loading {
	struct pack *pack;
	const char *folder;
	struct file files[FILES_MAX];
	size_t count;
	size_t size; /* of all */
	struct reason *reterr;
};

static bool belongs(const char *name)
{
	return strcmp(name, "pack.yaml") == 0 ||
	       strcmp(name, "clocks.yaml") == 0 ||
	       fnmatch("PO.*.yaml", name, 0) == 0;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct file *)one)->name,
		((const struct file *)other)->name);
}

static enum status add_file(struct loading *loading, const char *name)
{
	struct arena *arena = loading->pack->arena;
	const char *path = arena_printf(arena, "%s/%s", loading->folder, name);

	if (!belongs(name)) {
		reason_set(loading->reterr, path,
			"a pack holds pack.yaml, clocks.yaml and PO.*.yaml; "
			"this is none of them");
		return CONFIG;
	}
	if (loading->count == FILES_MAX) {
		reason_set(loading->reterr, loading->folder,
			"a pack has at most %d files", FILES_MAX);
		return CONFIG;
	}
	loading->files[loading->count++] = (struct file){
		.name = arena_string(arena, name),
		.path = path,
	};
	return OK;
}

/* Names that begin with a dot are an editor's, or a mounted volume's own. */
static enum status list_files(struct loading *loading)
{
	DIR *dir = opendir(loading->folder);
	enum status status = OK;
	struct dirent *entry;

	if (!dir) {
		reason_set(loading->reterr, loading->folder,
			"the pack cannot be opened: %s", strerror(errno));
		return CONFIG;
	}
	while (status == OK && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			status = add_file(loading, entry->d_name);
	closedir(dir);
	qsort(loading->files, loading->count, sizeof(struct file), by_name);
	return status;
}

static enum status read_file(struct loading *loading, struct file *file)
{
	FILE *in = fopen(file->path, "re");
	char *bytes;
	size_t n;

	if (!in) {
		reason_set(loading->reterr, file->path, "cannot be opened: %s",
			strerror(errno));
		return CONFIG;
	}
	bytes = memory_new(DOC_FILE_MAX + 1);
	n = fread(bytes, 1, DOC_FILE_MAX + 1, in);
	if (ferror(in) || n > DOC_FILE_MAX ||
		loading->size + n > PACK_SIZE_MAX) {
		reason_set(loading->reterr, file->path, "%s",
			ferror(in) ? strerror(errno)
				   : "larger than a pack may be (4 MiB a "
				     "file, 32 MiB in all)");
		fclose(in);
		memory_free(bytes);
		return CONFIG;
	}
	fclose(in);
	file->bytes = arena_copy(loading->pack->arena, bytes, n);
	file->size = n;
	loading->size += n;
	memory_free(bytes);
	return OK;
}

static void add_sized(struct crypto *crypto, const void *bytes, size_t size)
{
	uint8_t length[8];

	for (size_t i = 0; i < sizeof(length); i++)
		length[i] = (uint8_t)(size >> (8 * (sizeof(length) - 1 - i)));
	sha256_add(crypto, length, sizeof(length));
	sha256_add(crypto, bytes, size);
}

static void set_digest(struct loading *loading)
{
	static const char version[] = "postern-pack-v1";
	struct crypto *crypto = crypto_new();
	uint8_t digest[SHA256_SIZE];

	sha256_begin(crypto);
	add_sized(crypto, version, strlen(version));
	for (size_t i = 0; i < loading->count; i++) {
		const struct file *file = &loading->files[i];

		add_sized(crypto, file->name, strlen(file->name));
		add_sized(crypto, file->bytes, file->size);
	}
	sha256_end(crypto, digest);
	crypto_free(&crypto);
	memcpy(loading->pack->digest, "sha256:", 7);
	hex_encode(digest, sizeof(digest), loading->pack->digest + 7);
}

static const struct file *find_file(
	const struct loading *loading, const char *name)
{
	for (size_t i = 0; i < loading->count; i++)
		if (strcmp(loading->files[i].name, name) == 0)
			return &loading->files[i];
	return NULL;
}

static enum status parse(struct loading *loading, const struct file *file,
	const struct doc **ret)
{
	return doc_read(loading->pack->arena, file->path, file->bytes,
		file->size, ret, loading->reterr);
}

/* Clocks come first: criteria name them. */
static enum status read_clocks(struct loading *loading)
{
	const struct file *file = find_file(loading, "clocks.yaml");
	const struct doc *root;
	enum status status;

	if (!file)
		return OK;
	status = parse(loading, file, &root);
	if (status == OK)
		status = clock_profiles_read(loading->pack->arena, root,
			&loading->pack->clocks, loading->reterr);
	return status;
}

static enum status read_head(struct loading *loading)
{
	const struct file *file = find_file(loading, "pack.yaml");
	const struct doc *root;
	enum status status;

	if (!file) {
		reason_set(loading->reterr, loading->folder,
			"there is no pack.yaml in it");
		return CONFIG;
	}
	status = parse(loading, file, &root);
	if (status == OK)
		status = pack_read_head(loading->pack, root, loading->reterr);
	return status;
}

static enum status read_criteria(struct loading *loading)
{
	for (size_t i = 0; i < loading->count; i++) {
		const struct doc *root;
		enum status status;

		if (strncmp(loading->files[i].name, "PO.", 3) != 0)
			continue;
		status = parse(loading, &loading->files[i], &root);
		if (status == OK)
			status = pack_read_criteria(
				loading->pack, root, loading->reterr);
		if (status != OK)
			return status;
	}
	return OK;
}

static int by_id(const void *one, const void *other)
{
	return strcmp((*(const struct criterion *const *)one)->id,
		(*(const struct criterion *const *)other)->id);
}

static enum status load(struct loading *loading)
{
	struct pack *pack = loading->pack;
	enum status status = list_files(loading);

	for (size_t i = 0; status == OK && i < loading->count; i++)
		status = read_file(loading, &loading->files[i]);
	if (status == OK)
		status = read_head(loading);
	if (status == OK)
		status = read_clocks(loading);
	if (status == OK)
		status = read_criteria(loading);
	if (status != OK)
		return status;
	if (pack->count == 0) {
		reason_set(loading->reterr, loading->folder,
			"the pack holds no criterion");
		return CONFIG;
	}
	qsort(pack->criteria, pack->count, sizeof(pack->criteria[0]), by_id);
	set_digest(loading);
	return OK;
}

enum status pack_load(
	const char *folder, struct pack **ret, struct reason *reterr)
{
	struct pack *pack = memory_new(sizeof(*pack));
	struct loading *loading = memory_new(sizeof(*loading));
	enum status status;

	pack->arena = arena_new(ARENA_MAX);
	pack->criteria = arena_array(
		pack->arena, PACK_CRITERIA_MAX, sizeof(pack->criteria[0]));
	*loading = (struct loading){
		.pack = pack, .folder = folder, .reterr = reterr};
	status = load(loading);
	memory_free(loading);
	if (status != OK) {
		pack_free(&pack);
		return status;
	}
	*ret = pack;
	return OK;
}

void pack_free(struct pack **pack)
{
	if (!*pack)
		return;
	arena_free(&(*pack)->arena);
	memory_free(*pack);
	*pack = NULL;
}

const char *pack_name(const struct pack *pack)
{
	return pack->name;
}

const char *pack_version(const struct pack *pack)
{
	return pack->version;
}

const char *pack_digest(const struct pack *pack)
{
	return pack->digest;
}

size_t pack_count(const struct pack *pack)
{
	return pack->count;
}

const struct criterion *pack_at(const struct pack *pack, size_t index)
{
	MUST(index < pack->count);
	return pack->criteria[index];
}

const struct criterion *pack_find(const struct pack *pack, const char *id)
{
	for (size_t i = 0; i < pack->count; i++)
		if (strcmp(pack->criteria[i]->id, id) == 0)
			return pack->criteria[i];
	return NULL;
}

const struct criterion *pack_silence(const struct pack *pack)
{
	return pack->silence;
}
