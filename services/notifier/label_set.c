/* SPDX-License-Identifier: Apache-2.0 */
#include "label_set.h"

#include "base/strbuf.h"
#include "wire/json.h"

#include <inttypes.h>

static const char *const our_names[] = {"alertname", "criterion", "subject",
	"tenant", "severity", "role", "owner", "service", "env"};
#define OURS (sizeof(our_names) / sizeof(our_names[0]))

bool label_name_is_well(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char all[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		"0123456789";

	return *name && strchr(letters, *name) && !name[strspn(name, all)];
}

bool label_is_ours(const char *name)
{
	for (size_t i = 0; i < OURS; i++)
		if (strcmp(our_names[i], name) == 0)
			return true;
	return false;
}

/* One per criterion, because servers may limit alerts by this name. */
static const char *alert_name(struct arena *arena, const char *criterion)
{
	char *name = arena_printf(arena, "Postern_%s", criterion);

	for (char *at = name; *at; at++)
		if (*at == '.' || *at == '-')
			*at = '_';
	return name;
}

static int by_name(const void *one, const void *other)
{
	return strcmp(((const struct label *)one)->name,
		((const struct label *)other)->name);
}

struct label *label_set(struct arena *arena,
	const struct verdict_record *verdict, const struct party *party,
	size_t *ret_count)
{
	const struct label ours[OURS] = {
		{"alertname", alert_name(arena, verdict->criterion)},
		{"criterion", verdict->criterion},
		{"subject", verdict->subject},
		{"tenant", verdict->tenant},
		{"severity", severity_name(verdict->severity)},
		{"role", verdict->role},
		{"owner", party->name},
		{"service", verdict_word(verdict, "service")},
		{"env", verdict_word(verdict, "environment")},
	};
	struct label *rows =
		arena_array(arena, OURS + party->label_count, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < OURS; i++)
		if (*ours[i].value)
			rows[count++] = ours[i];
	for (size_t i = 0; i < party->label_count; i++)
		if (*party->labels[i].value)
			rows[count++] = party->labels[i];
	qsort(rows, count, sizeof(*rows), by_name);
	*ret_count = count;
	return rows;
}

static uint64_t fnv(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return (hash ^ 0xff) * 1099511628211u;
}

void label_fingerprint(
	const struct label *labels, size_t count, char ret[FINGERPRINT])
{
	uint64_t hash = 14695981039346656037u;

	for (size_t i = 0; i < count; i++) {
		hash = fnv(hash, labels[i].name);
		hash = fnv(hash, labels[i].value);
	}
	snprintf(ret, FINGERPRINT, "%016" PRIx64, hash);
}

const char *label_write(
	struct arena *arena, const struct label *labels, size_t count)
{
	struct json_maker *maker = json_maker_new(arena);
	struct json_node *object = json_object(maker);
	size_t length;

	for (size_t i = 0; i < count; i++)
		json_set_text(maker, object, labels[i].name, labels[i].value);
	return json_write(maker, object, &length);
}
