/* SPDX-License-Identifier: Apache-2.0 */
#include "translate/normalise.h"

#include "model/trace.h"
#include "translate/mapping.h"
#include "translate/translation.h"
#include "wire/crypto.h"

#include <string.h>

static const char *digest_of(struct arena *arena, struct crypto *crypto,
	const char *body, size_t size)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];

	sha256(crypto, body, size, digest);
	hex_encode(digest, sizeof(digest), hex);
	return arena_printf(arena, "sha256:%s", hex);
}

static const struct kafka_header *lowered(
	struct arena *arena, const struct kafka_header *headers, size_t count)
{
	struct kafka_header *rows = arena_array(arena, count, sizeof(*rows));

	for (size_t i = 0; i < count; i++) {
		char *name = arena_string(arena, headers[i].name);

		for (char *c = name; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
		rows[i] = headers[i];
		rows[i].name = name;
	}
	return rows;
}

static enum status translate(struct arena *arena,
	const struct normalise_input *input, struct translation_needs *needs,
	struct normalised *ret, struct reason *reterr)
{
	struct delivery delivery = {
		.arena = arena,
		.id = input->delivery_id ? input->delivery_id
					 : "00000000000000000000000000000000",
		.source = input->source ? input->source : input->tool,
		.tool = input->tool,
		.tenant = input->tenant ? input->tenant : "default",
		.digest = digest_of(
			arena, needs->crypto, input->body, input->size),
		.received = input->received,
		.body = input->body,
		.size = input->size,
		.headers = lowered(arena, input->headers, input->header_count),
		.header_count = input->header_count,
	};
	struct translation made;
	enum status status;

	needs->traceparent =
		trace_parent(arena, delivery_header(&delivery, "traceparent"));
	status = translation_make(needs, &delivery, &made, reterr);
	*ret = (struct normalised){made.adapter, made.records, made.count};
	return status;
}

enum status normalise(struct arena *arena, const struct normalise_input *input,
	struct normalised *ret, struct reason *reterr)
{
	struct translation_needs needs = {
		.labels = input->labels, .label_count = input->label_count};
	struct mapping *mapping;
	enum status status;

	if (!adapter_find(input->tool)) {
		reason_set(reterr, "tool", "there is no adapter for \"%.80s\"",
			input->tool);
		return CONFIG;
	}
	status = mapping_load(input->subjects, &mapping, reterr);
	if (status != OK)
		return status;
	needs.mapping = mapping;
	needs.crypto = crypto_new();
	status = translate(arena, input, &needs, ret, reterr);
	crypto_free(&needs.crypto);
	mapping_unref(&mapping);
	return status;
}
