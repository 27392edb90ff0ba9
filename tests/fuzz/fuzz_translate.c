/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a delivery of any tool: a line with the tool's name, then a
 * request as in tests/samples. Nothing may crash, and the same delivery must
 * give the same records, byte for byte, or the same refusal.
 */
#include "sample.h"

#include "base/bug.h"
#include "translate/normalise.h"
#include "translate/translation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct normalised *one, const struct normalised *other)
{
	MUST(one->count == other->count);
	for (size_t i = 0; i < one->count; i++)
		MUST(one->records[i].value_length ==
				other->records[i].value_length &&
			memcmp(one->records[i].value, other->records[i].value,
				one->records[i].value_length) == 0);
}

static void try_sample(
	struct arena *arena, const char *tool, const struct sample *sample)
{
	static char subjects[] =
		POSTERN_SOURCE_DIR "/tests/samples/cloudevents/subjects.yaml";
	const struct normalise_input input = {
		.tool = tool,
		.source = *sample->source ? sample->source : NULL,
		.subjects = subjects,
		.headers = sample->headers,
		.header_count = sample->header_count,
		.body = sample->body,
		.size = sample->size,
		.received = sample->received,
	};
	struct normalised one, other;
	struct reason first, second;
	enum status status = normalise(arena, &input, &one, &first);

	MUST(normalise(arena, &input, &other, &second) == status);
	if (status == OK) {
		MUST(one.count > 0);
		same(&one, &other);
	} else if (status == REJECT) {
		MUST(first.sentence[0] &&
			strcmp(first.sentence, second.sentence) == 0 &&
			strcmp(first.place, second.place) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(TRANSLATION_ARENA);
	char *text = arena_copy(arena, data, size), *from = text;
	char *tool = sample_line(&text);
	struct sample sample;

	if (tool && adapter_find(tool) &&
		sample_parse(
			text, size - (size_t)(text - from), &sample, false))
		try_sample(arena, tool, &sample);
	arena_free(&arena);
	return 0;
}
